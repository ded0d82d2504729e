//! A hash table of small records that only ever grows, and never all at once.
//!
//! 1. A record is one 32-byte entry, so finding it takes one cache line.
//! 2. Records are never taken out; what can be forgotten is zero.
//! 3. When it is half full a table of twice the size takes over, and every insertion from then on moves a few
//!    entries: no insertion does more than a bounded amount of work beyond asking for zeroed memory.

use alloc::vec;
use alloc::vec::Vec;

/// What a record is made of.
pub type Words = [u64; 3];

/// Key plus one, then the record; a key of zero is an empty entry.
type Entry = [u64; 4];

/// Entries moved at each insertion while an old table is being emptied. The new one has room for as many insertions as half
/// the old one has entries, so two would do.
const MOVED_PER_INSERT: usize = 8;

/// Keys below `u64::MAX` to records.
#[derive(Clone, Debug)]
pub struct Table {
    entries: Vec<Entry>,
    shift: u32,
    len: usize,
    old: Vec<Entry>,
    old_shift: u32,
    moved: usize,
}

/// The fractional part of the golden ratio: spreads consecutive keys over the whole table.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

const BITS_MIN: u32 = 10;

#[inline(always)]
fn home(key: u64, shift: u32) -> usize {
    (key.wrapping_mul(SPREAD) >> shift) as usize
}

impl Table {
    /// A table that holds so many records before it grows.
    pub fn with_capacity(records: usize) -> Table {
        let bits = (records.max(1) * 2).next_power_of_two().trailing_zeros().max(BITS_MIN);
        Table { entries: vec![[0; 4]; 1 << bits], shift: 64 - bits, len: 0, old: Vec::new(), old_shift: 63, moved: 0 }
    }

    /// Lets `with` read and change the record of a key, which is zero if it was never changed.
    #[inline(always)]
    pub fn with<T>(&mut self, key: u64, with: impl FnOnce(&mut Words) -> T) -> T {
        let tag = key.wrapping_add(1);
        let mask = self.entries.len() - 1;
        let mut at = home(tag, self.shift) & mask;
        if self.entries[at][0] != tag {
            at = self.probe(tag);
            if self.entries[at & mask][0] != tag {
                return self.with_new(tag, with);
            }
        }
        let [_, words @ ..] = &mut self.entries[at & mask];
        with(words)
    }

    /// Where [`Table::with`] will look first.
    #[inline(always)]
    pub fn first_look(&self, key: u64) -> *const u8 {
        let mask = self.entries.len() - 1;
        core::ptr::from_ref(&self.entries[home(key.wrapping_add(1), self.shift) & mask]).cast()
    }

    /// Shows every record that was ever changed, in no order.
    pub fn each(&self, mut show: impl FnMut(u64, Words)) {
        for &[tag, a, b, c] in self.entries.iter().filter(|entry| entry[0] != 0) {
            show(tag.wrapping_sub(1), [a, b, c]);
        }
        for &[tag, a, b, c] in self.old.iter().skip(self.moved).filter(|entry| entry[0] != 0) {
            if self.entries[self.probe(tag)][0] == 0 {
                show(tag.wrapping_sub(1), [a, b, c]);
            }
        }
    }

    /// Where a tag is, or the empty entry where it would be.
    #[inline(never)]
    fn probe(&self, tag: u64) -> usize {
        let mask = self.entries.len() - 1;
        let mut at = home(tag, self.shift) & mask;
        loop {
            let found = self.entries[at & mask][0];
            if found == tag || found == 0 {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    #[inline(never)]
    fn with_new<T>(&mut self, tag: u64, with: impl FnOnce(&mut Words) -> T) -> T {
        let before = self.take_old(tag);
        let mut words = before.unwrap_or_default();
        let result = with(&mut words);
        if before.is_some() || words != [0; 3] {
            self.insert(tag, words);
        }
        result
    }

    fn insert(&mut self, tag: u64, words: Words) {
        if (self.len + 1) * 2 > self.entries.len() {
            self.grow();
        }
        self.put(tag, words);
        for _ in 0..MOVED_PER_INSERT {
            self.move_one();
        }
    }

    fn put(&mut self, tag: u64, words: Words) {
        let at = self.probe(tag);
        self.entries[at] = [tag, words[0], words[1], words[2]];
        self.len += 1;
    }

    /// The record of a tag that has not been moved yet. Its old entry stays and is passed over later.
    fn take_old(&self, tag: u64) -> Option<Words> {
        if self.old.is_empty() {
            return None;
        }
        let mask = self.old.len() - 1;
        let mut at = home(tag, self.old_shift) & mask;
        while self.old[at][0] != 0 {
            if self.old[at][0] == tag {
                return Some([self.old[at][1], self.old[at][2], self.old[at][3]]);
            }
            at = (at + 1) & mask;
        }
        None
    }

    fn move_one(&mut self) {
        let Some(&[tag, a, b, c]) = self.old.get(self.moved) else {
            if !self.old.is_empty() {
                self.old = Vec::new();
            }
            return;
        };
        self.moved += 1;
        if tag != 0 && self.entries[self.probe(tag)][0] == 0 {
            self.put(tag, [a, b, c]);
        }
    }

    fn grow(&mut self) {
        while !self.old.is_empty() {
            self.move_one();
        }
        let bigger = vec![[0; 4]; self.entries.len() * 2];
        self.old = core::mem::replace(&mut self.entries, bigger);
        self.old_shift = self.shift;
        self.shift -= 1;
        self.moved = 0;
        self.len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn agrees_with_an_ordered_map_through_many_growths() {
        let mut table = Table::with_capacity(1);
        let mut reference = BTreeMap::new();
        let mut seed = 1u64;
        for step in 0..200_000u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let key = (seed >> 33) % (1 + step / 2);
            let expected = reference.entry(key).or_insert([0u64; 3]);
            let found = table.with(key, |words| {
                let before = *words;
                words[0] += step;
                words[2] ^= key;
                before
            });
            assert_eq!(found, *expected);
            expected[0] += step;
            expected[2] ^= key;
        }
        for (key, expected) in &reference {
            assert_eq!(table.with(*key, |words| *words), *expected);
        }
        assert!(table.entries.len() < reference.len() * 8, "it grew no further than it had to");
    }

    #[test]
    fn reading_leaves_nothing_behind() {
        let mut table = Table::with_capacity(1);
        for key in 0..100_000 {
            assert_eq!(table.with(key, |words| *words), [0; 3]);
        }
        assert_eq!(table.entries.len(), 1 << BITS_MIN);
    }
}
