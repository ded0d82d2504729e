//! What the node needs from others, made of what there is: stores of data, an L1, a prover.

mod availability;
mod coordinated;
mod proving;
mod signed;

pub use availability::Published;
pub use coordinated::Coordinated;
pub use proving::Executed;
pub use signed::{Counted, Signed};
