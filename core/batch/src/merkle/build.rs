use alloc::vec::Vec;

use ashlar_types::Writer;

use super::{Digest, Path, TreeHash, TreeKind, height};
use crate::limits::HEIGHT_MAX;

/// Computes a root leaf by leaf, keeping one digest per level: one node per leaf, and nothing to allocate.
#[derive(Clone, Debug)]
pub struct RootBuilder {
    hash: TreeHash,
    /// At each level the left child that waits for its sibling; of meaning where the count has a one bit.
    waiting: [Digest; HEIGHT_MAX + 1],
    count: u32,
}

impl RootBuilder {
    /// No leaves yet.
    pub fn new(kind: TreeKind) -> RootBuilder {
        RootBuilder { hash: TreeHash::new(kind), waiting: [Digest::EMPTY; HEIGHT_MAX + 1], count: 0 }
    }

    /// Appends the leaf of these bytes; `false` if the tree is full, at `2^HEIGHT_MAX` leaves.
    pub fn push(&mut self, leaf: &[u8]) -> bool {
        self.push_digest(self.hash.leaf(leaf))
    }

    /// Appends the leaf of what was written, but for its first `skip` words.
    pub fn push_written(&mut self, written: &Writer, skip: usize) -> bool {
        self.push_digest(self.hash.leaf_written(written, skip))
    }

    /// Appends the leaf of bytes and the zeros that follow them.
    pub fn push_padded(&mut self, leaf: &[u8], zeros: usize) -> bool {
        self.push_digest(self.hash.leaf_padded(leaf, zeros))
    }

    fn push_digest(&mut self, mut digest: Digest) -> bool {
        if self.count >= 1 << HEIGHT_MAX {
            return false;
        }
        for (level, waiting) in (0u8..).zip(&mut self.waiting) {
            if self.count >> level & 1 == 0 {
                *waiting = digest;
                break;
            }
            digest = self.hash.node(level + 1, waiting, &digest);
        }
        self.count += 1;
        true
    }

    /// How many leaves there are.
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The root of the leaves so far and of absent ones up to the next power of two.
    pub fn root(&self) -> Digest {
        let height = height(self.len());
        if self.count == 1 << height {
            return self.waiting.get(height).copied().unwrap_or(Digest::EMPTY);
        }
        let mut above = Digest::EMPTY;
        for (level, waiting) in (0u8..).zip(&self.waiting).take(height) {
            above = if self.count >> level & 1 == 1 {
                self.hash.node(level + 1, waiting, &above)
            } else {
                self.hash.node(level + 1, &above, &Digest::EMPTY)
            };
        }
        above
    }
}

/// A whole tree in memory, from which paths are taken.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Leaves first, root last; absent digests at the right are not kept.
    levels: Vec<Vec<Digest>>,
}

impl Tree {
    /// Over the leaves of a kind; `None` if there are more than `2^HEIGHT_MAX`.
    pub fn new(kind: TreeKind, leaves: Vec<Digest>) -> Option<Tree> {
        if leaves.len() > 1 << HEIGHT_MAX {
            return None;
        }
        let hash = TreeHash::new(kind);
        let mut levels = Vec::with_capacity(1 + height(leaves.len()));
        let mut below = leaves;
        for level in 1..=height(below.len()) as u8 {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => hash.node(level, left, right),
                [left] => hash.node(level, left, &Digest::EMPTY),
                _ => Digest::EMPTY,
            });
            let above = above.collect();
            levels.push(core::mem::replace(&mut below, above));
        }
        levels.push(below);
        Some(Tree { levels })
    }

    /// The digest over all leaves.
    pub fn root(&self) -> Digest {
        self.levels.last().and_then(|top| top.first()).copied().unwrap_or(Digest::EMPTY)
    }

    /// The path of the leaf at an index; `None` if there is no such leaf.
    pub fn path(&self, index: u32) -> Option<Path> {
        let (root_level, below) = self.levels.split_last()?;
        let leaves = below.first().unwrap_or(root_level);
        leaves.get(index as usize)?;
        let sibling = |(level, digests): (usize, &Vec<Digest>)| {
            digests.get((index as usize >> level) ^ 1).copied().unwrap_or(Digest::EMPTY)
        };
        Some(Path::new(index, below.iter().enumerate().map(sibling).collect()))
    }
}
