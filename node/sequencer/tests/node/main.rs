//! A whole node in the simulator: its line, its restarts, and everything outside failing.

mod crash;
mod disk;
mod line;
mod outside;
mod recovered;
mod reorg;
mod world;
