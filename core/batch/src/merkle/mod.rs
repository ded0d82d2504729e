//! One binary Merkle tree for rows, signatures, receipts and withdrawals.
//!
//! 1. A leaf is hashed under its tree's leaf domain and a node under its node domain, so a leaf is never a node and no
//!    tree's proof fits another (B-16).
//! 2. A node is `left (27) || level (1) || right (27)`: with its padding exactly one block. The level says how far above
//!    the leaves it stands, so a subtree never passes for one of another height.
//! 3. Leaves are padded to a power of two by *absent* ones, whose digest is zero, as is that of a node over nothing:
//!    absence costs no hash, and cannot be proven for something.
//! 4. A path fixes leaf, index and height: no other set of the three leads to the same root.

mod build;
mod digest;
mod hash;
mod path;

pub use build::{RootBuilder, Tree};
pub use digest::Digest;
pub use hash::{TreeHash, TreeKind};
pub use path::{Path, ProofError};

/// Levels of nodes above so many leaves.
pub const fn height(leaves: usize) -> usize {
    if leaves <= 1 { 0 } else { (usize::BITS - (leaves - 1).leading_zeros()) as usize }
}

#[cfg(test)]
mod tests;
