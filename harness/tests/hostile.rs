//! Hostile bytes, values at the ends of their ranges, and commands that run into each bound: nothing panics, every
//! command is answered, and the live engine and the leaves agree.

#[path = "hostile/arena.rs"]
mod arena;
#[path = "hostile/bounds.rs"]
mod bounds;
#[path = "hostile/bytes.rs"]
mod bytes;
#[path = "hostile/extremes.rs"]
mod extremes;
