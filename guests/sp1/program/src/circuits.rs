//! SP1's circuits, by its system calls.

use core::arch::asm;
use core::cell::UnsafeCell;

use ashlar_guest_curve::{Affine, Circuits, Modulus, Number};

const SHA_EXTEND: u64 = 0x0030_0105;
const SHA_COMPRESS: u64 = 0x0001_0106;
const KECCAK_PERMUTE: u64 = 0x0001_0109;
const SECP256K1_ADD: u64 = 0x0001_010a;
const SECP256K1_DOUBLE: u64 = 0x0000_010b;
const UINT256_MUL_CARRY: u64 = 0x0001_0131;

/// A system call with two pointers, which the circuit reads and writes through.
#[inline(always)]
unsafe fn call<A, B>(code: u64, a: *mut A, b: *const B) {
    unsafe { asm!("ecall", in("t0") code, in("a0") a, in("a1") b, options(nostack)) }
}

/// The message schedule and the state in the form of the circuits, one word in 64 bits. Always the same place, because memory
/// that is written for the first time is dearer to prove.
#[repr(C)]
struct Compression {
    schedule: [u64; 64],
    state: [u64; 8],
}

struct Single(UnsafeCell<Compression>);

// SAFETY: the machine runs one thread, and nothing below keeps a reference while it calls anything else.
unsafe impl Sync for Single {}

static COMPRESSION: Single = Single(UnsafeCell::new(Compression { schedule: [0; 64], state: [0; 8] }));

#[unsafe(no_mangle)]
fn ashlar_sha256_block() -> *mut [u64; 16] {
    // The block is the beginning of the schedule.
    COMPRESSION.0.get().cast()
}

#[unsafe(no_mangle)]
fn ashlar_sha256_compress(state: &mut [u32; 8]) {
    // SAFETY: see `Single`. Both calls read and write the arrays that they are given, and no others.
    unsafe {
        let Compression { schedule, state: wide } = &mut *COMPRESSION.0.get();
        for (to, from) in wide.iter_mut().zip(&*state) {
            *to = (*from).into();
        }
        call(SHA_EXTEND, schedule.as_mut_ptr(), core::ptr::null::<u64>());
        call(SHA_COMPRESS, schedule.as_mut_ptr(), wide.as_ptr());
        for (to, from) in state.iter_mut().zip(wide) {
            *to = *from as u32;
        }
    }
}

#[unsafe(no_mangle)]
fn ashlar_keccak_permute(state: &mut [u64; 25]) {
    // SAFETY: the call reads and writes the state.
    unsafe { call(KECCAK_PERMUTE, state.as_mut_ptr(), core::ptr::null::<u64>()) }
}

/// The circuits for secp256k1.
pub struct Sp1Circuits;

impl Circuits for Sp1Circuits {
    #[inline(always)]
    fn add(p: &mut Affine, q: &Affine) {
        // SAFETY: both are eight words, x first, least significant first, as the circuit has them.
        unsafe { call(SECP256K1_ADD, p, q) }
    }

    #[inline(always)]
    fn double(p: &mut Affine) {
        // SAFETY: as above; the second pointer must be null.
        unsafe { call(SECP256K1_DOUBLE, p, core::ptr::null::<u64>()) }
    }

    #[inline]
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number {
        let (mut low, mut high) = ([0; 4], [0; 4]);
        multiply_carry(a, b, c, &mut low, &mut high);
        // 2^256 is the complement modulo the modulus; each turn leaves less above.
        while high[0] | high[1] | high[2] | high[3] != 0 {
            let (above, below) = (high, low);
            multiply_carry(&above, &modulus.complement, &below, &mut low, &mut high);
        }
        modulus.reduce(&low)
    }
}

/// `low + 2^256 * high = a * b + c`.
#[inline(always)]
fn multiply_carry(a: &Number, b: &Number, c: &Number, low: &mut Number, high: &mut Number) {
    // SAFETY: the call reads the first three and writes the last two.
    unsafe {
        asm!(
            "ecall",
            in("t0") UINT256_MUL_CARRY,
            in("a0") a.as_ptr(),
            in("a1") b.as_ptr(),
            in("a2") c.as_ptr(),
            in("a3") low.as_mut_ptr(),
            in("a4") high.as_mut_ptr(),
            options(nostack),
        )
    }
}
