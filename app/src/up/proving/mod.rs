//! Who proves the batches of `ashlar up`, and how much trading they can follow.

mod brake;
mod settings;

pub use brake::Brake;
pub use settings::{ProvingArguments, ProvingSettings};
