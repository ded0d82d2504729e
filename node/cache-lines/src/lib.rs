//! Two instructions of the processor that the standard library has in no safe form.
//!
//! The core names the addresses that a command will read (`HotStore::warm`), and whoever runs it decides whether to ask
//! for them: a queue that holds the next commands knows enough to hide most of what memory costs.
//!
//! 1. [`prefetch`] changes nothing that a program can see except time.
//! 2. Any address is allowed: one that is not mapped, or not aligned, is ignored by the processor.
//! 3. [`settle`] lets nothing later begin before everything earlier is done, so that a clock that is read after it tells
//!    the whole of what came before: the processor reads its cycle counter as early as it can.
//!
//! Other processors have [`settle`] as a fence and no [`prefetch`].
#![no_std]

/// Asks for the cache line of an address. It neither reads nor waits, and an address that leads nowhere is no error.
#[inline(always)]
#[allow(clippy::not_unsafe_ptr_arg_deref, reason = "a prefetch is a hint about an address and dereferences nothing")]
pub fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the processor's manual defines PREFETCHT0 as a hint that never faults and changes no register and no
        // memory, whatever the address; it needs SSE, which every x86-64 processor has. In the language's model nothing
        // is read: no reference is made and no value loaded, so neither aliasing nor initialisation can be violated.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast::<i8>()) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// Waits until every earlier instruction has done its work, its loads included.
#[inline(always)]
pub fn settle() {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: LFENCE takes no operand and changes no register and no memory; it is part of SSE2, which every x86-64
    // processor has. It only delays what follows.
    unsafe {
        core::arch::x86_64::_mm_lfence();
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    core::sync::atomic::fence(core::sync::atomic::Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use super::{prefetch, settle};

    #[test]
    fn any_address_is_allowed_and_nothing_changes() {
        let mut words = [7_u64; 64];
        for word in &words {
            prefetch(core::ptr::from_ref(word).cast());
        }
        words[3] = 8;
        settle();
        prefetch(core::ptr::from_ref(&words[3]).cast());
        assert!(words.iter().enumerate().all(|(index, word)| *word == if index == 3 { 8 } else { 7 }));
        for address in [0, 1, 63, usize::MAX, usize::MAX / 2, 1 << 47] {
            prefetch(core::ptr::without_provenance(address));
        }
    }
}
