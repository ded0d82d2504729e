//! Executes the ZisK guest and counts its instructions, on a machine that is written from ZisK's description of its own.
#![forbid(unsafe_code)]

mod bits;
mod cases;
mod circuits;
mod execute;
mod machine;
mod memory;

pub use cases::cases;
pub use execute::{ExecuteError, Executed, Prepared, execute, prepare, run};
pub use machine::{Count, MachineError};
