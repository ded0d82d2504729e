//! The exchange as the live engine holds it: what one command touches lies in as few cache lines as it can.

mod chain;
mod dump;
mod ledger;
mod restore;
mod store;
mod survey;
mod table;
mod view;
mod warm;

pub use restore::RestoreError;
pub use store::{HotConfig, HotStore};
pub use view::HotView;
pub use warm::{Ahead, Expected};
