//! What a program needs to live in RISC Zero: a start, an end, memory, input and output. Its system calls go through RISC Zero's kernel.

use alloc::vec::Vec;
use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::panic::PanicInfo;

use sha2::{Digest, Sha256};

const HALT: u32 = 0;
const SOFTWARE: u32 = 2;

/// Calls to the host, each by its number and its name.
const READ: (u32, &CStr) = (12, c"risc0_zkvm_platform::syscall::nr::SYS_READ");
const WRITE: (u32, &CStr) = (16, c"risc0_zkvm_platform::syscall::nr::SYS_WRITE");

const INPUT: u32 = 0;
const JOURNAL: u32 = 3;

/// The host gives so much at most at a time.
const READ_BYTES_MAX: usize = 1024;

// The stack ends where the program begins; the heap begins where the program ends.
global_asm!(
    ".section .text._start",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "li sp, 0x00200400",
    "call {start}",
    start = sym start,
);

extern "C" fn start() -> ! {
    crate::main()
}

/// Ends the program with a digest of what it says.
#[inline(never)]
fn halt(code: u32, output: &[u32; 8]) -> ! {
    // SAFETY: the call reads the digest and does not return.
    unsafe { asm!("ecall", in("t0") HALT, in("a0") code << 8, in("a1") output.as_ptr(), options(nostack, noreturn)) }
}

/// Makes these bytes the journal, and ends the program.
pub fn commit(values: &[u8]) -> ! {
    // SAFETY: the call reads the bytes.
    unsafe {
        asm!(
            "ecall",
            in("t0") SOFTWARE,
            in("t6") WRITE.0,
            inlateout("a0") 0 => _,
            inlateout("a1") 0 => _,
            in("a2") WRITE.1.as_ptr(),
            in("a3") JOURNAL,
            in("a4") values.as_ptr(),
            in("a5") values.len(),
            options(nostack),
        )
    }
    // What a proof is bound to, as RISC Zero hashes a structure: its name, its digests, how many they are. The other digest is that of
    // the proofs that it rests on, which are none.
    let output = Sha256::new()
        .chain_update(Sha256::digest("risc0.Output"))
        .chain_update(Sha256::digest(values))
        .chain_update([0; 32])
        .chain_update(2_u16.to_le_bytes())
        .finalize();
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(output.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    halt(0, &words)
}

/// Ends the program without a journal and with another code than 0, which no verifier of batches takes.
pub fn fail() -> ! {
    halt(1, &[0; 8])
}

/// Fills the memory from the input, and says whether there was so much.
///
/// # Safety
/// So many bytes can be written there, and the place is that of a word.
unsafe fn read(to: *mut u8, bytes: usize) -> bool {
    let mut done = 0;
    while done < bytes {
        let part = (bytes - done).min(READ_BYTES_MAX);
        let got: usize;
        // SAFETY: the call writes no more than `part` bytes.
        unsafe {
            asm!(
                "ecall",
                in("t0") SOFTWARE,
                in("t6") READ.0,
                inlateout("a0") to.wrapping_add(done) => got,
                inlateout("a1") part => _,
                in("a2") READ.1.as_ptr(),
                in("a3") INPUT,
                in("a4") part,
                options(nostack),
            )
        }
        if got != part {
            return false;
        }
        done += part;
    }
    true
}

/// The next input: how many 64-bit words it has, in one of 32 bits, and the words.
pub fn read_words() -> Vec<u64> {
    let mut len = 0_u32;
    // SAFETY: the place of a word.
    let there = unsafe { read((&raw mut len).cast(), 4) };
    assert!(there, "an input is missing");
    let len = len as usize;
    let mut words: Vec<u64> = Vec::with_capacity(len);
    // SAFETY: the capacity is that of `len` words; they are of any value once they were written.
    unsafe {
        assert!(read(words.as_mut_ptr().cast(), 8 * len), "an input ends too early");
        words.set_len(len);
    }
    words
}

/// A heap that only grows: a run is short, and giving memory back costs more than it saves.
struct Heap(UnsafeCell<usize>);

// SAFETY: the machine runs one thread.
unsafe impl Sync for Heap {}

/// Where the heap ends: the circuit takes no numbers from beyond.
const HEAP_END: usize = 0xbfff_0000;

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
                Some(end) if end <= HEAP_END => *used = end,
                _ => return core::ptr::null_mut(),
            }
            core::ptr::without_provenance_mut(aligned)
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
            if old.addr() + layout.size() == *used && size >= layout.size() && size <= HEAP_END - old.addr() {
                *used = old.addr() + size;
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
