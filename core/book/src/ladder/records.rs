//! Records in the order of their places, found by their ids.

use alloc::vec::Vec;

use super::BookConfig;
use super::index::{Found, Index, SLOTS_MAX};
use super::levels::Levels;
use super::links::{Links, NOWHERE};

/// What a ladder holds: something with an id, on one of two sides, at a price.
pub(super) trait Record: Copy + Default {
    /// Its id; no two records of a ladder have the same.
    fn key(&self) -> u64;
    /// Its side, 0 or 1, and its normalised price (SPEC K-2).
    fn place(&self) -> (usize, u64);
}

/// A slab of records, the levels they queue at, and an index of their ids.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Ladder<R> {
    links: Links,
    /// Reserved for as many as there can be; it never moves.
    records: Vec<R>,
    /// The first free slot; each free slot's link leads to the next.
    free: u32,
    len: u32,
    max: u32,
    index: Index,
    sides: [Levels; 2],
}

impl<R: Record> Ladder<R> {
    pub fn new(config: BookConfig) -> Ladder<R> {
        let max = config.orders_max.min(SLOTS_MAX);
        let touch = config.touched.min(max);
        let mut ladder = Ladder {
            sides: [Levels::new(0), Levels::new(1)],
            links: Links::new(max),
            records: Vec::with_capacity(max as usize),
            free: NOWHERE,
            index: Index::new(config.hash_key, max),
            len: 0,
            max,
        };
        if touch > 0 {
            ladder.links.touch(touch);
            ladder.records.resize(touch as usize, R::default());
            for slot in (0..touch).rev() {
                ladder.release(slot);
            }
        }
        ladder
    }

