//! A whole node in the simulator: its line, its restarts, and everything outside failing.

mod checks;
mod crash;
mod disk;
mod follow;
mod line;
mod operator;
mod outside;
mod recovered;
mod reorg;
mod upgrade;
mod world;
