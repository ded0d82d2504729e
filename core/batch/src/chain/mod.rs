//! The chain of headers: one per batch, each naming its parent, and the values by which a proof speaks of a stretch of it.
//!
//! 1. A header is eighteen 32-byte words, as `abi.encode` lays them out, and its hash is SHA-256 of its domain and those
//!    words: one definition for Rust, guest and Solidity (B-26).
//! 2. A header follows another only if everything that runs through the chain goes on where it stopped (B-28).
//! 3. Public values of two stretches that meet are those of the one they make (B-30).

mod header;
mod link;
mod public;
mod words;

pub use header::{BatchHeader, Hash};
pub use link::LinkError;
pub use public::{JoinError, PublicValues};

#[cfg(test)]
mod tests;
