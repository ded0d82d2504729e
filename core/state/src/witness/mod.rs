//! The witness of a batch: what a guest needs to execute it without the map, and to prove both roots.
//!
//! The rules, and why they suffice, are in `docs/spec/witness.md`; comments cite them as `W-1`.
//!
//! 1. A [`Table`] answers the calls of [`crate::Rows`] from claimed leaves. Nothing it says is believed until
//!    [`Table::prove`] has computed the root before the batch, which the caller compares with the committed one.
//! 2. The pass that computes the root before the batch also computes the root after it, and hashes what did not change once.

mod bytes;
mod error;
mod prove;
mod table;

pub use bytes::WitnessLimits;
pub use error::{Section, WitnessBytesError, WitnessError};
pub use prove::Roots;
pub use table::Table;

use alloc::vec::Vec;

/// Operation: an untouched subtree of the old trie, of which only the next digest is known.
pub(crate) const OPAQUE: u8 = 254;
/// Operation: the next row.
pub(crate) const LEAF: u8 = 255;

/// A witness, as the node records it and as it travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// Three words for each row, strictly ascending.
    pub keys: Vec<u64>,
    /// For each row the number of words in the old map, 0 where it has no such leaf.
    pub lens: Vec<u8>,
    /// The words of all rows, one after the other.
    pub words: Vec<u64>,
    /// Row numbers, in the order in which execution asks for them.
    pub hints: Vec<u32>,
    /// The union of the old and the new trie in post-order: a position below 192 joins the last two subtrees, 254 is an
    /// opaque subtree, 255 the next row.
    pub ops: Vec<u8>,
    /// Seven words for each opaque subtree.
    pub digests: Vec<u32>,
}

impl Witness {
    /// The sections, borrowed.
    pub fn view(&self) -> WitnessView<'_> {
        WitnessView {
            keys: &self.keys,
            lens: &self.lens,
            words: &self.words,
            hints: &self.hints,
            ops: &self.ops,
            digests: &self.digests,
        }
    }
}

/// The sections of a [`Witness`] wherever they lie, so that a guest can read them in place.
#[derive(Clone, Copy, Debug)]
pub struct WitnessView<'a> {
    /// See [`Witness::keys`].
    pub keys: &'a [u64],
    /// See [`Witness::lens`].
    pub lens: &'a [u8],
    /// See [`Witness::words`].
    pub words: &'a [u64],
    /// See [`Witness::hints`].
    pub hints: &'a [u32],
    /// See [`Witness::ops`].
    pub ops: &'a [u8],
    /// See [`Witness::digests`].
    pub digests: &'a [u32],
}
