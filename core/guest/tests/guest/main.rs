//! Batches as a guest checks them: right ones, each way of being wrong, and chance.

mod accepts;
mod mutations;
mod packed;
mod refuses;
mod streams;
#[path = "../support/mod.rs"]
mod support;
