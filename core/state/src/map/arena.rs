//! Where the nodes and leaves of one shard are stored.
//!
//! 1. A node is kept as the message that is hashed, its children beside it: 64 bytes, one cache line. The digest of
//!    a subtree lives in its parent, so hashing a node, or reading off a sibling, touches one line.
//! 2. A leaf is its key and its words in one run of a word heap; the reference to it carries the length.
//! 3. An index finds the leaf of a key without a descent: two or three lines of memory instead of one for each node.
//! 4. What is freed is reused: nodes through one list, leaves through one list per length.

use alloc::vec::Vec;
use core::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::limits::VALUE_WORDS_MAX;

/// A reference to a node or a leaf of the same arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Child(u32);

const LEAF_BIT: u32 = 1 << 31;
const LEN_SHIFT: u32 = 28;
const OFFSET_MASK: u32 = (1 << LEN_SHIFT) - 1;
const KEY_WORDS: usize = 3;
const NOTHING: u32 = u32::MAX;

impl Child {
    pub(super) const fn node(index: u32) -> Self {
        Self(index)
    }

    pub(super) const fn leaf(offset: u32, len: usize) -> Self {
        Self(LEAF_BIT | ((len as u32 - 1) << LEN_SHIFT) | offset)
    }

    /// The index of the node, `None` for a leaf.
    #[inline]
    pub(super) const fn as_node(self) -> Option<u32> {
        if self.0 & LEAF_BIT == 0 { Some(self.0) } else { None }
    }

    #[inline]
    pub(super) const fn offset(self) -> u32 {
        self.0 & OFFSET_MASK
    }

    #[inline]
    const fn len(self) -> usize {
        ((self.0 >> LEN_SHIFT) & 7) as usize + 1
    }
}

/// A subtree: where it is and what it hashes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subtree {
    pub(super) child: Child,
    pub(super) digest: Digest,
}

/// A branch of the trie.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Node {
    /// Both digests as they are hashed, the position in the free byte of the left one.
    message: [u32; 14],
    children: [Child; 2],
}

impl Node {
    pub(super) fn new(position: u8, left: Subtree, right: Subtree) -> Self {
        let mut message = [0; 14];
        message[..7].copy_from_slice(left.digest.words());
        message[7..].copy_from_slice(right.digest.words());
        message[6] |= u32::from(position);
        Self { message, children: [left.child, right.child] }
    }

    #[inline]
    pub(super) fn position(&self) -> u8 {
        self.message[6] as u8
    }

    #[inline]
    pub(super) fn child(&self, right: bool) -> Child {
        if right { self.children[1] } else { self.children[0] }
    }

    #[inline]
    pub(super) fn side(&self, right: bool) -> Subtree {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = self.message;
        let state = if right { [h, i, j, k, l, m, n, 0] } else { [a, b, c, d, e, f, g, 0] };
        Subtree { child: self.child(right), digest: Digest::truncate(&state) }
    }

    #[inline]
    pub(super) fn set(&mut self, right: bool, side: Subtree) {
        if right {
            self.message[7..].copy_from_slice(side.digest.words());
            self.children[1] = side.child;
        } else {
            let position = self.position();
            self.message[..7].copy_from_slice(side.digest.words());
            self.message[6] |= u32::from(position);
            self.children[0] = side.child;
        }
    }

    #[inline]
    pub(super) fn digest<H: NodeHash>(&self) -> Digest {
        H::node(self.position(), &self.side(false).digest, &self.side(true).digest)
    }
}

/// One Patricia trie.
#[derive(Debug)]
pub(super) struct Arena {
    nodes: Vec<Node>,
    heap: Vec<u64>,
    pub(super) root: Option<Subtree>,
    index: HashTable<Child>,
    hasher: DefaultHashBuilder,
    free_node: u32,
    free_leaf: [u32; VALUE_WORDS_MAX],
    free_words: usize,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            heap: Vec::new(),
            root: None,
            index: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            free_node: NOTHING,
            free_leaf: [NOTHING; VALUE_WORDS_MAX],
            free_words: 0,
        }
    }
}

impl Arena {
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether so much lies free that copying what is left pays.
    pub(super) fn is_sparse(&self) -> bool {
        self.free_words > self.heap.len() / 2
    }

