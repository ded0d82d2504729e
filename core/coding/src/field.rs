//! The field of symbols, GF(2^16), in the coordinates that the engine computes in.
//!
//! 1. An element is 16 bits: its coordinates in a Cantor basis, not the coefficients of a polynomial. Addition is exclusive
//!    or; multiplication goes through polynomials modulo `x^16 + x^5 + x^3 + x^2 + 1`.
//! 2. In such a basis the polynomial that vanishes on the first `2^h` elements is a shift of the coordinates by `h`, which
//!    is why a code over places needs no tables.
//! 3. Nothing here is secret, and nothing here takes memory.

use core::ops::{Add, AddAssign, Mul, Sub};

/// The basis: `b_0 = 1` and `b_i^2 + b_i = b_(i-1)`, as coefficients of polynomials.
pub(crate) const BASIS: [u16; 16] = [
    0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900, 0xfdb8, 0xfb34,
    0xff38, 0x991e,
];
/// The coordinates of each power of x: the inverse of the map above.
const COORDINATES: [u16; 16] = inverse(BASIS);
/// What `x^16` is.
const REDUCTION: u32 = 0x1002d;

/// A symbol, a point, or a coefficient.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Gf16(u16);

/// The inverse of a linear map of 16 bits, by elimination.
const fn inverse(map: [u16; 16]) -> [u16; 16] {
    let mut left = map;
    let mut right = [0u16; 16];
    let mut i = 0;
    while i < 16 {
        right[i] = 1 << i;
        i += 1;
    }
    let mut bit = 0;
    while bit < 16 {
        let mut pivot = bit;
        while left[pivot] >> bit & 1 == 0 {
            pivot += 1;
        }
        (left[bit], left[pivot]) = (left[pivot], left[bit]);
        (right[bit], right[pivot]) = (right[pivot], right[bit]);
        let mut row = 0;
        while row < 16 {
            if row != bit && left[row] >> bit & 1 == 1 {
                left[row] ^= left[bit];
                right[row] ^= right[bit];
            }
            row += 1;
        }
        bit += 1;
    }
    right
}

/// The image of 16 bits under a linear map.
const fn apply(map: &[u16; 16], bits: u16) -> u16 {
    let mut image = 0;
    let mut i = 0;
    while i < 16 {
        image ^= map[i] & (bits >> i & 1).wrapping_neg();
        i += 1;
    }
    image
}

/// An element as the coefficients of a polynomial.
pub(crate) const fn to_polynomial(element: Gf16) -> u16 {
    apply(&BASIS, element.0)
}

/// Eight polynomials beside each other, each times x.
#[inline]
pub(crate) const fn double_lanes(lanes: u128) -> u128 {
    const ONES: u128 = 0x0001_0001_0001_0001_0001_0001_0001_0001;
    let carries = lanes >> 15 & ONES;
    // The reduction has 16 bits at most and so stays within its lane.
    ((lanes & !(ONES << 15)) << 1) ^ (carries * (REDUCTION & 0xffff) as u128)
}

/// Eight polynomials beside each other, each times one element.
pub(crate) const fn scale_lanes(element: Gf16, lanes: u128) -> u128 {
    let factor = to_polynomial(element);
    let (mut sum, mut bit) = (0, 16);
    while bit > 0 {
        bit -= 1;
        sum = double_lanes(sum) ^ lanes & ((factor >> bit & 1) as u128).wrapping_neg();
    }
    sum
}

/// The product of two polynomials, reduced.
const fn multiply(left: u16, right: u16) -> u16 {
    let mut product = 0u32;
    let mut i = 0;
    while i < 16 {
        product ^= ((left as u32) << i) & (right as u32 >> i & 1).wrapping_neg();
        i += 1;
    }
    let mut bit = 30;
    while bit >= 16 {
        product ^= (REDUCTION << (bit - 16)) & (product >> bit & 1).wrapping_neg();
        bit -= 1;
    }
    product as u16
}

