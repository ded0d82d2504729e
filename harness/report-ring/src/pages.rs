//! Memory in huge pages, for a program whose books and rings are touched at random.
//!
//! A book of a few megabytes in pages of 4 KiB has more pages than a core remembers the places of, and each order then
//! waits for a walk through the page tables. A program that holds few markets gives its process this allocator:
//!
//! ```
//! #[global_allocator]
//! static MEMORY: ashlar_report_ring::HugePages = ashlar_report_ring::HugePages;
//! ```
//!
//! Invariant: an allocation goes to the system's allocator or to a mapping of its own by its layout alone, so it is given
//! back to where it came from.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

/// A huge page, and the smallest allocation that gets some of its own.
const HUGE: usize = 2 << 20;

const READ_AND_WRITE: c_int = 1 | 2;
const PRIVATE_AND_ANONYMOUS: c_int = 2 | 0x20;
const NO_RESERVE: c_int = 0x4000;
const ADVISE_HUGE: c_int = 14;

unsafe extern "C" {
    fn mmap(at: *mut c_void, bytes: usize, access: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn munmap(at: *mut c_void, bytes: usize) -> c_int;
    fn madvise(at: *mut c_void, bytes: usize, advice: c_int) -> c_int;
}

/// The system's allocator, with huge pages for what is large. Such memory is zero, and committed when it is touched.
#[derive(Clone, Copy, Debug, Default)]
pub struct HugePages;

fn is_large(layout: Layout) -> bool {
    cfg!(all(target_os = "linux", not(miri))) && layout.size() >= HUGE && layout.align() <= HUGE
}

fn rounded(bytes: usize) -> Option<usize> {
    bytes.checked_next_multiple_of(HUGE)
}

/// A mapping of its own, on a boundary of huge pages.
fn map(bytes: usize) -> *mut u8 {
    let Some((bytes, with_slack)) = rounded(bytes).and_then(|bytes| Some((bytes, bytes.checked_add(HUGE)?))) else {
        return null_mut();
    };
    // SAFETY: a new mapping anywhere is asked for; what stands before and after the boundary in it is given back, and
    // nothing else knows of it.
    unsafe {
        let start = mmap(null_mut(), with_slack, READ_AND_WRITE, PRIVATE_AND_ANONYMOUS | NO_RESERVE, -1, 0);
        if start as isize == -1 {
            return null_mut();
        }
        let before = start.align_offset(HUGE);
        let aligned = start.cast::<u8>().add(before);
        if before > 0 {
            munmap(start, before);
        }
        if before < HUGE {
            munmap(aligned.add(bytes).cast(), HUGE - before);
        }
        madvise(aligned.cast(), bytes, ADVISE_HUGE);
        aligned
    }
}

// SAFETY: every method keeps the contract of the system's allocator, to which it passes what is not large. What is large
// is a mapping of its own: fresh, zero, aligned to more than is asked, unmapped once and whole.
unsafe impl GlobalAlloc for HugePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return map(layout.size());
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_large(layout) {
            return map(layout.size());
        }
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if is_large(layout) {
            let bytes = rounded(layout.size()).unwrap_or(layout.size());
            // SAFETY: the same layout was mapped by `map`, with this many bytes left of it.
            unsafe { munmap(at.cast(), bytes) };
            return;
        }
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
}