    #[inline]
    pub(super) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    #[inline]
    pub(super) fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    #[inline]
    pub(super) fn leaf(&self, leaf: Child) -> (Key, &[u64]) {
        let start = leaf.offset() as usize;
        (key_at(&self.heap, leaf), &self.heap[start + KEY_WORDS..start + KEY_WORDS + leaf.len()])
    }

    /// The words at `key`.
    pub(super) fn get(&self, key: &Key) -> Option<&[u64]> {
        let leaf = self.index.find(self.hasher.hash_one(key), |leaf| key_at(&self.heap, *leaf) == *key)?;
        Some(self.leaf(*leaf).1)
    }

    pub(super) fn add_node(&mut self, node: Node) -> Child {
        let index = self.free_node;
        if index == NOTHING {
            self.nodes.push(node);
            return Child::node(self.nodes.len() as u32 - 1);
        }
        let slot = self.node_mut(index);
        let next = slot.children[0].0;
        *slot = node;
        self.free_node = next;
        Child::node(index)
    }

    pub(super) fn free_node(&mut self, index: u32) {
        let next = core::mem::replace(&mut self.free_node, index);
        self.node_mut(index).children[0] = Child(next);
    }

    pub(super) fn add_leaf(&mut self, key: &Key, words: &[u64]) -> Child {
        let leaf = self.place_leaf(key, words);
        let (heap, hasher) = (&self.heap, &self.hasher);
        self.index.insert_unique(hasher.hash_one(key), leaf, |leaf| hasher.hash_one(key_at(heap, *leaf)));
        leaf
    }

    fn place_leaf(&mut self, key: &Key, words: &[u64]) -> Child {
        let class = words.len() - 1;
        let offset = self.free_leaf[class];
        if offset == NOTHING {
            let offset = self.heap.len() as u32;
            debug_assert!(offset <= OFFSET_MASK, "the heap of a shard outgrew its references");
            self.heap.extend_from_slice(key.words());
            self.heap.extend_from_slice(words);
            return Child::leaf(offset, words.len());
        }
        let start = offset as usize;
        self.free_leaf[class] = self.heap[start] as u32;
        self.heap[start..start + KEY_WORDS].copy_from_slice(key.words());
        self.heap[start + KEY_WORDS..start + KEY_WORDS + words.len()].copy_from_slice(words);
        self.free_words -= KEY_WORDS + words.len();
        Child::leaf(offset, words.len())
    }

    pub(super) fn free_leaf(&mut self, leaf: Child) {
        let hash = self.hasher.hash_one(key_at(&self.heap, leaf));
        if let Ok(entry) = self.index.find_entry(hash, |other| *other == leaf) {
            entry.remove();
        }
        let class = leaf.len() - 1;
        let next = core::mem::replace(&mut self.free_leaf[class], leaf.offset());
        self.heap[leaf.offset() as usize] = u64::from(next);
        self.free_words += KEY_WORDS + leaf.len();
    }

    /// Gives a leaf other words, in place where they fit.
    pub(super) fn rewrite_leaf(&mut self, leaf: Child, key: &Key, words: &[u64]) -> Child {
        if leaf.len() == words.len() {
            let start = leaf.offset() as usize + KEY_WORDS;
            self.heap[start..start + words.len()].copy_from_slice(words);
            return leaf;
        }
        self.free_leaf(leaf);
        self.add_leaf(key, words)
    }

    /// Copies a subtree of another arena into this one, in key order.
    pub(super) fn adopt(&mut self, from: &Self, subtree: Subtree) -> Subtree {
        let child = match subtree.child.as_node() {
            None => {
                let (key, words) = from.leaf(subtree.child);
                self.add_leaf(&key, words)
            }
            Some(index) => {
                let mut node = *from.node(index);
                // The parent goes first: a descent then moves forward through memory.
                let copy = self.add_node(node);
                for right in [false, true] {
                    node.children[usize::from(right)] = self.adopt(from, node.side(right)).child;
                }
                if let Some(index) = copy.as_node() {
                    *self.node_mut(index) = node;
                }
                copy
            }
        };
        Subtree { child, digest: subtree.digest }
    }

    /// A fresh arena that holds only this subtree.
    pub(super) fn copied(&self, subtree: Option<Subtree>) -> Self {
        let mut copy = Self::default();
        copy.root = subtree.map(|subtree| copy.adopt(self, subtree));
        copy
    }
}

#[inline]
fn key_at(heap: &[u64], leaf: Child) -> Key {
    let start = leaf.offset() as usize;
    Key::new([heap[start], heap[start + 1], heap[start + 2]])
}