    #[inline(always)]
    pub fn len(&self) -> u32 {
        self.len
    }

    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.len >= self.max
    }

    #[inline(always)]
    fn release(&mut self, slot: u32) {
        self.links.set_next(Links::order(slot), self.free);
        self.free = slot;
    }

    /// A record; of a slot that holds none, whatever it last held.
    #[inline(always)]
    pub fn get(&self, slot: u32) -> R {
        match self.records.get(slot as usize) {
            Some(record) => *record,
            None => R::default(),
        }
    }

    #[inline(always)]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut R> {
        self.records.get_mut(slot as usize)
    }

    /// The slot of an id, and where the index has it.
    #[inline(always)]
    pub fn find(&self, key: u64) -> Option<Found> {
        self.index.find(key, |slot| self.records.get(slot as usize).is_some_and(|record| record.key() == key))
    }

    /// Reads what a later operation on this id will read.
    #[inline(always)]
    pub fn warm(&self, key: u64) -> u64 {
        let slot = self.index.peek(key);
        self.records.get(slot as usize).map_or(0, |record| record.key() ^ self.links.next(Links::order(slot)) as u64)
    }

    /// Names what every use of the ladder reads: where its parts are, and the tops of both sides.
    #[inline(always)]
    pub fn name_parts(&self, touch: &impl Fn(*const u8)) {
        for side in &self.sides {
            side.name_top(touch);
        }
        touch(core::ptr::from_ref(&self.links).cast());
        touch(core::ptr::from_ref(&self.index).cast());
    }

    /// Names what finding a key reads first.
    #[inline(always)]
    pub fn name_index(&self, key: u64, touch: &impl Fn(*const u8)) {
        self.index.name(key, touch);
    }

    /// Names what else is read of the record that a key seems to have; its slot.
    #[inline(always)]
    pub fn name_record(&self, key: u64, touch: &impl Fn(*const u8)) -> u32 {
        let slot = self.likely_slot(key);
        if let Some(record) = self.records.get(slot as usize) {
            touch(core::ptr::from_ref(record).cast());
        }
        self.links.name(Links::order(slot), touch);
        slot
    }

    /// The slot that a key seems to have, or the first one: nobody can predict whether a command names an order at all.
    #[inline(always)]
    fn likely_slot(&self, key: u64) -> u32 {
        let slot = self.index.peek(key);
        if (slot as usize) < self.records.len() { slot } else { 0 }
    }

    /// Names what putting a record at a price reads.
    #[inline(always)]
    pub fn name_level(&self, side: usize, n: u64, touch: &impl Fn(*const u8)) {
        self.sides[side % 2].name(&self.links, n, touch);
    }

    /// Names the neighbours of a record.
    #[inline(always)]
    pub fn name_neighbours(&self, slot: u32, touch: &impl Fn(*const u8)) {
        if self.records.get(slot as usize).is_some() {
            let node = Links::order(slot);
            self.links.name(self.links.next(node), touch);
            self.links.name(self.links.prev(node), touch);
        }
    }

    /// Puts a record at the back of its level; `None` if the ladder is full.
    #[inline(always)]
    pub fn insert(&mut self, record: &R) -> Option<u32> {
        let slot = if self.free != NOWHERE { self.free } else { self.open_slot()? };
        self.free = self.links.next(Links::order(slot));
        *self.records.get_mut(slot as usize)? = *record;
        self.len = self.len.wrapping_add(1);
        self.index.insert(record.key(), slot);
        let (side, n) = record.place();
        self.sides[side % 2].push(&mut self.links, n, Links::order(slot));
        Some(slot)
    }

    /// Makes one more slot, free, if there may be one. The record is not passed in here, or else it would be put
    /// together in memory and copied, and that costs more than all else that an insertion does.
    #[cold]
    #[inline(never)]
    fn open_slot(&mut self) -> Option<u32> {
        let slot = self.records.len() as u32;
        if slot >= self.max {
            return None;
        }
        self.records.push(R::default());
        self.release(slot);
        Some(slot)
    }

    /// Takes a record out.
    #[inline(always)]
    pub fn remove(&mut self, found: Found) {
        self.take_out(found);
    }

    /// Takes a record out and gives the one after it.
    #[inline(always)]
    pub fn remove_then_after(&mut self, found: Found) -> Option<u32> {
        let (next, side, n) = self.take_out(found)?;
        if (next as usize) < self.records.len() {
            return Some(next);
        }
        // Most often it was the last of the best level, and the best there is now is what follows it.
        let (first, level) = self.sides[side % 2].first(&mut self.links)?;
        if first > n { Some(Links::slot(self.links.next(level))) } else { self.first_from(side, n.wrapping_add(1)) }
    }

    /// Takes a record out; the slot after it, if that is in range, and where it was.
    #[inline(always)]
    fn take_out(&mut self, found: Found) -> Option<(u32, usize, u64)> {
        let slot = found.slot();
        let record = self.records.get(slot as usize)?;
        let (side, n) = record.place();
        self.index.remove(record.key(), found);
        let next = self.sides[side % 2].unlink(&mut self.links, n, Links::order(slot));
        self.release(slot);
        self.len = self.len.wrapping_sub(1);
        Some((Links::slot(next), side, n))
    }

    /// The first record of a side.
    #[inline(always)]
    pub fn first(&mut self, side: usize) -> Option<u32> {
        let (_, level) = self.sides[side % 2].first(&mut self.links)?;
        Some(Links::slot(self.links.next(level)))
    }

    /// The normalised price of the first record of a side.
    #[inline(always)]
    pub fn first_price(&mut self, side: usize) -> Option<u64> {
        self.sides[side % 2].first(&mut self.links).map(|(n, _)| n)
    }

    /// The record after this one on its side.
    pub fn after(&self, slot: u32) -> Option<u32> {
        let next = self.next_at_level(slot)?;
        if (next as usize) < self.records.len() {
            return Some(next);
        }
        let (side, n) = self.get(slot).place();
        self.first_from(side, n.saturating_add(1))
    }

    /// The first record of the first level at or after a price.
    pub fn first_from(&self, side: usize, n: u64) -> Option<u32> {
        let (_, level) = self.sides[side % 2].first_from(n)?;
        Some(Links::slot(self.links.next(level)))
    }

    /// The first record of a level.
    pub fn first_at(&self, side: usize, n: u64) -> Option<u32> {
        self.sides[side % 2].find(n).map(|level| Links::slot(self.links.next(level)))
    }

    /// What follows a record at its level: a slot, or a number out of range at the end.
    pub fn next_at_level(&self, slot: u32) -> Option<u32> {
        self.records.get(slot as usize)?;
        Some(Links::slot(self.links.next(Links::order(slot))))
    }

    /// Moves a record to the back of its level.
    pub fn requeue(&mut self, slot: u32) {
        let Some(next) = self.next_at_level(slot) else { return };
        if next as usize >= self.records.len() {
            return;
        }
        let (side, n) = self.get(slot).place();
        let node = Links::order(slot);
        self.sides[side % 2].unlink(&mut self.links, n, node);
        self.sides[side % 2].push(&mut self.links, n, node);
    }
}
