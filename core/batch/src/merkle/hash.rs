use ashlar_types::{Domain, Writer};

use super::Digest;
use crate::sha::Midstate;

/// Which tree: its two domains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeKind {
    leaf: Domain,
    node: Domain,
}

impl TreeKind {
    /// Over the rows of a batch, and later over the coded rows beside them.
    pub const DATA: TreeKind = TreeKind { leaf: Domain::DATA_LEAF, node: Domain::DATA_NODE };
    /// Over the rows of a signatures section.
    pub const SIGNATURES: TreeKind = TreeKind { leaf: Domain::SIGNATURES_LEAF, node: Domain::SIGNATURES_NODE };
    /// Over what each command did.
    pub const RECEIPTS: TreeKind = TreeKind { leaf: Domain::RECEIPT_LEAF, node: Domain::RECEIPT_NODE };
    /// Over what may be claimed on L1.
    pub const WITHDRAWALS: TreeKind = TreeKind { leaf: Domain::WITHDRAWAL_LEAF, node: Domain::WITHDRAWAL_NODE };
}

/// The two hashes of one tree, their domains' blocks already hashed.
#[derive(Clone, Copy, Debug)]
pub struct TreeHash {
    leaf: Midstate,
    node: Midstate,
}

/// Bits of a node's message: the domain twice and 55 bytes.
const NODE_BITS: u32 = 8 * (64 + 55);

impl TreeHash {
    /// Two compressions, once per tree.
    pub fn new(kind: TreeKind) -> TreeHash {
        TreeHash { leaf: Midstate::new(kind.leaf), node: Midstate::new(kind.node) }
    }

    /// `sha256(domain || domain || bytes)`, truncated.
    pub fn leaf(&self, bytes: &[u8]) -> Digest {
        self.leaf_padded(bytes, 0)
    }

    /// The leaf of what was written, but for its first `skip` words.
    pub fn leaf_written(&self, written: &Writer, skip: usize) -> Digest {
        Digest::truncate(&self.leaf.of_written(written, skip))
    }

    /// The leaf of bytes that so many zeros follow, which nobody has to write down.
    pub fn leaf_padded(&self, bytes: &[u8], zeros: usize) -> Digest {
        Digest::truncate(&self.leaf.of_padded(bytes, zeros))
    }

    /// `sha256(domain || domain || left || level || right)`, truncated; over nothing, nothing.
    #[inline]
    pub fn node(&self, level: u8, left: &Digest, right: &Digest) -> Digest {
        if left.is_empty() && right.is_empty() {
            return Digest::EMPTY;
        }
        // The free byte of either digest's last word takes the level and the padding's first bit: nothing is shifted.
        let [a, b, c, d, e, f, g] = *left.words();
        let [h, i, j, k, l, m, n] = *right.words();
        let words = [a, b, c, d, e, f, g | u32::from(level), h, i, j, k, l, m, n | 0x80, 0, NODE_BITS];
        Digest::truncate(&self.node.of_block(&words))
    }
}
