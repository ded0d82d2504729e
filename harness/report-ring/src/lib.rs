//! A queue of records from one thread to another, made for a matcher that must not wait for its reports.
//!
//! 1. Every record written before a publication is read once, whole, and in order; none is read before its publication.
//! 2. The writer publishes a block of records at a time, or what it has when it is told to: one store that the reader's
//!    core has to see for each block, instead of one for each record.
//! 3. Consecutive blocks do not lie next to each other. The reader's hardware runs ahead of what it reads, and would
//!    otherwise pull away the lines that the writer is about to write.
//! 4. A writer that finds the ring full waits for the reader: nothing is ever dropped or overwritten unread.
//!
//! The crate exists because this cannot be written in safe Rust at this price. Its `unsafe` is in `ring`, where the
//! invariants stand, and in `pages`, an allocator for programs that use it.

mod pages;
mod ring;
mod sync;

pub use pages::HugePages;
pub use ring::{Reader, Writer, ring};
