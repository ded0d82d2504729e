//! The exchange as the live engine holds it: what one command touches lies in as few cache lines as it can.

mod chain;
mod dump;
mod store;
mod table;

pub use store::{HotConfig, HotStore};
