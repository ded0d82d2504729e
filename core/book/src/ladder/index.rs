//! Where the order of an id is: a hash that grows by one bucket at a time.
//!
//! 1. A bucket is half a cache line of four lanes; a lane holds 32 bits of the hash and a slot. A key that finds its
//!    bucket full goes to an ordered map, so the worst operation is a search in that map, whatever keys are chosen.
//! 2. Linear hashing (Litwin): there is one more bucket whenever there are more than three keys for each four, and each
//!    new bucket takes its share from one old one. There is no second table, no copy and no pause.
//! 3. Nothing moves when a key is removed, and it is found by its slot alone.
//! 4. The hash multiplies by a secret odd number: two keys chosen without knowing it collide about as seldom as random
//!    ones. The secret changes no result, only where things are.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

const LANES: u32 = 4;
/// The bits of a lane that hold a slot plus one; zero is a free lane.
const SLOT: u64 = (1 << 24) - 1;
/// The bits of a lane that hold its own number, always.
const LANE_SHIFT: u32 = 24;
/// In the first lane of a bucket: how many of its keys are in the map.
const SPILLED_ONE: u64 = 1 << 26;
const SPILLED: u64 = 0x3F << 26;
/// A bucket that ever had this many keys in the map is taken to have some for good.
const SPILLED_MAX: u64 = 16;
/// The bits of a lane that stay when its entry goes.
const OWN: u64 = SPILLED | 3 << LANE_SHIFT;
/// The bits above hold a hash, of which this one is always set: a lane is below it exactly when it is free.
const HASH_SHIFT: u32 = 32;
const HASH_MARK: u32 = 1 << 31;
/// The smallest number of buckets, a power of two.
const BUCKETS_MIN: usize = 1 << 10;

/// Slots an index can name.
pub(super) const SLOTS_MAX: u32 = SLOT as u32;

/// A word that is read and written whole, and alone. Without this the compiler reads four lanes as one vector, and a
/// processor that has just written one of them has to wait until that write has left its store buffer: each search for
/// an order that has just come in would take several times as long.
#[cfg(target_has_atomic = "64")]
#[derive(Debug, Default)]
struct Lane(core::sync::atomic::AtomicU64);

#[cfg(target_has_atomic = "64")]
impl Lane {
    #[inline(always)]
    fn get(&self) -> u64 {
        self.0.load(core::sync::atomic::Ordering::Relaxed)
    }

    #[inline(always)]
    fn set(&mut self, word: u64) {
        self.0.store(word, core::sync::atomic::Ordering::Relaxed);
    }
}

/// A word, where there is no way to say more.
#[cfg(not(target_has_atomic = "64"))]
#[derive(Debug, Default)]
struct Lane(u64);

#[cfg(not(target_has_atomic = "64"))]
impl Lane {
    fn get(&self) -> u64 {
        self.0
    }

    fn set(&mut self, word: u64) {
        self.0 = word;
    }
}

#[derive(Debug)]
#[repr(align(32))]
struct Bucket([Lane; LANES as usize]);

impl Bucket {
    fn new() -> Bucket {
        let mut bucket = Bucket(Default::default());
        for (number, lane) in bucket.0.iter_mut().enumerate() {
            lane.set((number as u64) << LANE_SHIFT);
        }
        bucket
    }

    /// The lane that is nearest to a word, and how it differs: by less than `1 << HASH_SHIFT` if it has the word's hash.
    /// A comparison of whole words finds the hash, the slot and the lane at once, without a branch.
    #[inline(always)]
    fn nearest(&self, word: u64) -> u64 {
        let [a, b, c, d] = &self.0;
        let (ab, cd) = ((a.get() ^ word).min(b.get() ^ word), (c.get() ^ word).min(d.get() ^ word));
        ab.min(cd)
    }

    /// How many of its keys are in the map, or `SPILLED` for good.
    #[inline(always)]
    fn spilled(&self) -> u64 {
        self.0[0].get() & SPILLED
    }

    fn set_spilled(&mut self, spilled: u64) {
        let first = &mut self.0[0];
        first.set(first.get() & !SPILLED | spilled);
    }

