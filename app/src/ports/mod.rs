//! What the node needs from others, made of what there is: stores of data, an L1, a prover, a folder for reports.

mod availability;
mod coordinated;
mod custody;
mod proving;
mod reports;
mod signed;

pub use availability::Published;
pub use coordinated::Coordinated;
pub use proving::Executed;
pub use reports::Written;
pub use signed::{Counted, Signed};
