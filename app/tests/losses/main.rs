//! A real process on a real disk, which is killed or finds no room: what was acknowledged is answered the same by the next one, and all of it is in
//! the batches that an auditor replays.

mod disk;
mod kills;
mod parts;
#[path = "../support/ports.rs"]
mod ports;