    /// Puts an entry, or none, in a lane.
    #[inline(always)]
    fn put(&mut self, lane: u32, entry: u64) {
        let lane = &mut self.0[(lane % LANES) as usize];
        lane.set(lane.get() & OWN | entry);
    }

    /// The entry in a lane.
    #[inline(always)]
    fn entry(&self, lane: u32) -> u64 {
        self.0[(lane % LANES) as usize].get() & !OWN
    }
}

/// The lane that is named in a lane, or in its difference to a word without one.
#[inline(always)]
fn lane_of(word: u64) -> u32 {
    (word >> LANE_SHIFT) as u32 % LANES
}

/// The slot in an entry; out of range if there is none.
#[inline(always)]
fn slot_of(entry: u64) -> u32 {
    (entry & SLOT).wrapping_sub(1) as u32
}

#[inline(always)]
fn entry_of(hash: u32, slot: u32) -> u64 {
    (hash as u64) << HASH_SHIFT | (slot as u64).wrapping_add(1) & SLOT
}

/// A slot, and where in the index its entry was found, from where it may have moved since. It is one word, so that it
/// stays in a register.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found(u64);

impl Found {
    /// Nothing.
    const NOTHING: Found = Found(u64::MAX);

    #[inline(always)]
    fn new(slot: u32, home: usize, lane: u32) -> Found {
        Found((home as u64) << 34 | (lane as u64) << 32 | slot as u64)
    }

    /// A slot whose entry was not looked for.
    #[inline(always)]
    pub const fn only(slot: u32) -> Found {
        Found((u32::MAX as u64) << 32 | slot as u64)
    }

    #[inline(always)]
    pub const fn slot(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    fn home(self) -> usize {
        (self.0 >> 34) as usize
    }

    #[inline(always)]
    fn lane(self) -> u32 {
        (self.0 >> 32) as u32 % LANES
    }
}

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
    /// An empty one for at most `keys_max` keys. It begins small on purpose: a bucket is as good as random, and those in
    /// use should fit a near cache.
    pub fn new(hash_key: u64, keys_max: u32) -> Index {
        let mut buckets = Vec::with_capacity(keys_max as usize / 3 * 4 + BUCKETS_MIN);
        buckets.resize_with(BUCKETS_MIN, Bucket::new);
        let mask = BUCKETS_MIN as u32 - 1;
        Index { buckets, mask, secret: secret(hash_key), room: room(BUCKETS_MIN), len: 0, spilled: BTreeMap::new() }
    }

