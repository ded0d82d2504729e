//! A shard: the part of the map in one span of the key space.
//!
//! 1. A span is all keys with a common prefix. The spans of a map are disjoint and cover every key, so each key has
//!    exactly one shard, which may be empty.
//! 2. The leaves of a span are one subtree of the trie, whatever the spans are: how the map is cut never shows in its root.
//! 3. Shards share nothing, so a batch is applied to them side by side. Between batches none holds more than
//!    [`SHARD_LEAVES_MAX`] leaves.

use alloc::vec::Vec;

use super::Change;
use super::arena::{Arena, Node};
use super::edit;
use crate::hash::NodeHash;
use crate::key::Key;
use crate::limits::{KEY_BITS, SHARD_LEAVES_MAX, SHARD_LEAVES_MERGE};

#[derive(Debug, Default)]
pub(super) struct Shard {
    /// The least key of the span.
    pub(super) start: Key,
    /// How many leading bits the keys of the span share.
    pub(super) depth: u8,
    pub(super) arena: Arena,
}

impl Shard {
    /// Cuts the span in two at its first free bit.
    pub(super) fn split(self) -> [Self; 2] {
        let Self { start, depth, arena } = self;
        let [left, right] = match arena.root {
            None => Default::default(),
            Some(root) => match root.child.as_node().map(|index| arena.node(index)) {
                Some(node) if node.position() == depth => {
                    [false, true].map(|right| arena.copied(Some(node.side(right))))
                }
                _ => {
                    if arena.first(root.child).0.bit(depth) {
                        [Arena::default(), arena]
                    } else {
                        [arena, Arena::default()]
                    }
                }
            },
        };
        let middle = start.with_bit(depth);
        [Self { start, depth: depth + 1, arena: left }, Self { start: middle, depth: depth + 1, arena: right }]
    }

    /// Whether the other shard holds the right half of the span whose left half this one holds, and both are so small that
    /// one would do.
    pub(super) fn should_merge(&self, right: &Self) -> bool {
        self.depth == right.depth
            && self.depth > 0
            && self.start.with_bit(self.depth - 1) == right.start
            && self.arena.len() + right.arena.len() <= SHARD_LEAVES_MERGE
    }

    /// Joins two halves of a span.
    pub(super) fn merge<H: NodeHash>(self, right: Self) -> Self {
        let depth = self.depth - 1;
        let arena = match (self.arena.root, right.arena.root) {
            (_, None) => self.arena,
            (None, _) => right.arena,
            (Some(left_root), Some(right_root)) => {
                let mut arena = self.arena;
                let adopted = arena.adopt(&right.arena, right_root);
                let node = Node::new(depth, left_root, adopted);
                let digest = node.digest::<H>();
                let child = arena.add_node(node);
                arena.root = Some(super::arena::Subtree { child, digest });
                arena
            }
        };
        Self { start: self.start, depth, arena }
    }
}

/// A shard and the changes that fall in its span.
pub(super) struct Task<'c> {
    pub(super) shard: Shard,
    pub(super) changes: &'c [Change],
    /// What the shard became: itself, or what it was cut into, in key order.
    pub(super) pieces: Vec<Shard>,
}

impl Task<'_> {
    pub(super) fn run<H: NodeHash>(&mut self) {
        let shard = core::mem::take(&mut self.shard);
        apply::<H>(shard, self.changes, &mut self.pieces);
    }
}

fn apply<H: NodeHash>(mut shard: Shard, changes: &[Change], pieces: &mut Vec<Shard>) {
    // So many changes mostly insert: to cut first keeps every arena small.
    if changes.len() > 2 * SHARD_LEAVES_MAX && shard.depth < KEY_BITS {
        let [left, right] = shard.split();
        let (of_left, of_right) = changes.split_at(changes.partition_point(|(key, _)| *key < right.start));
        apply::<H>(left, of_left, pieces);
        return apply::<H>(right, of_right, pieces);
    }
    edit::apply::<H>(&mut shard.arena, changes);
    if shard.arena.is_sparse() {
        shard.arena = shard.arena.copied(shard.arena.root);
    }
    cut(shard, pieces);
}

fn cut(shard: Shard, pieces: &mut Vec<Shard>) {
    if shard.arena.len() <= SHARD_LEAVES_MAX || shard.depth >= KEY_BITS {
        pieces.push(shard);
        return;
    }
    for half in shard.split() {
        cut(half, pieces);
    }
}
