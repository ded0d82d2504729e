//! Copying and comparing memory, under the names by which the compiler calls it.
//!
//! The compiler's own functions look at bytes where this machine's words would do, and most calls here are about a few words.

use core::arch::global_asm;

// As in C, eight words at a time where both lie on a word's boundary. It is assembly because a compiler makes a call to `memcpy` of any loop that copies.
global_asm!(
    ".section .text.memcpy",
    ".globl memcpy",
    "memcpy:",
    "mv t0, a0",
    "or t1, a0, a1",
    "andi t1, t1, 3",
    "bnez t1, 20f",
    "10:",
    "li t1, 32",
    "bltu a2, t1, 12f",
    "11:",
    "lw t2, 0(a1)",
    "lw t3, 4(a1)",
    "lw t4, 8(a1)",
    "lw t5, 12(a1)",
    "sw t2, 0(t0)",
    "sw t3, 4(t0)",
    "sw t4, 8(t0)",
    "sw t5, 12(t0)",
    "lw t2, 16(a1)",
    "lw t3, 20(a1)",
    "lw t4, 24(a1)",
    "lw t5, 28(a1)",
    "sw t2, 16(t0)",
    "sw t3, 20(t0)",
    "sw t4, 24(t0)",
    "sw t5, 28(t0)",
    "addi a1, a1, 32",
    "addi t0, t0, 32",
    "addi a2, a2, -32",
    "bgeu a2, t1, 11b",
    "12:",
    "li t1, 4",
    "bltu a2, t1, 30f",
    "13:",
    "lw t2, 0(a1)",
    "sw t2, 0(t0)",
    "addi a1, a1, 4",
    "addi t0, t0, 4",
    "addi a2, a2, -4",
    "bgeu a2, t1, 13b",
    "j 30f",
    // Both off a boundary by as much: bytes up to it, then words.
    "20:",
    "xor t1, a0, a1",
    "andi t1, t1, 3",
    "bnez t1, 30f",
    "21:",
    "beqz a2, 32f",
    "lbu t2, 0(a1)",
    "sb t2, 0(t0)",
    "addi a1, a1, 1",
    "addi t0, t0, 1",
    "addi a2, a2, -1",
    "andi t1, t0, 3",
    "bnez t1, 21b",
    "j 10b",
    // What is left, byte by byte.
    "30:",
    "beqz a2, 32f",
    "31:",
    "lbu t2, 0(a1)",
    "sb t2, 0(t0)",
    "addi a1, a1, 1",
    "addi t0, t0, 1",
    "addi a2, a2, -1",
    "bnez a2, 31b",
    "32:",
    "ret",
);

/// Where two pieces of memory first differ, or their length. Whole words where both are aligned: keys and digests are.
///
/// # Safety
/// Both can be read for `len` bytes.
unsafe fn first_difference(a: *const u8, b: *const u8, len: usize) -> usize {
    let mut at = 0;
    // SAFETY: `at` stays below `len`, and words are read where they are aligned.
    unsafe {
        if (a.addr() | b.addr()).is_multiple_of(4) {
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

/// As in C: whether two pieces of memory differ.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: as the caller promises.
    i32::from(unsafe { first_difference(a, b, len) } != len)
}

/// As in C: how two pieces of memory are ordered.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
    // SAFETY: as the caller promises; the difference lies before the end.
    unsafe {
        let at = first_difference(a, b, len);
        if at == len { 0 } else { i32::from(*a.add(at)) - i32::from(*b.add(at)) }
    }
}
