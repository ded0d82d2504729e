//! Numbers of 256 bits.

/// Four limbs, the least significant first.
pub type Number = [u64; 4];

/// A prime near 2^256.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Modulus {
    /// The prime.
    pub value: Number,
    /// `2^256` minus the prime.
    pub complement: Number,
}

impl Modulus {
    /// Of the coordinates of points.
    pub const FIELD: Modulus =
        Modulus { value: [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX], complement: [0x1_0000_03d1, 0, 0, 0] };
    /// The number of points, and so of scalars.
    pub const ORDER: Modulus = Modulus {
        value: [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, u64::MAX],
        complement: [0x402d_a173_2fc9_bebf, 0x4551_2319_50b7_5fc4, 1, 0],
    };

    /// A number below the modulus, given one below 2^256, which is less than twice it.
    pub fn reduce(&self, number: &Number) -> Number {
        if is_below(number, &self.value) { *number } else { minus(number, &self.value) }
    }

    /// `-a` of a number below the modulus.
    pub fn negate(&self, a: &Number) -> Number {
        if is_equal(a, &ZERO) { ZERO } else { minus(&self.value, a) }
    }
}

pub(crate) const ZERO: Number = [0; 4];
pub(crate) const ONE: Number = [1, 0, 0, 0];

/// Whether `a == b`. Numbers that differ mostly do so in the first limb.
#[inline(always)]
pub(crate) fn is_equal(a: &Number, b: &Number) -> bool {
    a[0] == b[0] && (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) == 0
}

/// Whether `a < b`.
pub(crate) fn is_below(a: &Number, b: &Number) -> bool {
    for (a, b) in a.iter().zip(b).rev() {
        if a != b {
            return a < b;
        }
    }
    false
}

/// `a - b`, modulo 2^256.
pub(crate) fn minus(a: &Number, b: &Number) -> Number {
    let (mut difference, mut borrow) = (ZERO, false);
    for ((to, a), b) in difference.iter_mut().zip(a).zip(b) {
        let (once, first) = a.overflowing_sub(*b);
        let (twice, second) = once.overflowing_sub(borrow.into());
        (*to, borrow) = (twice, first | second);
    }
    difference
}

pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Number {
    let mut number = ZERO;
    for (limb, chunk) in number.iter_mut().rev().zip(bytes.as_chunks().0) {
        *limb = u64::from_be_bytes(*chunk);
    }
    number
}

pub(crate) fn to_bytes(number: &Number) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, limb) in bytes.as_chunks_mut().0.iter_mut().zip(number.iter().rev()) {
        *chunk = limb.to_be_bytes();
    }
    bytes
}
