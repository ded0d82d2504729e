//! Receipts at the door: what a node promises about the order of inputs, signed (docs/spec/door.md).
//!
//! 1. Each input has one link; a link's hash covers the link and every one before it.
//! 2. The end of the chain is signed once for everything that became durable together, and before any of it is answered.
//! 3. Two signed receipts that give one place to different inputs are evidence that anyone can check.

mod link;
mod signed;

pub use link::{ChainHash, Link, command_hash, input_bytes};
pub use signed::{NodeKey, ReceiptError, SequenceReceipt, SignedHead, check_equivocation};

#[cfg(test)]
mod tests;
