//! Who proves the batches of `ashlar up`, on what their proofs rest, and how much trading they can follow.

mod brake;
mod policy;
mod service;
mod settings;

pub use brake::Brake;
pub use policy::{EXECUTE_ONLY_TYPE, Policy};
pub use service::{Provers, open};
pub use settings::{ProvingArguments, ProvingSettings};
