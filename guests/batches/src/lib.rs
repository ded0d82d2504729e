//! Batches of real commands with real signatures, to test, measure and prove guests with.
//!
//! 1. Everything follows from a seed: the same call gives the same batch, to the last byte.
//! 2. A batch is recorded as a node records it: what the guest is given is what it would be given in earnest.
//! 3. The keys are development keys: anybody can compute them.
#![forbid(unsafe_code)]

mod speakers;

mod node;

mod day;

mod kinds;

mod sample;

pub use day::{Day, DayShape};
pub use kinds::{Kind, batch_of_kind};
pub use node::{DEPLOYMENT, Node, Recorded};
pub use sample::sample;
pub use speakers::{Speech, account, owner, session, wallet};
