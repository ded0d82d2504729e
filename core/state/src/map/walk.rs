//! Reading the trie: descents, neighbours, iteration.

use alloc::vec::Vec;

use super::Map;
use super::arena::{Arena, Child, Subtree};
use crate::hash::{Digest, NodeHash};
use crate::key::Key;

/// A subtree of the map, wherever it is stored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// `None` above the shards.
    shard: Option<u32>,
    child: Child,
    pub(crate) digest: Digest,
}

/// What is found at a [`Place`].
pub(crate) enum View<'a> {
    Leaf { key: Key, words: &'a [u64] },
    Node { position: u8, left: Place, right: Place },
}

impl<H: NodeHash> Map<H> {
    pub(crate) fn root_place(&self) -> Option<Place> {
        self.top.root.map(|root| self.resolve(None, root))
    }

    pub(crate) fn view(&self, place: Place) -> View<'_> {
        let arena = place.shard.map(|shard| &self.shards[shard as usize].arena);
        match (place.child.as_node(), arena) {
            (Some(index), arena) => {
                let node = arena.map_or_else(|| self.top.node(index), |arena| arena.node(index));
                let [left, right] = [false, true].map(|right| self.resolve(place.shard, node.side(right)));
                View::Node { position: node.position(), left, right }
            }
            (None, Some(arena)) => {
                let (key, words) = arena.leaf(place.child);
                View::Leaf { key, words }
            }
            (None, None) => unreachable!("a reference to a shard is resolved before it is viewed"),
        }
    }

    /// The leaf that following the key's bits from this place leads to.
    pub(crate) fn met_leaf(&self, mut place: Place, key: &Key) -> Key {
        loop {
            if let Some(shard) = place.shard {
                let arena = &self.shards[shard as usize].arena;
                return arena.leaf(arena.descend(place.child, key)).0;
            }
            match self.view(place) {
                View::Leaf { key, .. } => return key,
                View::Node { position, left, right } => place = if key.bit(position) { right } else { left },
            }
        }
    }

    /// Brings the ways from this place to up to [`WARMED`] keys into the cache. False above the shards, where it does nothing.
    pub(crate) fn warm<'k>(&self, place: Place, keys: impl Iterator<Item = &'k Key> + Clone) -> bool {
        match place.shard {
            Some(shard) => self.shards[shard as usize].arena.warm(place.child, keys),
            None => return false,
        }
        true
    }

    fn resolve(&self, shard: Option<u32>, subtree: Subtree) -> Place {
        let Subtree { child, digest } = subtree;
        if shard.is_some() || child.as_node().is_some() {
            return Place { shard, child, digest };
        }
        let shard = child.offset();
        let root = self.shards[shard as usize].arena.root;
        Place { shard: Some(shard), child: root.map_or(child, |root| root.child), digest }
    }
}

/// How many descents are made side by side.
pub(crate) const WARMED: usize = 16;

impl Arena {
    /// Descends towards many keys at once and forgets what it finds. One descent waits for memory at every node; many
    /// wait together, and whoever comes next finds the nodes in the cache.
    pub(super) fn warm<'k>(&self, from: Child, keys: impl Iterator<Item = &'k Key> + Clone) {
        let mut cursors = [from; WARMED];
        let mut moved = true;
        while moved {
            moved = false;
            for (cursor, key) in cursors.iter_mut().zip(keys.clone()) {
                if let Some(index) = cursor.as_node() {
                    let node = self.node(index);
                    *cursor = node.child(key.bit(node.position()));
                    moved = true;
                }
            }
        }
        for (cursor, _) in cursors.iter().zip(keys) {
            core::hint::black_box(self.leaf(*cursor).1.first());
        }
    }

    /// The leaf with the least key that is not less than `key`.
    pub(super) fn first_at_or_after(&self, key: &Key) -> Option<(Key, &[u64])> {
        let mut child = self.root?.child;
        let (met, words) = self.leaf(self.descend(child, key));
        let Some(difference) = key.first_difference(&met) else { return Some((met, words)) };
        // Above the difference the key runs along the path; below it the whole subtree is on one side of the key.
        let mut greater = None;
        while let Some(node) = child.as_node().map(|index| self.node(index)) {
            if node.position() > difference {
                break;
            }
            let right = key.bit(node.position());
            if !right {
                greater = Some(node.child(true));
            }
            child = node.child(right);
        }
        let above = if key.bit(difference) { greater? } else { child };
        Some(self.first(above))
    }

    /// The leaf with the least key of a subtree.
    pub(super) fn first(&self, subtree: Child) -> (Key, &[u64]) {
        self.leaf(self.descend(subtree, &Key::MIN))
    }

    #[inline]
    fn descend(&self, mut child: Child, key: &Key) -> Child {
        while let Some(index) = child.as_node() {
            let node = self.node(index);
            child = node.child(key.bit(node.position()));
        }
        child
    }
}

/// The leaves of a map in key order: see [`Map::iter`].
#[derive(Debug)]
pub struct Iter<'a, H> {
    map: &'a Map<H>,
    shard: usize,
    pending: Vec<Child>,
}

impl<'a, H> Iter<'a, H> {
    pub(super) fn new(map: &'a Map<H>) -> Self {
        Self { map, shard: 0, pending: Vec::new() }
    }
}

impl<'a, H> Iterator for Iter<'a, H> {
    type Item = (Key, &'a [u64]);

    fn next(&mut self) -> Option<Self::Item> {
        while self.pending.is_empty() {
            self.pending.extend(self.map.shards.get(self.shard)?.arena.root.map(|root| root.child));
            self.shard += 1;
        }
        let arena = &self.map.shards.get(self.shard - 1)?.arena;
        let mut child = self.pending.pop()?;
        while let Some(index) = child.as_node() {
            let node = arena.node(index);
            self.pending.push(node.child(true));
            child = node.child(false);
        }
        Some(arena.leaf(child))
    }
}
