//! The ring itself.
//!
//! Invariants, on which every `unsafe` block below rests:
//!
//! - **R-1** `published` and `taken` count records since the beginning. Only the one [`Writer`] changes `published`, only
//!   the one [`Reader`] changes `taken`; both only grow, and `taken <= published <= written <= taken + capacity`.
//! - **R-2** Record `k` lies in the slot that [`Ring::slot`] gives for `k`; two records less than `capacity` apart lie in
//!   different slots.
//! - **R-3** The writer touches the slot of `k` only while `published <= k < taken + capacity`, and publishes with
//!   `Release` after it wrote. It learns `taken` with `Acquire`, block by block, before it enters a block.
//! - **R-4** The reader touches the slot of `k` only while `taken <= k < published`. It learns `published` with `Acquire`
//!   and gives slots back with `Release` after it read them.
//! - **R-5** Slots are initialised when the ring is made and hold `Copy` values, so a slot can always be overwritten and
//!   nothing in it has to be dropped.

use crate::sync::{Arc, AtomicUsize, Ordering, UnsafeCell, spin_loop};

/// Records in a block: 4 KiB of 32-byte records. The model checker cannot afford as many.
const BLOCK: usize = if cfg!(loom) { 2 } else { 128 };
/// How far apart consecutive blocks are. It is odd, so it visits each of a power of two of blocks.
const STRIDE: usize = 0x2ea5;

/// A count on cache lines of its own, with room for the pair that is fetched together.
#[derive(Debug)]
#[repr(align(256))]
struct Count(AtomicUsize);

#[derive(Debug)]
struct Ring<T> {
    published: Count,
    taken: Count,
    slots: Box<[UnsafeCell<T>]>,
    /// One less than the number of blocks, which is a power of two.
    block_mask: usize,
}

// SAFETY: by no slot is touched by both threads without a release and an acquire between them, and by
// R-1 there is one thread of each kind, for neither `Writer` nor `Reader` can be cloned.
unsafe impl<T: Copy + Send> Sync for Ring<T> {}

impl<T> Ring<T> {
    /// The index of the first slot of a block.
    #[inline(always)]
    fn block(&self, number: usize) -> usize {
        (number.wrapping_mul(STRIDE) & self.block_mask) * BLOCK
    }

    /// The index of the slot of record `k`.
    #[inline(always)]
    fn slot(&self, k: usize) -> usize {
        self.block(k / BLOCK) + k % BLOCK
    }

    fn capacity(&self) -> usize {
        self.slots.len()
    }
}

/// Makes a ring for at least `capacity` records: the end to write to and the end to read from.
///
/// All of its memory is written to here, so that using it for the first time takes no longer than later.
pub fn ring<T: Copy + Default + Send>(capacity: usize) -> (Writer<T>, Reader<T>) {
    let blocks = capacity.div_ceil(BLOCK).max(2).next_power_of_two();
    let slots = (0..blocks * BLOCK).map(|_| UnsafeCell::new(T::default())).collect();
    let zero = || Count(AtomicUsize::new(0));
    let ring = Arc::new(Ring { published: zero(), taken: zero(), slots, block_mask: blocks - 1 });
    let mut writer = Writer { cursor: std::ptr::null(), end: std::ptr::null(), block: 0, taken: 0, ring: ring.clone() };
    writer.enter(0);
    (writer, Reader { next: 0, ring })
}

/// The end that is written to.
#[derive(Debug)]
pub struct Writer<T> {
    /// The slot of the next record.
    cursor: *const UnsafeCell<T>,
    /// The end of its block. The cursor is never there between calls.
    end: *const UnsafeCell<T>,
    /// The number of its block.
    block: usize,
    /// What `taken` was when it was last looked at.
    taken: usize,
    ring: Arc<Ring<T>>,
}

// SAFETY: the pointers lead into the slots, which the `Arc` keeps and which are shared as `Ring`'s `Sync` allows.
unsafe impl<T: Copy + Send> Send for Writer<T> {}

impl<T: Copy> Writer<T> {
    /// Writes a record. If that fills a block, the block is published, and the writer waits until there is another.
    #[inline(always)]
    pub fn push(&mut self, record: T) {
        // SAFETY: the cursor is in a block that `enter` found free and is not its end, so it is a slot that no
        // one else touches; one slot further is within the block or its end.
        unsafe {
            (*self.cursor).with_mut(|slot| slot.write(record));
            self.cursor = self.cursor.add(1);
        }
        if self.cursor == self.end {
            self.turn();
        }
    }

    /// Publishes what was written since the last publication.
    pub fn publish(&mut self) {
        // SAFETY: both pointers are in the same block of the same array.
        let left = unsafe { self.end.offset_from(self.cursor) } as usize;
        self.ring.published.0.store((self.block + 1) * BLOCK - left, Ordering::Release);
    }

    /// Publishes a full block and goes to the next.
    #[cold]
    #[inline(never)]
    fn turn(&mut self) {
        let next = self.block + 1;
        self.ring.published.0.store(next * BLOCK, Ordering::Release);
        // all of the next block must have been taken, a whole ring ago.
        while (next + 1) * BLOCK - self.taken > self.ring.capacity() {
            self.taken = self.ring.taken.0.load(Ordering::Acquire);
            spin_loop();
            #[cfg(loom)]
            loom::thread::yield_now();
        }
        self.enter(next);
    }

    fn enter(&mut self, block: usize) {
        self.block = block;
        let slots = &self.ring.slots[self.ring.block(block)..][..BLOCK];
        let range = slots.as_ptr_range();
        (self.cursor, self.end) = (range.start, range.end);
        fetch_to_write(&self.ring.slots[self.ring.block(block + 1)..][..BLOCK]);
    }
}

/// Asks for the lines of a block before they are written to. It changes nothing, even if they are being read.
#[inline(always)]
fn fetch_to_write<T>(slots: &[UnsafeCell<T>]) {
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    {
        use std::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        let start = slots.as_ptr().cast::<i8>();
        for offset in (0..size_of_val(slots)).step_by(64) {
            // SAFETY: the address is within the slots, and a prefetch of any address is allowed.
            unsafe { _mm_prefetch::<_MM_HINT_ET0>(start.add(offset)) };
        }
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    let _ = slots;
}

/// The end that is read from.
#[derive(Debug)]
pub struct Reader<T> {
    /// The number of the next record.
    next: usize,
    ring: Arc<Ring<T>>,
}

impl<T: Copy> Reader<T> {
    /// Gives up to `max` published records to `each`, all of one block, and says how many; zero if there is none.
    #[inline]
    pub fn read(&mut self, max: usize, mut each: impl FnMut(usize, T)) -> usize {
        let published = self.ring.published.0.load(Ordering::Acquire);
        let in_block = BLOCK - self.next % BLOCK;
        let count = (published - self.next).min(max).min(in_block);
        let first = self.ring.slot(self.next);
        for (index, slot) in self.ring.slots[first..first + count].iter().enumerate() {
            // SAFETY: records `next .. next + count` are published and not taken, and initialised.
            each(index, slot.with(|slot| unsafe { slot.read() }));
        }
        self.next += count;
        // A whole block is given back at once: the writer looks no more often.
        if count == in_block || self.next == published {
            self.ring.taken.0.store(self.next, Ordering::Release);
        }
        count
    }
}
