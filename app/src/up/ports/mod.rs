//! What the node needs from others, made of what there is: stores of data, an L1, a prover.

mod availability;
mod proving;

pub use availability::Published;
pub use proving::{EXECUTE_ONLY, EXECUTE_ONLY_TYPE, Executed};
