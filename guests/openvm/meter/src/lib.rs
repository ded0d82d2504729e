//! Executes the OpenVM guest and counts what a proof of it would cost.
#![forbid(unsafe_code)]

mod cases;
mod count;
mod execute;

pub use cases::cases;
pub use count::Count;
pub use execute::{ExecuteError, Prepared, compare, prepare};
