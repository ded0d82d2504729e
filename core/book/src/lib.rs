//! Price-time matching over a narrow store, and the ladder that stores a live book.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod orders;

pub use orders::{Floor, Orders, Resting};
