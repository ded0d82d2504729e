//! What the meters of all machines share: the batches that are measured, and the snapshot that they are compared with.
#![forbid(unsafe_code)]

mod case;
mod snapshot;

pub use case::Case;
pub use snapshot::{Figures, exit, read, run};
