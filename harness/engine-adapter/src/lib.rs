//! The book of Ashlar behind the C interface of the public matching-engine benchmark.
//!
//! 1. It is the matcher and the ladder of the live engine, with nothing added that the live engine lacks: accounts,
//!    funds and fees are what is left out, for the benchmark has none.
//! 2. Reports leave through the ring of the live engine, or with the feature `harness-queue` through the benchmark's own
//!    queue.
//! 3. What the benchmark cannot say it does not get: a new order whose id is in the book, or whose price or size the
//!    exchange does not know, is answered with a cancel-reject and changes nothing; the rest of an order that finds the
//!    book full is cancelled.

mod abi;
mod engine;
mod exports;
#[cfg(feature = "harness-queue")]
mod queue;
mod report;
#[cfg(not(feature = "harness-queue"))]
mod transport;

pub use abi::{Cancel, Modify, NewOrder, Report, Transport};
pub use engine::Engine;
pub use report::{Kind, Record, Reports, Unpacker, sorted};
