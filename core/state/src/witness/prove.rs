//! One pass over the union of the old and the new trie: both roots.

use alloc::vec::Vec;

use super::error::{Section, WitnessError};
use super::{LEAF, OPAQUE, Table};
use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::limits::{KEY_BITS, OPEN_SUBTREES_MAX};

/// What a batch did to the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// The root that the witness claims to start from: compare it with the committed one, or nothing is proven.
    pub before: Digest,
    /// The root after the batch.
    pub after: Digest,
}

/// A finished subtree of the union. Aligned, because it is copied by words where words are all there is.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Subtree {
    before: Digest,
    /// Not filled in while the subtree is unchanged.
    after: Digest,
    in_old: bool,
    in_new: bool,
    unchanged: bool,
    /// The position of its topmost node, [`NO_POSITION`] for a row or an opaque subtree.
    position: u8,
    /// Its first and last row, [`NO_ROW`] for an opaque subtree.
    first: u32,
    last: u32,
}

const NO_POSITION: u8 = u8::MAX;
const NO_ROW: u32 = u32::MAX;

impl Subtree {
    fn after(&self) -> &Digest {
        if self.unchanged { &self.before } else { &self.after }
    }
}

impl Table<'_> {
    /// Computes the root before the batch from what the witness claims, and the root after it from what execution wrote.
    ///
    /// Fails if execution found a fault, or if any rule of `docs/spec/witness.md` is broken.
    pub fn prove<H: NodeHash>(&self) -> Result<Roots, WitnessError> {
        if let Some(fault) = self.fault {
            return Err(WitnessError::Fault(fault));
        }
        if self.hints_used != self.hints.len() {
            return Err(WitnessError::HintsUnused { expected: self.hints_used, got: self.hints.len() });
        }
        let mut pass = Pass { table: self, open: Vec::with_capacity(OPEN_SUBTREES_MAX), row: 0, word: 0 };
        let mut digests = self.digests.iter();
        for (index, op) in self.ops.iter().enumerate() {
            match *op {
                OPAQUE => {
                    let Some(words) = digests.next() else {
                        let got = self.digests.len();
                        return Err(WitnessError::Count { section: Section::Digests, expected: got + 1, got });
                    };
                    pass.opaque(index, *words)?;
                }
                LEAF => pass.leaf::<H>(index)?,
                position if position < KEY_BITS => pass.join::<H>(index, position)?,
                got => return Err(WitnessError::Operation { index, got }),
            }
        }
        let left = digests.len();
        if left != 0 {
            let got = self.digests.len();
            return Err(WitnessError::Count { section: Section::Digests, expected: got - left, got });
        }
        match pass.open[..] {
            // W-9: no operations say that the old map is empty and that nobody asked for a row.
            [] => Ok(Roots { before: Digest::EMPTY, after: Digest::EMPTY }),
            [ref whole] => Ok(Roots { before: whole.before, after: *whole.after() }),
            _ => Err(WitnessError::Unjoined { got: pass.open.len() }),
        }
    }
}

struct Pass<'t, 'a> {
    table: &'t Table<'a>,
    open: Vec<Subtree>,
    row: u32,
    word: usize,
}

impl Pass<'_, '_> {
    fn open(&mut self, index: usize, subtree: Subtree) -> Result<(), WitnessError> {
        if self.open.len() >= OPEN_SUBTREES_MAX {
            return Err(WitnessError::TooDeep { index });
        }
        self.open.push(subtree);
        Ok(())
    }

    fn opaque(&mut self, index: usize, words: [u32; 7]) -> Result<(), WitnessError> {
        // W-2: else the position byte of the parent could be forged.
        let digest = Digest::from_words(words).ok_or(WitnessError::DigestTail { index })?;
        let subtree = Subtree {
            before: digest,
            after: Digest::EMPTY,
            in_old: true,
            in_new: true,
            unchanged: true,
            position: NO_POSITION,
            first: NO_ROW,
            last: NO_ROW,
        };
        self.open(index, subtree)
    }

    fn leaf<H: NodeHash>(&mut self, index: usize) -> Result<(), WitnessError> {
        let row = self.row as usize;
        let key = self.key(self.row);
        let len = self.table.lens.get(row).copied().map_or(0, usize::from);
        let old = self.table.words.get(self.word..self.word + len).unwrap_or_default();
        let (new, written) = self.table.current(row);
        let (in_old, in_new) = (!old.is_empty(), !new.is_empty());
        let unchanged = in_old && in_new && (!written || old == new);
        let subtree = Subtree {
            before: if in_old { H::leaf(&key, old) } else { Digest::EMPTY },
            after: if in_new && !unchanged { H::leaf(&key, new) } else { Digest::EMPTY },
            in_old,
            in_new,
            unchanged,
            position: NO_POSITION,
            first: self.row,
            last: self.row,
        };
        self.row += 1;
        self.word += len;
        self.open(index, subtree)
    }

    fn join<H: NodeHash>(&mut self, index: usize, position: u8) -> Result<(), WitnessError> {
        let Some(right) = self.open.pop() else { return Err(WitnessError::JoinMissing { index }) };
        let Some(left) = self.open.pop() else { return Err(WitnessError::JoinMissing { index }) };
        self.check(index, position, &left, &right)?;
        let before = match (left.in_old, right.in_old) {
            (true, true) => H::node(position, &left.before, &right.before),
            (false, true) => right.before,
            (_, false) => left.before,
        };
        let unchanged = left.unchanged && right.unchanged;
        let after = match (left.in_new, right.in_new) {
            _ if unchanged => Digest::EMPTY,
            (true, true) => H::node(position, left.after(), right.after()),
            (false, true) => *right.after(),
            (_, false) => *left.after(),
        };
        self.open.push(Subtree {
            before,
            after,
            in_old: left.in_old || right.in_old,
            in_new: left.in_new || right.in_new,
            unchanged,
            position,
            first: if left.first == NO_ROW { right.first } else { left.first },
            last: if right.last == NO_ROW { left.last } else { right.last },
        });
        Ok(())
    }

    fn check(&self, index: usize, position: u8, left: &Subtree, right: &Subtree) -> Result<(), WitnessError> {
        // W-3.
        let child = left.position.min(right.position);
        if child <= position {
            return Err(WitnessError::PositionOrder { index, position, child });
        }
        match (left.last, right.first) {
            (NO_ROW, NO_ROW) => Err(WitnessError::JoinOpaque { index }),
            // W-5: an opaque subtree witnesses no position.
            (NO_ROW, _) | (_, NO_ROW) if !(left.in_old && right.in_old) => Err(WitnessError::Unsupported { index }),
            // W-4.
            (NO_ROW, row) => self.check_side(index, position, row, true),
            (row, NO_ROW) => self.check_side(index, position, row, false),
            (last, first) => {
                let (left, right) = (self.key(last), self.key(first));
                if left.first_difference(&right) == Some(position) {
                    return Ok(());
                }
                Err(WitnessError::Parting { index, position, left, right })
            }
        }
    }

    fn check_side(&self, index: usize, position: u8, row: u32, right: bool) -> Result<(), WitnessError> {
        let key = self.key(row);
        if key.bit(position) == right { Ok(()) } else { Err(WitnessError::Side { index, position, key }) }
    }

    fn key(&self, row: u32) -> Key {
        self.table.keys.get(row as usize).map_or(Key::MAX, |key| Key::new(*key))
    }
}
