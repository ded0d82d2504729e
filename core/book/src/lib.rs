//! Price-time matching over a narrow store, and the ladder that stores a live book.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod ladder;
mod look;
mod matching;
mod orders;
mod triggers;

pub use ladder::{At, Book, BookConfig, Level, TriggerAt, TriggerBook};
pub use look::{Look, best_live, can_fill};
pub use matching::{Budget, Ended, Taker, cross, reduce, show_next};
pub use orders::{Floor, Orders, Resting};
pub use triggers::{PendingTrigger, Triggers};
