//! What a program needs to live in ZisK: a start, an end, memory, input and output.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;

/// Where the machine puts the input; its first word is for something else.
const INPUT: usize = 0x1000_0008;
/// Where the machine looks for the public values once the program has ended, in words of 32 bits.
const OUTPUT: *mut u32 = core::ptr::without_provenance_mut(0xa041_0000);
/// Words that it looks at.
const OUTPUT_WORDS: usize = 64;

const EXIT: u64 = 93;

// The stack lies below what belongs to the machine; `memory.ld` says where the rest is.
global_asm!(
    ".section .text._start",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "li sp, 0xa0400000",
    "call {start}",
    start = sym start,
);

extern "C" fn start() -> ! {
    crate::main()
}

fn exit(code: u64) -> ! {
    // SAFETY: the call does not return.
    unsafe { asm!("ecall", in("a7") EXIT, in("a0") code, options(nostack, noreturn)) }
}

/// Makes these bytes the public values, and ends the program.
pub fn commit(values: &[u8]) -> ! {
    let (words, over) = values.as_chunks();
    assert!(over.is_empty() && words.len() <= OUTPUT_WORDS, "no such public values");
    for (at, word) in words.iter().enumerate() {
        // SAFETY: memory of the machine's that is there to be written, and no place of anything else.
        unsafe { OUTPUT.add(at).write_volatile(u32::from_le_bytes(*word)) }
    }
    exit(0)
}

/// Ends the program with an error, and so without a proof.
pub fn fail() -> ! {
    exit(1)
}

/// What has not been read of the input.
pub struct Input {
    at: usize,
}

impl Input {
    /// All of it. Asked for once.
    pub fn new() -> Input {
        Input { at: INPUT }
    }

    /// The next input, which is read where it lies: how many bytes it has, in a word of 64 bits, and as many words.
    pub fn words(&mut self) -> &'static [u64] {
        wait_for(self.at + 7);
        // SAFETY: the input can be read, and is never written.
        let bytes = unsafe { *core::ptr::without_provenance::<u64>(self.at) } as usize;
        assert!(bytes % 8 == 0 && bytes < 1 << 31, "an input is no whole number of words");
        let first = self.at + 8;
        self.at = first + bytes;
        if bytes > 0 {
            wait_for(self.at - 1);
        }
        // SAFETY: as above; words have any value.
        unsafe { core::slice::from_raw_parts(core::ptr::without_provenance(first), bytes / 8) }
    }
}

/// Tells the host that the input is read up to this byte. Nothing is proven by it: a host that has no such input has no run.
fn wait_for(last: usize) {
    // SAFETY: neither writes memory. The first passes a number, the second asks for function 23.
    unsafe { asm!("csrs 0x8f0, {last}", "csrwi 0x8c0, 23", last = in(reg) last, options(nostack)) }
}

/// A heap that only grows: a run is short, and giving memory back costs more than it saves.
struct Heap(UnsafeCell<usize>);

// SAFETY: the machine runs one thread.
unsafe impl Sync for Heap {}

/// Where the heap ends: what lies behind is the machine's own.
const HEAP_END: usize = 0xbffc_0000;

unsafe extern "C" {
    /// Where the program's memory ends, by the linker.
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
