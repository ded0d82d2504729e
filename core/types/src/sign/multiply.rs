//! Whether a sum of many multiples of points is zero: Pippenger's method with signed digits.
//!
//! Each scalar is cut into digits of `width` bits between `-2^(width-1)` and `2^(width-1)`. Per window, the points of equal
//! digit are gathered in one bucket, and a running sum over the buckets weighs each by its digit.

use alloc::vec;
use alloc::vec::Vec;

use super::Curve;

/// A scalar with its point. Short scalars, below 2^128, take half the windows.
pub(super) struct Term<P> {
    pub point: P,
    /// Little-endian.
    pub scalar: [u8; 32],
    pub bits: u32,
}

impl<P> Term<P> {
    pub fn full<C: Curve<Point = P>>(curve: &C, point: P, scalar: &C::Scalar) -> Self {
        let mut scalar = curve.scalar_bytes(scalar);
        scalar.reverse();
        Term { point, scalar, bits: 256 }
    }

    pub fn short(point: P, scalar: [u8; 16]) -> Self {
        let mut wide = [0; 32];
        wide[..16].copy_from_slice(&scalar);
        Term { point, scalar: wide, bits: 128 }
    }

    /// Windows of `width` bits, with room for the carry that signed digits leave at the top.
    fn windows(&self, width: u32) -> usize {
        (self.bits / width + 1) as usize
    }
}

/// Whether the terms sum to the point at infinity.
pub(super) fn sums_to_infinity<C: Curve>(curve: &C, terms: &[Term<C::Point>]) -> bool {
    let width = best_width(terms);
    let digits: Vec<Vec<i16>> = terms.iter().map(|term| signed_digits(term, width)).collect();
    let windows = digits.iter().map(Vec::len).max().unwrap_or(0);
    let mut buckets = vec![C::Sum::default(); 1 << (width - 1)];
    let mut total = C::Sum::default();
    for window in (0..windows).rev() {
        for _ in 0..width {
            curve.double(&mut total);
        }
        for (term, digits) in terms.iter().zip(&digits) {
            let digit = digits.get(window).copied().unwrap_or(0);
            let Some(bucket) = usize::from(digit.unsigned_abs()).checked_sub(1) else { continue };
            if digit > 0 {
                curve.add(&mut buckets[bucket], &term.point);
            } else {
                curve.subtract(&mut buckets[bucket], &term.point);
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

/// Digits from the lowest window up. With `h = 2^(width-1)` each is in `-h ..= h`.
fn signed_digits<P>(term: &Term<P>, width: u32) -> Vec<i16> {
    let half = 1i32 << (width - 1);
    let mut carry = 0;
    (0..term.windows(width))
        .map(|window| {
            let mut digit = bits_at(&term.scalar, window as u32 * width, width) + carry;
            carry = i32::from(digit > half);
            digit -= carry << width;
            digit as i16
        })
        .collect()
}

/// The `width <= 15` bits of a little-endian number from bit `from` on; zeros beyond its end.
fn bits_at(number: &[u8; 32], from: u32, width: u32) -> i32 {
    let byte = |i: usize| u32::from(number.get(i).copied().unwrap_or(0));
    let first = (from / 8) as usize;
    let three = byte(first) | byte(first + 1) << 8 | byte(first + 2) << 16;
    ((three >> (from % 8)) & ((1 << width) - 1)) as i32
}

/// The width that costs the fewest additions: one per term and window, two per bucket and window.
fn best_width<P>(terms: &[Term<P>]) -> u32 {
    let cost = |width: u32| {
        let spread: usize = terms.iter().map(|term| term.windows(width)).sum();
        let windows = terms.iter().map(|term| term.windows(width)).max().unwrap_or(0);
        spread + (windows << width)
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
            let mut terms = Vec::new();
            let mut sum = Scalar::ZERO;
            for i in 0..n {
                seed = seed * seed + Scalar::from(i as u64);
                let times = if i % 5 == 4 { -Scalar::from(i as u64) } else { seed * seed };
                terms.push(term(seed, times));
                sum += seed * times;
            }
            if n > 0 {
                assert!(!sums_to_infinity(&Native, &terms), "{n} terms without the balance");
            }
            terms.push(term(-Scalar::ONE, sum));
            assert!(sums_to_infinity(&Native, &terms), "{n} terms");
            terms.push(term(Scalar::ONE, Scalar::ONE));
            assert!(!sums_to_infinity(&Native, &terms), "{n} terms and one too much");
        }
    }

    #[test]
    fn digits_add_up_to_their_scalar() {
        for bits in [128u32, 256] {
            for fill in [0u8, 1, 0x55, 0x7f, 0x80, 0xaa, 0xff] {
                let mut scalar = [0; 32];
                scalar[..bits as usize / 8].fill(fill);
                let term = Term { point: (), scalar, bits };
                for width in 2..=12 {
                    let back = signed_digits(&term, width).iter().rev().fold(Scalar::ZERO, |sum, &digit| {
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
