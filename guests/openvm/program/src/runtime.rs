//! What a program needs to live in OpenVM: a start, an end, a heap, input and output.

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use sha2::{Digest, Sha256};

// The stack ends where the program begins; the heap begins where the program ends.
global_asm!(
    ".section .text._start",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "li sp, 0x400000",
    "call {start}",
    start = sym start,
);

extern "C" fn start() -> ! {
    crate::main()
}

/// Makes the SHA-256 of these bytes the public values of the machine, and ends the program.
pub fn commit(values: &[u8]) -> ! {
    let digest = Sha256::digest(values);
    for (at, word) in (0u32..).step_by(4).zip(digest.as_chunks().0) {
        let word = u32::from_le_bytes(*word);
        // SAFETY: writes to the memory of public values, which is apart.
        unsafe { asm!(".insn i 0x0b, 2, {0}, {1}, 0", in(reg) at, in(reg) word, options(nostack)) }
    }
    // SAFETY: it does not return.
    unsafe { asm!(".insn i 0x0b, 0, x0, x0, 0", options(nostack, noreturn)) }
}

/// Ends the program without public values, and so without a proof.
pub fn fail() -> ! {
    // SAFETY: it does not return.
    unsafe { asm!(".insn i 0x0b, 0, x0, x0, 1", options(nostack, noreturn)) }
}

/// So many words of 32 bits one instruction fills.
const FILL_MAX: usize = 1023;

/// The next input, which must be a whole number of words.
pub fn read_words() -> Vec<u64> {
    let mut len = 0u32;
    // SAFETY: opens the next input, and writes the word that precedes it, its number of bytes.
    unsafe {
        asm!(".insn i 0x0b, 3, x0, x0, 0", ".insn i 0x0b, 1, {0}, x0, 0", in(reg) &mut len, options(nostack));
    }
    let len = len as usize;
    assert!(len.is_multiple_of(8), "no whole number of words");
    let mut words = Vec::<u64>::with_capacity(len / 8);
    let (mut to, mut left) = (words.as_mut_ptr().cast::<u32>(), len / 4);
    while left != 0 {
        let filled = left.min(FILL_MAX);
        // SAFETY: writes so many words into memory that was reserved for them.
        unsafe {
            asm!(".insn i 0x0b, 1, {0}, {1}, 1", in(reg) to, in(reg) filled, options(nostack));
            to = to.add(filled);
        }
        left -= filled;
    }
    // SAFETY: all of it was written.
    unsafe { words.set_len(len / 8) }
    words
}

/// A heap that only grows: a run is short, and giving memory back costs more than it saves.
struct Heap(UnsafeCell<usize>);

// SAFETY: the machine runs one thread.
unsafe impl Sync for Heap {}

/// Where the machine's memory ends.
const HEAP_END: usize = 1 << 29;

unsafe extern "C" {
    /// Where the program ends, by the linker.
    static _end: u8;
}

// SAFETY: no two allocations overlap, and each is aligned.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread; nothing else reads or writes the cell meanwhile.
        unsafe {
            let used = &mut *self.0.get();
            let start = if *used == 0 { &raw const _end as usize } else { *used };
            let aligned = start.next_multiple_of(layout.align());
            match aligned.checked_add(layout.size()) {
                Some(end) if end <= HEAP_END => {
                    *used = end;
                    core::ptr::without_provenance_mut(aligned)
                }
                _ => core::ptr::null_mut(),
            }
        }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: memory that was never written is zero here.
        unsafe { self.alloc(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: what lies behind the last allocation was never given out; else the caller's bytes are copied to fresh memory.
        unsafe {
            let used = &mut *self.0.get();
            let is_last = old.addr() + layout.size() == *used;
            if let Some(end) =
                old.addr().checked_add(size).filter(|end| is_last && size >= layout.size() && *end <= HEAP_END)
            {
                *used = end;
                return old;
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(old, new, layout.size().min(size));
            }
            new
        }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(0));

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
