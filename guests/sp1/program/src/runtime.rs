//! What a program needs to live in SP1: a start, an end, memory, input and output.

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use sha2::{Digest, Sha256};

const HALT: u64 = 0x00;
const WRITE: u64 = 0x02;
const COMMIT: u64 = 0x10;
const COMMIT_DEFERRED_PROOFS: u64 = 0x1a;
const HINT_LEN: u64 = 0xf0;
const HINT_READ: u64 = 0xf1;

const PUBLIC_VALUES: u64 = 13;

/// Words of the digest of public values, and of that of the proofs that a program verifies: here none.
const DIGEST_WORDS: u64 = 8;

// The stack ends where the program begins; the heap begins where the program ends.
global_asm!(
    ".section .text._start",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "li sp, 0x78000000",
    "call {start}",
    start = sym start,
);

extern "C" fn start() -> ! {
    crate::main()
}

/// Ends the program. Its public values are bound by their SHA-256.
fn halt(code: u64, values: &[u8]) -> ! {
    let digest = Sha256::digest(values);
    for (index, word) in (0u64..).zip(digest.as_chunks().0) {
        let word = u64::from(u32::from_le_bytes(*word));
        // SAFETY: the call reads its registers.
        unsafe { asm!("ecall", in("t0") COMMIT, in("a0") index, in("a1") word, options(nostack)) }
    }
    for index in 0..DIGEST_WORDS {
        // SAFETY: as above.
        unsafe { asm!("ecall", in("t0") COMMIT_DEFERRED_PROOFS, in("a0") index, in("a1") 0, options(nostack)) }
    }
    // SAFETY: the call does not return.
    unsafe { asm!("ecall", in("t0") HALT, in("a0") code, options(nostack, noreturn)) }
}

/// Makes these bytes the public values, and ends the program.
pub fn commit(values: &[u8]) -> ! {
    // SAFETY: the call reads the bytes.
    unsafe {
        asm!(
            "ecall",
            in("t0") WRITE,
            in("a0") PUBLIC_VALUES,
            in("a1") values.as_ptr(),
            in("a2") values.len(),
            options(nostack),
        )
    }
    halt(0, values)
}

/// Ends the program without public values, and so without a proof.
pub fn fail() -> ! {
    halt(1, &[])
}

/// The next input, which must be a whole number of words.
pub fn read_words() -> Vec<u64> {
    let len: usize;
    // SAFETY: the call writes its register.
    unsafe { asm!("ecall", inlateout("t0") HINT_LEN => len, options(nostack)) }
    assert!(len != usize::MAX && len % 8 == 0, "an input is missing, or no whole number of words");
    let mut words = Vec::with_capacity(len / 8);
    // SAFETY: the call fills exactly `len` bytes of memory that is fresh, as it must be, since this heap never gives memory out twice.
    unsafe {
        asm!("ecall", in("t0") HINT_READ, in("a0") words.as_mut_ptr(), in("a1") len, options(nostack));
        words.set_len(len / 8);
    }
    words
}

/// A heap that only grows: a run is short, and giving memory back costs more than it saves.
struct Heap(UnsafeCell<usize>);

// SAFETY: the machine runs one thread.
unsafe impl Sync for Heap {}

/// Where the heap ends: no input of a bounded batch comes near it.
const HEAP_END: usize = 1 << 36;

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
            *used = aligned + layout.size();
            if *used > HEAP_END { core::ptr::null_mut() } else { core::ptr::without_provenance_mut(aligned) }
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
            if old.addr() + layout.size() == *used && size >= layout.size() {
                *used = old.addr() + size;
                return old;
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            core::ptr::copy_nonoverlapping(old, new, layout.size().min(size));
            new
        }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(0));

