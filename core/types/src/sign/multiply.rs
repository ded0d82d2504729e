//! Whether a sum of many multiples of points is zero: Pippenger's method with signed digits.
//!
//! Each scalar is cut into digits of `width` bits between `-2^(width-1)` and `2^(width-1)`. Per window, the points of equal
//! digit are gathered in one bucket, and a running sum over the buckets weighs each by its digit.

use alloc::vec;
use alloc::vec::Vec;

use super::Curve;

/// A scalar with its point.
pub(super) struct Term<P> {
    point: P,
    /// Sixty-four bits each, the lowest first.
    scalar: [u64; 4],
}

/// Bits of the scalars of two kinds of terms. Short ones take half the windows.
const BITS: [u32; 2] = [256, 128];

impl<P> Term<P> {
    /// Of any scalar.
    pub fn full<C: Curve<Point = P>>(curve: &C, point: P, scalar: &C::Scalar) -> Self {
        let bytes = curve.scalar_bytes(scalar);
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().rev().zip(bytes.as_chunks().0) {
            *word = u64::from_be_bytes(*chunk);
        }
        Term { point, scalar: words }
    }

    /// Of a scalar of 128 bits, little-endian.
    pub fn short(point: P, scalar: [u8; 16]) -> Self {
        let scalar = u128::from_le_bytes(scalar);
        Term { point, scalar: [scalar as u64, (scalar >> 64) as u64, 0, 0] }
    }
}

/// Windows of `width` bits, with room for the carry that signed digits leave at the top.
const fn windows(bits: u32, width: u32) -> usize {
    (bits / width + 1) as usize
}

/// The digits of terms of one kind: all of the lowest window, then all of the next.
struct Digits<'t, P> {
    terms: &'t [Term<P>],
    digits: Vec<i16>,
}

impl<'t, P> Digits<'t, P> {
    fn of(terms: &'t [Term<P>], bits: u32, width: u32) -> Self {
        let windows = windows(bits, width);
        let mut digits = vec![0; windows * terms.len()];
        for (place, term) in terms.iter().enumerate() {
            let places = digits.iter_mut().skip(place).step_by(terms.len());
            places.zip(SignedDigits::of(&term.scalar, width)).for_each(|(slot, digit)| *slot = digit);
        }
        Digits { terms, digits }
    }

    /// Each point with its digit of a window; none beyond the last window.
    fn window(&self, window: usize) -> impl Iterator<Item = (&'t P, i16)> + '_ {
        let from = window * self.terms.len();
        let digits = self.digits.get(from..from + self.terms.len()).unwrap_or_default();
        self.terms.iter().map(|term| &term.point).zip(digits.iter().copied())
    }
}

/// Whether the terms, full ones and short ones, sum to the point at infinity.
pub(super) fn sums_to_infinity<C: Curve>(curve: &C, terms: &[Vec<Term<C::Point>>; 2]) -> bool {
    let [full, short] = terms;
    let width = best_width([full.len(), short.len()]);
    let digits = [(full, BITS[0]), (short, BITS[1])].map(|(terms, bits)| Digits::of(terms, bits, width));
    let mut buckets = vec![C::Sum::default(); 1 << (width - 1)];
    let mut total = C::Sum::default();
    for window in (0..windows(BITS[0], width)).rev() {
        for _ in 0..width {
            curve.double(&mut total);
        }
        for digits in &digits {
            for (point, digit) in digits.window(window) {
                let Some(bucket) = usize::from(digit.unsigned_abs()).checked_sub(1) else { continue };
                let Some(bucket) = buckets.get_mut(bucket) else { continue };
                if digit > 0 { curve.add(bucket, point) } else { curve.subtract(bucket, point) }
            }
        }
        let mut running = C::Sum::default();
        for bucket in buckets.iter_mut().rev() {
            curve.add_sum(&mut running, bucket);
            curve.add_sum(&mut total, &running);
            *bucket = C::Sum::default();
        }
    }
    curve.is_infinity(&total)
}

/// Digits from the lowest window up, without end. With `h = 2^(width-1)` each is in `-h ..= h`.
struct SignedDigits<'s> {
    words: core::slice::Iter<'s, u64>,
    /// The bits that were read and not given, and how many they are.
    bits: u64,
    count: u32,
    width: u32,
    carry: i32,
}

