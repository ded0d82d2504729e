//! The book of Ashlar as an engine of the public matching-engine benchmark.
//!
//! 1. It is the matcher and the ladder of the live engine, with nothing added that the live engine lacks: accounts,
//!    funds and fees are what is left out, for the benchmark has none.
//! 2. What the benchmark cannot say it does not get: a new order whose id is in the book, or whose price or size the
//!    exchange does not know, is answered with a cancel-reject and changes nothing; the rest of an order that finds the
//!    book full is cancelled.

mod engine;
mod floor;
mod messages;
mod record;
mod workload;

pub use engine::Engine;
pub use messages::{Cancel, Modify, NewOrder, Report};
pub use record::{Kind, Record, Reports, Unpacker, sha256};
pub use workload::{Message, WorkloadError, read};
