//! Walking the map along the touched keys.
//!
//! The walk emits the union of the old trie with the touched keys in post-order. Where a key that the map does not have would
//! branch off, the subtree beside it must show a leaf, or nothing would say where they part (W-5): if none of its
//! leaves is touched, the one that following the key leads to becomes a row that nobody asks for.

use alloc::vec;
use alloc::vec::Vec;

use crate::hash::NodeHash;
use crate::key::Key;
use crate::limits::KEY_BITS;
use crate::map::{Map, Place, View, WARMED};
use crate::witness::{LEAF, OPAQUE, Witness};

/// A key to show, and its row in the overlay.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    key: Key,
    row: Option<u32>,
}

pub(super) struct Capture<'a, H> {
    map: &'a Map<H>,
    shown: Vec<Shown>,
    pub(super) witness: Witness,
    /// For each row of the overlay, its number in the witness.
    pub(super) number_of: Vec<u32>,
}

/// What the walk knows about an old subtree before it looks.
#[derive(Clone, Copy, Default)]
struct Known {
    /// The leaf that the first key leads to.
    met: Option<Key>,
    /// Whether the ways to the keys are in the cache.
    warm: bool,
}

impl<'a, H: NodeHash> Capture<'a, H> {
    pub(super) fn new(map: &'a Map<H>, touched: impl Iterator<Item = Key>) -> Self {
        let mut shown: Vec<Shown> = touched.zip(0..).map(|(key, row)| Shown { key, row: Some(row) }).collect();
        shown.sort_unstable_by_key(|shown| shown.key);
        let number_of = vec![0; shown.len()];
        Self { map, shown, witness: Witness::default(), number_of }
    }

    pub(super) fn run(&mut self) {
        let shown = core::mem::take(&mut self.shown);
        match self.map.root_place() {
            Some(root) => self.union(&shown, root, Known::default()),
            None => self.absent(&shown),
        }
    }

    /// The union of the keys with an old subtree.
    fn union(&mut self, shown: &[Shown], old: Place, mut known: Known) {
        let [first, ..] = shown else { return self.opaque(old) };
        let last = shown.last().unwrap_or(first);
        if !known.warm && shown.len() <= WARMED {
            known.warm = self.map.warm(old, shown.iter().map(|shown| &shown.key));
        }
        let warm = known.warm;
        let met = known.met.unwrap_or_else(|| self.map.met_leaf(old, &first.key));
        let parting = first.key.shared_bits(&met).min(last.key.shared_bits(&met));
        match self.map.view(old) {
            View::Node { position, left: old_left, right: old_right } if position <= parting => {
                let (left, right) = split(shown, position);
                self.union(left, old_left, Known { met: (!left.is_empty()).then_some(met), warm });
                self.union(right, old_right, Known { met: left.is_empty().then_some(met), warm });
                self.witness.ops.push(position);
            }
            View::Leaf { words, .. } if parting == KEY_BITS => self.leaf(first, words),
            _ => {
                let (left, right) = split(shown, parting);
                if met.bit(parting) {
                    self.absent(left);
                    self.beside(right, old, met);
                } else {
                    self.beside(left, old, met);
                    self.absent(right);
                }
                self.witness.ops.push(parting);
            }
        }
    }

    /// An old subtree beside a key that the map does not have.
    fn beside(&mut self, shown: &[Shown], old: Place, met: Key) {
        if shown.is_empty() {
            self.union(&[Shown { key: met, row: None }], old, Known { met: Some(met), warm: true });
        } else {
            self.union(shown, old, Known { met: None, warm: true });
        }
    }

    /// Keys where the map has nothing.
    fn absent(&mut self, shown: &[Shown]) {
        match shown {
            [] => {}
            [only] => self.leaf(only, &[]),
            [first, .., last] => {
                let position = first.key.shared_bits(&last.key);
                let (left, right) = split(shown, position);
                self.absent(left);
                self.absent(right);
                self.witness.ops.push(position);
            }
        }
    }

    fn opaque(&mut self, old: Place) {
        self.witness.ops.push(OPAQUE);
        self.witness.digests.extend(old.digest.words());
    }

    fn leaf(&mut self, shown: &Shown, words: &[u64]) {
        if let Some(number) = shown.row.and_then(|row| self.number_of.get_mut(row as usize)) {
            *number = self.witness.lens.len() as u32;
        }
        self.witness.ops.push(LEAF);
        self.witness.keys.extend(shown.key.words());
        self.witness.lens.push(words.len() as u8);
        self.witness.words.extend(words);
    }
}

fn split(shown: &[Shown], position: u8) -> (&[Shown], &[Shown]) {
    shown.split_at(shown.partition_point(|shown| !shown.key.bit(position)))
}
