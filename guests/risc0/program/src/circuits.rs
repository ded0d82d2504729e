//! RISC Zero's circuit of big numbers, by its system call.
//!
//! The circuit runs a program over numbers: one part of it tells the host what to compute, the other is proven and checks what the host has
//! said. The check holds modulo a prime, so a result may be the prime or more above what it should be; here that ends the run.

use core::arch::asm;
use core::mem::MaybeUninit;

use ashlar_guest_curve::{Affine, Circuits, Modulus, Number};

const BIG_NUMBERS: u32 = 6;

/// A program for the circuit: four numbers that say how long its parts are, then its parts.
#[repr(C, align(4))]
struct Program<const N: usize>([u8; N]);

/// `ASHLAR_BIGINT2` is the folder of the crate `risc0-bigint2`, as the guest's build script finds it.
macro_rules! program {
    ($path:literal) => {
        Program(*include_bytes!(concat!(env!("ASHLAR_BIGINT2"), "/src/", $path)))
    };
}

static ADD: Program<1596> = program!("ec/ec_add_256.blob");
static DOUBLE: Program<1680> = program!("ec/ec_double_256.blob");
static MULTIPLY: Program<328> = program!("field/modmul_256.blob");

/// The prime of the coordinates, and the coefficients of `y^2 = x^3 + 0 x + 7`.
static CURVE: [Number; 3] = [Modulus::FIELD.value, [0; 4], [7, 0, 0, 0]];

impl<const N: usize> Program<N> {
    const HEADER_BYTES: usize = 16;

    const fn header(&self, at: usize) -> usize {
        let bytes = &self.0;
        u32::from_le_bytes([bytes[4 * at], bytes[4 * at + 1], bytes[4 * at + 2], bytes[4 * at + 3]]) as usize
    }

    /// Runs it over up to four operands, of which it reads all but the last and writes that.
    ///
    /// # Safety
    /// The program has so many operands, and they are as wide as it takes them.
    #[inline(always)]
    unsafe fn run(&'static self, operands: [*const u64; 4]) {
        let bytes = self.0.as_ptr();
        let hints = bytes.wrapping_add(Self::HEADER_BYTES);
        let proven = hints.wrapping_add(4 * self.header(0));
        let constants = proven.wrapping_add(4 * self.header(1));
        let scratch = 4 * self.header(3);
        // SAFETY: as the caller promises; what the program keeps for itself lies on the stack, below what is used of it.
        unsafe {
            asm!(
                "sub sp, sp, {scratch}",
                "ecall",
                "add sp, sp, {scratch}",
                scratch = in(reg) scratch,
                in("t0") BIG_NUMBERS,
                in("t1") hints,
                in("t2") proven,
                in("t3") constants,
                in("a0") bytes,
                in("a1") operands[0],
                in("a2") operands[1],
                in("a3") operands[2],
                in("a4") operands[3],
            )
        }
    }
}

/// Ends the run unless the number is below the modulus. A host that is honest never says another, and nothing may be proven with one.
#[inline(always)]
fn assert_reduced(number: &Number, modulus: &Modulus) {
    assert!(number[3] != u64::MAX || modulus.reduce(number) == *number, "a result is not reduced");
}

#[inline(always)]
fn assert_point(point: &Affine) {
    assert_reduced(&point.x, &Modulus::FIELD);
    assert_reduced(&point.y, &Modulus::FIELD);
}

/// The circuit for secp256k1.
pub struct RiscZeroCircuits;

impl Circuits for RiscZeroCircuits {
    #[inline]
    fn add(p: &mut Affine, q: &Affine) {
        let mut sum = MaybeUninit::<Affine>::uninit();
        // SAFETY: two points, the curve and the sum, each number eight 32-bit words, the least significant first. The program writes all of the sum.
        *p = unsafe {
            ADD.run([p.x.as_ptr(), q.x.as_ptr(), CURVE[0].as_ptr(), sum.as_mut_ptr().cast_const().cast()]);
            sum.assume_init()
        };
        assert_point(p);
    }

    #[inline]
    fn double(p: &mut Affine) {
        let mut sum = MaybeUninit::<Affine>::uninit();
        // SAFETY: a point, the curve and the sum; the fourth is not looked at.
        *p = unsafe {
            DOUBLE.run([p.x.as_ptr(), CURVE[0].as_ptr(), sum.as_mut_ptr().cast_const().cast(), core::ptr::null()]);
            sum.assume_init()
        };
        assert_point(p);
    }

    #[inline]
    fn multiply_add(a: &Number, b: &Number, c: &Number, modulus: &Modulus) -> Number {
        // Of reduced factors the quotient fits its 256 bits.
        let (a, b) = (modulus.reduce(a), modulus.reduce(b));
        let mut product = MaybeUninit::<Number>::uninit();
        // SAFETY: two factors, the modulus and the product.
        let product = unsafe {
            MULTIPLY.run([a.as_ptr(), b.as_ptr(), modulus.value.as_ptr(), product.as_mut_ptr().cast_const().cast()]);
            product.assume_init()
        };
        assert_reduced(&product, modulus);
        add(&product, &modulus.reduce(c), modulus)
    }
}

/// `a + b` of two numbers below the modulus.
fn add(a: &Number, b: &Number, modulus: &Modulus) -> Number {
    let (mut sum, mut carry) = ([0; 4], false);
    for ((to, a), b) in sum.iter_mut().zip(a).zip(b) {
        let (once, first) = a.overflowing_add(*b);
        let (twice, second) = once.overflowing_add(carry.into());
        (*to, carry) = (twice, first | second);
    }
    if !carry {
        return modulus.reduce(&sum);
    }
    // 2^256 is the complement modulo the modulus, and the sum without it is far below the modulus less that.
    add(&sum, &modulus.complement, modulus)
}