    /// The best mixed half of the product, its best mixed byte first.
    #[inline(always)]
    fn hash(&self, key: u64) -> u32 {
        ((key.wrapping_mul(self.secret) >> 32) as u32).swap_bytes() | HASH_MARK
    }

    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        let wide = (hash & self.mask) as usize;
        if wide < self.buckets.len() { wide } else { (hash & self.mask >> 1) as usize }
    }

    /// The slot of a key. `is` tells whether a slot has the key, for hashes may be equal.
    #[inline(always)]
    pub fn find(&self, key: u64, is: impl Fn(u32) -> bool) -> Option<Found> {
        let hash = self.hash(key);
        let home = self.home(hash);
        let bucket = &self.buckets[home];
        let nearest = bucket.nearest((hash as u64) << HASH_SHIFT);
        let same_hash = nearest >> HASH_SHIFT == 0;
        if same_hash && is(slot_of(nearest)) {
            return Some(Found::new(slot_of(nearest), home, lane_of(nearest)));
        }
        if !same_hash && bucket.spilled() == 0 {
            return None;
        }
        let found = self.find_slow(key, hash, is);
        (found.0 != Found::NOTHING.0).then_some(found)
    }

    #[cold]
    #[inline(never)]
    fn find_slow(&self, key: u64, hash: u32, is: impl Fn(u32) -> bool) -> Found {
        let bucket = &self.buckets[self.home(hash)];
        for lane in 0..LANES {
            let entry = bucket.entry(lane);
            if entry >> HASH_SHIFT == hash as u64 && is(slot_of(entry)) {
                return Found::only(slot_of(entry));
            }
        }
        self.spilled.get(&(hash.reverse_bits(), key)).map_or(Found::NOTHING, |&slot| Found::only(slot))
    }

    /// Adds a key that it does not have.
    #[inline(always)]
    pub fn insert(&mut self, key: u64, slot: u32) {
        let hash = self.hash(key);
        let home = self.home(hash);
        self.place(home, hash, key, slot);
        self.len = self.len.wrapping_add(1);
        if self.len > self.room {
            self.grow();
        }
    }

    #[inline(always)]
    fn place(&mut self, home: usize, hash: u32, key: u64, slot: u32) {
        let bucket = &mut self.buckets[home];
        let smallest = bucket.nearest(0);
        if smallest >> HASH_SHIFT == 0 {
            bucket.put(lane_of(smallest), entry_of(hash, slot));
        } else {
            self.spill(home, hash, key, slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn spill(&mut self, home: usize, hash: u32, key: u64, slot: u32) {
        self.spilled.insert((hash.reverse_bits(), key), slot);
        let bucket = &mut self.buckets[home];
        let spilled = bucket.spilled() + if bucket.spilled() == SPILLED { 0 } else { SPILLED_ONE };
        bucket.set_spilled(if spilled < SPILLED_MAX * SPILLED_ONE { spilled } else { SPILLED });
    }

    /// Removes a key that has this slot. If its entry is no longer where it was found, it is looked up.
    #[inline(always)]
    pub fn remove(&mut self, key: u64, found: Found) {
        self.len = self.len.wrapping_sub(1);
        let slot = found.slot();
        if let Some(bucket) = self.buckets.get_mut(found.home())
            && slot_of(bucket.entry(found.lane())) == slot
        {
            bucket.put(found.lane(), 0);
            return;
        }
        let hash = self.hash(key);
        let home = self.home(hash);
        let bucket = &mut self.buckets[home];
        let nearest = bucket.nearest(entry_of(hash, slot));
        if nearest & !OWN == 0 {
            bucket.put(lane_of(nearest), 0);
        } else {
            self.remove_slow(home, hash, key, slot);
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_slow(&mut self, home: usize, hash: u32, key: u64, slot: u32) {
        let bucket = &mut self.buckets[home];
        for lane in 0..LANES {
            if slot_of(bucket.entry(lane)) == slot {
                bucket.put(lane, 0);
                return;
            }
        }
        self.unspill(home, hash, key);
    }

    fn unspill(&mut self, home: usize, hash: u32, key: u64) {
        let bucket = &mut self.buckets[home];
        if self.spilled.remove(&(hash.reverse_bits(), key)).is_some() && bucket.spilled() != SPILLED {
            bucket.set_spilled(bucket.spilled().saturating_sub(SPILLED_ONE));
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
        let mut taken = Bucket::new();
        let Some(bucket) = self.buckets.get_mut(old) else { return };
        let spilled = bucket.spilled();
        bucket.set_spilled(0);
        for lane in 0..LANES {
            let entry = bucket.entry(lane);
            if entry != 0 && (entry >> HASH_SHIFT) as u32 & mask == new as u32 {
                bucket.put(lane, 0);
                taken.put(lane, entry);
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
        if spilled == SPILLED {
            self.buckets[old].set_spilled(SPILLED);
            self.buckets[new].set_spilled(SPILLED);
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
            self.place(self.home(hash), hash, key, slot);
        }
    }

    /// Names what a search for a key reads.
    #[inline(always)]
    pub fn name(&self, key: u64, touch: &impl Fn(*const u8)) {
        touch(core::ptr::from_ref(&self.buckets[self.home(self.hash(key))]).cast());
    }

    /// Reads what a later search for a key will read; the slot it may find.
    #[inline(always)]
    pub fn peek(&self, key: u64) -> u32 {
        let hash = self.hash(key);
        slot_of(self.buckets[self.home(hash)].nearest((hash as u64) << HASH_SHIFT))
    }
}

/// How many keys so many buckets hold before there has to be another.
fn room(buckets: usize) -> u32 {
    (buckets / 4 * 3) as u32
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
