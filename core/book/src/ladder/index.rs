//! Where the order of an id is: a hash that grows by one bucket at a time.
//!
//! 1. A bucket is half a cache line of four lanes; a lane holds 32 bits of the hash and a slot. A key that finds its
//!    bucket full goes to an ordered map, so the worst operation is a search in that map, whatever keys are chosen.
//! 2. Linear hashing (Litwin): the hash is one bucket larger for each five keys that four buckets have to hold, and each
//!    new bucket takes its share from one old one. There is no second table, no copy and no pause.
//! 3. Nothing moves when a key is removed, and it is found by its slot alone.
//! 4. The hash multiplies by a secret odd number: two keys chosen without knowing it collide about as seldom as random
//!    ones. The secret changes no result, only where things are.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

const LANES: usize = 4;
/// The bits of a lane that hold a slot plus one; zero is a free lane.
const SLOT: u64 = (1 << 24) - 1;
/// In the first lane of a bucket: how many of its keys are in the map.
const SPILLED_ONE: u64 = 1 << 24;
const SPILLED: u64 = 0xFF << 24;
/// A bucket that ever had this many keys in the map is taken to have some for good.
const SPILLED_MAX: u64 = 16;
/// The smallest number of buckets.
const BUCKETS_MIN: usize = 1 << 10;

/// Slots an index can name.
pub(super) const SLOTS_MAX: u32 = SLOT as u32;

#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Bucket([u64; LANES]);

/// An index from keys to slots. No two entries may have the same key or the same slot.
#[derive(Debug)]
pub(super) struct Index {
    /// Reserved for the most keys there can be, and as long as it is needed.
    buckets: Vec<Bucket>,
    /// One less than the power of two that is not below the number of buckets.
    mask: u32,
    secret: u64,
    /// Keys it may hold before it grows.
    room: u32,
    len: u32,
    /// Keys whose bucket was full, by their hash with its bits reversed: those of a bucket stand together.
    spilled: BTreeMap<(u32, u64), u32>,
}

/// A well-mixed odd number from any key (the finaliser of SplitMix64).
fn secret(key: u64) -> u64 {
    let mut x = key.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31 | 1
}

impl Index {
    /// An empty one for at most `keys_max` keys, with room for `keys` before it first grows.
    pub fn new(hash_key: u64, keys_max: u32, keys: u32) -> Index {
        let buckets_for = |keys: u32| (keys as usize * 4 / 5).max(BUCKETS_MIN);
        let (reserve, now) = (buckets_for(keys_max), buckets_for(keys.min(keys_max)));
        let mut buckets = Vec::with_capacity(reserve.max(now) + 1);
        buckets.resize(now, Bucket([0; LANES]));
        let mask = (now.next_power_of_two() - 1) as u32;
        Index { buckets, mask, secret: secret(hash_key), room: room(now), len: 0, spilled: BTreeMap::new() }
    }