impl<'s> SignedDigits<'s> {
    fn of(scalar: &'s [u64; 4], width: u32) -> Self {
        SignedDigits { words: scalar.iter(), bits: 0, count: 0, width, carry: 0 }
    }
}

impl Iterator for SignedDigits<'_> {
    type Item = i16;

    #[inline]
    fn next(&mut self) -> Option<i16> {
        let mut bits = self.bits;
        if self.count < self.width {
            let word = self.words.next().copied().unwrap_or(0);
            bits |= word << self.count;
            self.bits = word >> (self.width - self.count);
            self.count += 64 - self.width;
        } else {
            self.bits >>= self.width;
            self.count -= self.width;
        }
        let mut digit = (bits & ((1 << self.width) - 1)) as i32 + self.carry;
        self.carry = i32::from(digit > 1 << (self.width - 1));
        digit -= self.carry << self.width;
        Some(digit as i16)
    }
}

/// The width, at most 15, that costs the fewest additions: one per term and window, two per bucket and window.
fn best_width(terms: [usize; 2]) -> u32 {
    let cost = |width: u32| {
        let [full, short] = BITS.map(|bits| windows(bits, width));
        terms[0] * full + terms[1] * short + (full << width)
    };
    (2..=12).min_by_key(|width| cost(*width)).unwrap_or(2)
}

#[cfg(test)]
mod tests {
    use super::super::Native;
    use super::*;
    use k256::{ProjectivePoint, Scalar};

    fn term(k: Scalar, times: Scalar) -> Term<k256::AffinePoint> {
        Term::full(&Native, (ProjectivePoint::GENERATOR * k).to_affine(), &times)
    }

    /// Sums of multiples of the generator, where the answer is known from the scalars alone.
    #[test]
    fn sums_agree_with_scalars() {
        let mut seed = Scalar::from(7u64);
        for n in [0usize, 1, 2, 3, 7, 40, 200] {
            let [mut terms, mut short] = [Vec::new(), Vec::new()];
            let mut sum = Scalar::ZERO;
            for i in 0..n {
                seed = seed * seed + Scalar::from(i as u64);
                let times = if i % 5 == 4 { -Scalar::from(i as u64) } else { seed * seed };
                if i % 3 == 2 {
                    let weight = u128::MAX / (i as u128 + 1);
                    short.push(Term::short((ProjectivePoint::GENERATOR * seed).to_affine(), weight.to_le_bytes()));
                    sum += seed * Scalar::from(weight);
                } else {
                    terms.push(term(seed, times));
                    sum += seed * times;
                }
            }
            let mut terms = [terms, short];
            if n > 0 {
                assert!(!sums_to_infinity(&Native, &terms), "{n} terms without the balance");
            }
            terms[0].push(term(-Scalar::ONE, sum));
            assert!(sums_to_infinity(&Native, &terms), "{n} terms");
            terms[0].push(term(Scalar::ONE, Scalar::ONE));
            assert!(!sums_to_infinity(&Native, &terms), "{n} terms and one too much");
        }
    }

    #[test]
    fn digits_add_up_to_their_scalar() {
        for bits in BITS {
            for fill in [0u8, 1, 0x55, 0x7f, 0x80, 0xaa, 0xff] {
                let mut scalar = [0; 32];
                scalar[..bits as usize / 8].fill(fill);
                let mut words = [0; 4];
                for (word, chunk) in words.iter_mut().zip(scalar.as_chunks().0) {
                    *word = u64::from_le_bytes(*chunk);
                }
                for width in 2..=12 {
                    let digits: Vec<i16> = SignedDigits::of(&words, width).take(windows(bits, width)).collect();
                    let back = digits.iter().rev().fold(Scalar::ZERO, |sum, &digit| {
                        let size = Scalar::from(u64::from(digit.unsigned_abs()));
                        let shifted = sum * Scalar::from(1u64 << width);
                        if digit < 0 { shifted - size } else { shifted + size }
                    });
                    scalar.reverse();
                    assert_eq!(back, Native.scalar_reduced(&scalar), "bits={bits} fill={fill} width={width}");
                    scalar.reverse();
                }
            }
        }
    }
}
