//! Executes the SP1 guest and counts what a proof of it would cost.
#![forbid(unsafe_code)]

mod cases;
mod count;
mod execute;
mod sample;

pub use cases::cases;
pub use count::Count;
pub use execute::{ExecuteError, Executed, execute};
pub use sample::samples;