    /// The best mixed half of the product, its best mixed byte first.
    #[inline(always)]
    fn hash(&self, key: u64) -> u32 {
        ((key.wrapping_mul(self.secret) >> 32) as u32).swap_bytes()
    }

    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        let wide = (hash & self.mask) as usize;
        if wide < self.buckets.len() { wide } else { (hash & self.mask >> 1) as usize }
    }

    /// The slot of a key. `is` tells whether a slot has the key, for hashes may be equal.
    #[inline(always)]
    pub fn find(&self, key: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let hash = self.hash(key);
        let lanes = &self.buckets[self.home(hash)].0;
        let hits = lane_bits(lanes, |lane| (lane >> 32) as u32 == hash);
        let slot = (lanes[hits.trailing_zeros() as usize % LANES] & SLOT).wrapping_sub(1) as u32;
        if hits != 0 && is(slot) {
            return Some(slot);
        }
        if hits & hits.wrapping_sub(1) != 0 || lanes[0] & SPILLED != 0 { self.find_slow(key, hash, is) } else { None }
    }

    #[cold]
    #[inline(never)]
    fn find_slow(&self, key: u64, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let lanes = &self.buckets[self.home(hash)].0;
        for lane in lanes {
            let slot = (lane & SLOT).wrapping_sub(1) as u32;
            if (lane >> 32) as u32 == hash && is(slot) {
                return Some(slot);
            }
        }
        self.spilled.get(&(hash.reverse_bits(), key)).copied()
    }

    /// Adds a key that it does not have.
    #[inline(always)]
    pub fn insert(&mut self, key: u64, slot: u32) {
        let hash = self.hash(key);
        let home = self.home(hash);
        let lanes = &mut self.buckets[home].0;
        let free = lane_bits(lanes, |lane| lane & SLOT == 0);
        if free != 0 {
            let lane = &mut lanes[free.trailing_zeros() as usize % LANES];
            *lane = entry(hash, slot) | *lane & SPILLED;
        } else {
            self.spill(home, hash, key, slot);
        }
        self.len = self.len.wrapping_add(1);
        if self.len > self.room {
            self.grow();
        }
    }

    #[cold]
    #[inline(never)]
    fn spill(&mut self, home: usize, hash: u32, key: u64, slot: u32) {
        self.spilled.insert((hash.reverse_bits(), key), slot);
        let first = &mut self.buckets[home].0[0];
        if *first & SPILLED != SPILLED {
            *first += SPILLED_ONE;
            if (*first & SPILLED) / SPILLED_ONE >= SPILLED_MAX {
                *first |= SPILLED;
            }
        }
    }

    /// Removes a key that has this slot.
    #[inline(always)]
    pub fn remove(&mut self, key: u64, slot: u32) {
        let hash = self.hash(key);
        let home = self.home(hash);
        let lanes = &mut self.buckets[home].0;
        let named = (slot as u64).wrapping_add(1);
        let hits = lane_bits(lanes, |lane| lane & SLOT == named);
        if hits != 0 {
            lanes[hits.trailing_zeros() as usize % LANES] &= SPILLED;
        } else {
            self.unspill(home, hash, key);
        }
        self.len = self.len.wrapping_sub(1);
    }

    #[cold]
    #[inline(never)]
    fn unspill(&mut self, home: usize, hash: u32, key: u64) {
        let first = &mut self.buckets[home].0[0];
        if self.spilled.remove(&(hash.reverse_bits(), key)).is_some() && *first & SPILLED != SPILLED {
            *first = first.saturating_sub(SPILLED_ONE);
        }
    }

    /// Adds one bucket and gives it its share of the one it comes from.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let new = self.buckets.len();
        if new == self.buckets.capacity() {
            return;
        }
        if new as u32 > self.mask {
            self.mask = self.mask << 1 | 1;
        }
        let old = new & (self.mask >> 1) as usize;
        let mask = self.mask;
        let goes = |hash: u32| (hash & mask) as usize == new;
        let mut taken = Bucket([0; LANES]);
        let mut spilled = 0;
        if let Some(bucket) = self.buckets.get_mut(old) {
            spilled = (bucket.0[0] & SPILLED) / SPILLED_ONE;
            bucket.0[0] &= !SPILLED;
            for (from, to) in bucket.0.iter_mut().zip(&mut taken.0) {
                if *from & SLOT != 0 && goes((*from >> 32) as u32) {
                    (*from, *to) = (0, *from);
                }
            }
        }
        self.buckets.push(taken);
        self.room = room(self.buckets.len());
        if spilled != 0 {
            self.share_spilled(old, new, spilled);
        }
    }

    /// Gives the keys of a bucket that are in the map, now that they have two buckets, a lane where there is one.
    fn share_spilled(&mut self, old: usize, new: usize, spilled: u64) {
        if spilled >= SPILLED_MAX {
            self.buckets[old].0[0] |= SPILLED;
            self.buckets[new].0[0] |= SPILLED;
            return;
        }
        let bits = self.mask.trailing_ones().saturating_sub(1);
        let from = (old as u32).reverse_bits();
        let to = from | u32::MAX.checked_shr(bits).unwrap_or(0);
        let mut moved = [(0, 0, 0); SPILLED_MAX as usize];
        let mut count = 0;
        for (place, (&(reversed, key), &slot)) in moved.iter_mut().zip(self.spilled.range((from, 0)..=(to, u64::MAX))) {
            *place = (reversed, key, slot);
            count += 1;
        }
        for &(reversed, key, slot) in moved.iter().take(count) {
            self.spilled.remove(&(reversed, key));
            let hash = reversed.reverse_bits();
            let home = self.home(hash);
            match self.buckets[home].0.iter_mut().find(|lane| **lane & SLOT == 0) {
                Some(lane) => *lane = entry(hash, slot) | *lane & SPILLED,
                None => self.spill(home, hash, key, slot),
            }
        }
    }

    /// Reads what a later search for a key will read; the slot it may find.
    #[inline(always)]
    pub fn peek(&self, key: u64) -> u32 {
        let hash = self.hash(key);
        let lanes = &self.buckets[self.home(hash)].0;
        let hits = lane_bits(lanes, |lane| (lane >> 32) as u32 == hash);
        (lanes[hits.trailing_zeros() as usize % LANES] & SLOT).wrapping_sub(1) as u32
    }
}

/// How many keys so many buckets hold before there has to be another.
fn room(buckets: usize) -> u32 {
    (buckets + buckets / 4) as u32
}

fn entry(hash: u32, slot: u32) -> u64 {
    (hash as u64) << 32 | (slot as u64).wrapping_add(1) & SLOT
}

/// One bit for each lane that passes.
#[inline(always)]
fn lane_bits(lanes: &[u64; LANES], pass: impl Fn(u64) -> bool) -> u32 {
    let bit = |lane: usize| (pass(lanes[lane]) as u32) << lane;
    bit(0) | bit(1) | bit(2) | bit(3)
}
