//! Proofs that stand alone: the root and a key are all that the verifier needs.
//!
//! They speak of a trie whose root was computed honestly, which is what the batch proofs establish. In such a trie (T-1) the
//! positions ascend strictly from the root to the leaves; (T-2) all leaves below a node share the bits before its
//! position; (T-3) those on its left have bit 0 there, those on its right bit 1. A digest that hashes up to the root
//! stands where the hashing puts it (T-4), or the hash is broken. Then:
//!
//! 1. *Presence.* A leaf that hashes up to the root is in the map, by T-4.
//! 2. *Absence.* A [`LookupProof`] follows the bits of the asked key: at every node, the side hashed as the path is the one
//!    that the key's bit names. If the key were in the map, then at each node of the path its leaf would be on that side, by T-3,
//!    so at the end it would be the leaf that is shown. That leaf has another key, so the asked one is not in the map. The shown
//!    leaf need not share any prefix with the asked key, and no position needs to be known beyond those of the path.
//! 3. *First at or after.* A [`SuccessorProof`] shows two leaves that part at a node, the left one reached from the left child by
//!    right turns only, the right one from the right child by left turns only. By T-3 the first is the greatest leaf of its
//!    side and the second the least of its own: no leaf lies between them. A key in between, or equal to the second, is thus
//!    answered by the second. With one leaf only, all turns from the root are to one side, so it is the least or greatest of
//!    the map.
//! 4. An empty map has the root [`Digest::EMPTY`], which is no digest of anything, or the hash is broken.
//!
//! Positions must descend strictly on the way up: an honest proof cannot do otherwise, and it bounds every proof.

mod bytes;
mod error;
mod make;

use alloc::vec::Vec;

pub use bytes::ProofLimits;
pub use error::ProofError;

use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::limits::KEY_BITS;
use crate::value::Value;

/// What a leaf passes on the way to the root: the position of a node and the digest on its other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofStep {
    /// The position of the node.
    pub position: u8,
    /// The child that is not on the path.
    pub sibling: Digest,
}

/// A leaf and its way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofPath {
    /// The key of the leaf.
    pub key: Key,
    /// The value of the leaf.
    pub value: Value,
    /// From the leaf upward; positions descend strictly.
    pub steps: Vec<ProofStep>,
}

/// Proves that a key is in the map and with which value, or that it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupProof {
    /// The leaf that the key's bits lead to; `None` when the map is empty.
    pub path: Option<ProofPath>,
}

/// Proves which leaf is the first at or after a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuccessorProof {
    /// The map is empty.
    Empty,
    /// The key is after this leaf, the last of the map.
    AfterLast(ProofPath),
    /// The key is at or before this leaf, the first of the map.
    UpToFirst(ProofPath),
    /// The key is after one leaf and at or before the next.
    Between {
        /// The leaf before the key, up to where the two part.
        left: ProofPath,
        /// The leaf at or after the key, up to where the two part.
        right: ProofPath,
        /// What both pass above that.
        shared: Vec<ProofStep>,
    },
}

impl LookupProof {
    /// What the map with this root has at `key`: its words, or `None` if it has no such leaf.
    pub fn verify<H: NodeHash>(&self, root: &Digest, key: &Key) -> Result<Option<&[u64]>, ProofError> {
        let Some(path) = &self.path else { return check_root(root, Digest::EMPTY).map(|()| None) };
        let top = climb::<H>(path.leaf::<H>(), KEY_BITS, &path.steps, |position| key.bit(position))?;
        check_root(root, top)?;
        Ok((path.key == *key).then(|| path.value.words()))
    }
}

impl SuccessorProof {
    /// The first leaf at or after `key` in the map with this root, `None` if there is none.
    pub fn verify<H: NodeHash>(&self, root: &Digest, key: &Key) -> Result<Option<(Key, &[u64])>, ProofError> {
        match self {
            Self::Empty => check_root(root, Digest::EMPTY).map(|()| None),
            Self::AfterLast(last) => {
                check_root(root, last.climb::<H>(true)?)?;
                if last.key < *key { Ok(None) } else { Err(outside(key, Some(last), None)) }
            }
            Self::UpToFirst(first) => {
                check_root(root, first.climb::<H>(false)?)?;
                if *key <= first.key { Ok(Some(first.found())) } else { Err(outside(key, None, Some(first))) }
            }
            Self::Between { left, right, shared } => {
                if !(left.key < *key && *key <= right.key) {
                    return Err(outside(key, Some(left), Some(right)));
                }
                let fork = left.key.shared_bits(&right.key);
                for path in [left, right] {
                    if let Some(step) = path.steps.last().filter(|step| step.position <= fork) {
                        return Err(ProofError::Position { above: fork, got: step.position });
                    }
                }
                let joined = H::node(fork, &left.climb::<H>(true)?, &right.climb::<H>(false)?);
                let top = climb::<H>(joined, fork, shared, |position| right.key.bit(position))?;
                check_root(root, top)?;
                Ok(Some(right.found()))
            }
        }
    }
}

impl ProofPath {
    fn leaf<H: NodeHash>(&self) -> Digest {
        H::leaf(&self.key, self.value.words())
    }

    /// The digest at the upper end when every turn is to the same side.
    fn climb<H: NodeHash>(&self, right: bool) -> Result<Digest, ProofError> {
        climb::<H>(self.leaf::<H>(), KEY_BITS, &self.steps, |_| right)
    }

    fn found(&self) -> (Key, &[u64]) {
        (self.key, self.value.words())
    }
}

fn climb<H: NodeHash>(
    mut digest: Digest,
    mut below: u8,
    steps: &[ProofStep],
    turns_right: impl Fn(u8) -> bool,
) -> Result<Digest, ProofError> {
    for ProofStep { position, sibling } in steps {
        if *position >= below {
            return Err(ProofError::PositionOrder { below, got: *position });
        }
        digest = if turns_right(*position) {
            H::node(*position, sibling, &digest)
        } else {
            H::node(*position, &digest, sibling)
        };
        below = *position;
    }
    Ok(digest)
}

fn check_root(expected: &Digest, got: Digest) -> Result<(), ProofError> {
    if *expected == got { Ok(()) } else { Err(ProofError::Root { expected: *expected, got }) }
}

fn outside(key: &Key, left: Option<&ProofPath>, right: Option<&ProofPath>) -> ProofError {
    ProofError::Outside { key: *key, left: left.map(|path| path.key), right: right.map(|path| path.key) }
}
