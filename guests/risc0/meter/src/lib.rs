//! Executes the RISC Zero guest and counts its instructions.
//!
//! The machine here is written from RISC Zero's description of it, and runs its kernel as it is. RISC Zero's own executor is built with its prover and
//! is what the worker runs; a batch that the two do not agree about is not proven.
#![forbid(unsafe_code)]

mod cases;
mod execute;
mod load;
mod machine;
mod memory;
mod numbers;

pub use cases::cases;
pub use execute::{ExecuteError, Executed, execute};
pub use machine::{Count, MachineError};