impl Gf16 {
    /// The neutral element of addition.
    pub const ZERO: Gf16 = Gf16(0);
    /// The neutral element of multiplication.
    pub const ONE: Gf16 = Gf16(1);

    /// Of these coordinates.
    #[inline]
    pub const fn new(coordinates: u16) -> Gf16 {
        Gf16(coordinates)
    }

    /// The coordinates.
    #[inline]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The product, also in constants.
    pub const fn times(self, other: Gf16) -> Gf16 {
        Gf16(apply(&COORDINATES, multiply(apply(&BASIS, self.0), apply(&BASIS, other.0))))
    }

    /// The inverse, and zero of zero: the power `2^16 - 2`.
    pub const fn inverse(self) -> Gf16 {
        let base = apply(&BASIS, self.0);
        let mut power = base;
        let mut result = 1;
        let mut i = 1;
        while i < 16 {
            power = multiply(power, power);
            result = multiply(result, power);
            i += 1;
        }
        Gf16(apply(&COORDINATES, result))
    }

    /// The inverses of many elements with one inversion; zero of zero.
    pub fn invert_all(elements: &mut [Gf16]) {
        let mut product = Gf16::ONE;
        let mut before = alloc::vec::Vec::with_capacity(elements.len());
        for element in elements.iter().filter(|element| **element != Gf16::ZERO) {
            before.push(product);
            product = product * *element;
        }
        let mut inverse = product.inverse();
        for element in elements.iter_mut().rev().filter(|element| **element != Gf16::ZERO) {
            let one = before.pop().map_or(Gf16::ZERO, |before| before * inverse);
            inverse = inverse * *element;
            *element = one;
        }
    }
}

impl Add for Gf16 {
    type Output = Gf16;

    #[inline]
    #[allow(clippy::suspicious_arithmetic_impl)]
    fn add(self, other: Gf16) -> Gf16 {
        Gf16(self.0 ^ other.0)
    }
}

impl Sub for Gf16 {
    type Output = Gf16;

    #[inline]
    #[allow(clippy::suspicious_arithmetic_impl)]
    fn sub(self, other: Gf16) -> Gf16 {
        Gf16(self.0 ^ other.0)
    }
}

impl AddAssign for Gf16 {
    #[inline]
    #[allow(clippy::suspicious_op_assign_impl)]
    fn add_assign(&mut self, other: Gf16) {
        self.0 ^= other.0;
    }
}

impl Mul for Gf16 {
    type Output = Gf16;

    #[inline]
    fn mul(self, other: Gf16) -> Gf16 {
        self.times(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_is_a_cantor_basis() {
        for i in 1..16 {
            let element = Gf16(1 << i);
            assert_eq!(element * element + element, Gf16(1 << (i - 1)));
        }
        assert_eq!(Gf16::ONE * Gf16::ONE + Gf16::ONE, Gf16::ZERO);
    }

    #[test]
    fn the_field_has_its_laws() {
        let mut seed = 1u32;
        let mut next = || {
            seed = seed.wrapping_mul(1664525).wrapping_add(1013904223);
            Gf16((seed >> 16) as u16)
        };
        for _ in 0..20_000 {
            let (a, b, c) = (next(), next(), next());
            assert_eq!(a * b, b * a);
            assert_eq!((a * b) * c, a * (b * c));
            assert_eq!(a * (b + c), a * b + a * c);
            assert_eq!(a * Gf16::ONE, a);
        }
        for coordinates in 1..=u16::MAX {
            let element = Gf16(coordinates);
            assert_eq!(element * element.inverse(), Gf16::ONE);
        }
        assert_eq!(Gf16::ZERO.inverse(), Gf16::ZERO);
    }

    #[test]
    fn many_inverses_are_each_its_own() {
        let mut elements: alloc::vec::Vec<Gf16> = (0..700).map(|i| Gf16((i * 37 % 512) as u16)).collect();
        let expected: alloc::vec::Vec<Gf16> = elements.iter().map(|element| element.inverse()).collect();
        Gf16::invert_all(&mut elements);
        assert_eq!(elements, expected);
    }
}