// As in C. The compiler's own function goes a word at a time, and most copies here are of a few words: this one goes four at a time,
// and over halves of words where the two lie so. It is assembly because a compiler makes a call to `memcpy` of any loop that copies.
global_asm!(
    ".section .text.memcpy",
    ".globl memcpy",
    "memcpy:",
    "mv t0, a0",
    "xor t1, a0, a1",
    "andi t2, t1, 7",
    "bnez t2, 20f",
    // Both lie alike: bytes up to a word's boundary, then words.
    "10:",
    "andi t2, t0, 7",
    "beqz t2, 11f",
    "beqz a2, 40f",
    "lbu t3, 0(a1)",
    "sb t3, 0(t0)",
    "addi a1, a1, 1",
    "addi t0, t0, 1",
    "addi a2, a2, -1",
    "j 10b",
    "11:",
    "li t2, 32",
    "bltu a2, t2, 13f",
    "12:",
    "ld t3, 0(a1)",
    "ld t4, 8(a1)",
    "ld t5, 16(a1)",
    "ld t6, 24(a1)",
    "sd t3, 0(t0)",
    "sd t4, 8(t0)",
    "sd t5, 16(t0)",
    "sd t6, 24(t0)",
    "addi a1, a1, 32",
    "addi t0, t0, 32",
    "addi a2, a2, -32",
    "bgeu a2, t2, 12b",
    "13:",
    "li t2, 8",
    "bltu a2, t2, 30f",
    "14:",
    "ld t3, 0(a1)",
    "sd t3, 0(t0)",
    "addi a1, a1, 8",
    "addi t0, t0, 8",
    "addi a2, a2, -8",
    "bgeu a2, t2, 14b",
    "j 30f",
    // They differ by half a word, and lie on its boundary: halves.
    "20:",
    "andi t2, t1, 3",
    "bnez t2, 30f",
    "andi t2, t0, 3",
    "bnez t2, 30f",
    "li t2, 16",
    "bltu a2, t2, 22f",
    "21:",
    "lwu t3, 0(a1)",
    "lwu t4, 4(a1)",
    "lwu t5, 8(a1)",
    "lwu t6, 12(a1)",
    "sw t3, 0(t0)",
    "sw t4, 4(t0)",
    "sw t5, 8(t0)",
    "sw t6, 12(t0)",
    "addi a1, a1, 16",
    "addi t0, t0, 16",
    "addi a2, a2, -16",
    "bgeu a2, t2, 21b",
    "22:",
    "li t2, 4",
    "bltu a2, t2, 30f",
    "23:",
    "lwu t3, 0(a1)",
    "sw t3, 0(t0)",
    "addi a1, a1, 4",
    "addi t0, t0, 4",
    "addi a2, a2, -4",
    "bgeu a2, t2, 23b",
    // What is left, byte by byte.
    "30:",
    "beqz a2, 40f",
    "31:",
    "lbu t3, 0(a1)",
    "sb t3, 0(t0)",
    "addi a1, a1, 1",
    "addi t0, t0, 1",
    "addi a2, a2, -1",
    "bnez a2, 31b",
    "40:",
    "ret",
);

/// Where two pieces of memory first differ, or their length. Whole words where both are aligned: keys and digests are, and the compiler's own
/// function would look at every byte.
///
/// # Safety
/// Both can be read for `len` bytes.
unsafe fn first_difference(a: *const u8, b: *const u8, len: usize) -> usize {
    let mut at = 0;
    // SAFETY: `at` stays below `len`, and wider reads are aligned.
    unsafe {
        if (a.addr() | b.addr()) % 8 == 0 {
            while at + 8 <= len && *a.add(at).cast::<u64>() == *b.add(at).cast::<u64>() {
                at += 8;
            }
        } else if (a.addr() | b.addr()) % 4 == 0 {
            while at + 4 <= len && *a.add(at).cast::<u32>() == *b.add(at).cast::<u32>() {
                at += 4;
            }
        }
        while at < len && *a.add(at) == *b.add(at) {
            at += 1;
        }
    }
    at
}

/// As in C: whether two pieces of memory differ. The compiler calls it by this name.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: as the caller promises.
    i32::from(unsafe { first_difference(a, b, len) } != len)
}

/// As in C: how two pieces of memory are ordered. The compiler calls it by this name.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: as the caller promises; the difference lies before the end.
    unsafe {
        let at = first_difference(a, b, len);
        if at == len { 0 } else { i32::from(*a.add(at)) - i32::from(*b.add(at)) }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
