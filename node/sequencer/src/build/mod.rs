//! From durable blocks to batches, and what is known of every batch.
//!
//! 1. Batches are cut by rules that look only at sizes and times, and where they were cut before a restart they are cut again.
//! 2. Building runs on a thread of its own; trading waits for it only when the memory for what waits is used up.
//! 3. A batch is of the version that L1 will ask of it, and is not built while that is not sure (SPEC Q-17).
//! 4. A batch is stored whole before anyone outside hears of it (SPEC Q-15).

mod books;
mod builder;
mod checkpoints;
mod producer;
mod progress;
mod rules;
mod schedule;
mod sealed;
mod shelf;

pub use books::{Books, Waits};
pub(crate) use builder::Builder;
pub(crate) use checkpoints::{Checkpoints, Newest, Sure};
pub(crate) use producer::{Cut, End, Producer, Wish};
pub use progress::Progress;
pub use rules::{BatchRules, Close, Outlook};
pub use schedule::{Choice, ProgramNames, Schedule, ScheduleError, Versions};
pub use sealed::{Done, Sealed, SealedError};
pub use shelf::Shelf;
