//! One random combination of each row, by which a row shows that it was coded rightly.
//!
//! 1. The coefficients follow from the coded tree's root, so they are not known before every row is fixed.
//! 2. A combination is linear over the field of symbols and the code acts on each column alone, so the combinations of all
//!    rows are the code of the combinations of the data rows. A row of which that does not hold was not coded rightly.
//! 3. A coefficient and a combination are eight elements each, 128 bits, in the coefficients of polynomials.

use alloc::vec::Vec;

use ashlar_batch::merkle::Digest;
use ashlar_types::{Domain, Encode, to_bytes};
use sha2::{Digest as _, Sha256};

use crate::Layout;
use crate::field::{BASIS, Gf16, scale_lanes};
use crate::limits::BLOCK_BYTES;

/// What the symbols of a row are multiplied by: 128 bits for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Coefficients(Vec<u128>);

/// The combination of one row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct Combination(u128);

impl Coefficients {
    /// Those of a coded tree.
    pub fn derive(coded_root: &Digest, layout: &Layout) -> Coefficients {
        let seed = Self::seed(coded_root, layout);
        let prefix = Sha256::new_with_prefix(Domain::DA_CHALLENGE.bytes()).chain_update(seed);
        let symbols = layout.row_bytes() / 2;
        let mut coefficients = Vec::with_capacity(symbols);
        for counter in 0..(symbols / 2) as u32 {
            let hash = prefix.clone().chain_update(counter.to_le_bytes()).finalize();
            let (halves, _) = hash.as_chunks::<16>();
            coefficients.extend(halves.iter().map(|half| u128::from_le_bytes(*half)));
        }
        Coefficients(coefficients)
    }

    /// What they all follow from.
    pub(crate) fn seed(coded_root: &Digest, layout: &Layout) -> [u8; 32] {
        Domain::DA_CHALLENGE.hash(&[&to_bytes(coded_root), &to_bytes(layout)])
    }

    /// Derived elsewhere.
    #[cfg(feature = "engine")]
    pub(crate) const fn new(coefficients: Vec<u128>) -> Coefficients {
        Coefficients(coefficients)
    }

    /// The combination of a row: of its symbols, each times its coefficient.
    pub fn combine(&self, row: &[u8]) -> Combination {
        // More sums make each symbol cheaper and the end dearer.
        if row.len() < WIDE_BYTES_MIN { self.sum::<4, 16>(row) } else { self.sum::<2, 256>(row) }
    }

    /// One for each symbol of a row, each eight elements beside each other.
    #[cfg(feature = "engine")]
    pub(crate) fn lanes(&self) -> &[u128] {
        &self.0
    }

    fn sum<const DIGITS: usize, const VALUES: usize>(&self, row: &[u8]) -> Combination {
        let mut sums = Sums::<DIGITS, VALUES>::new();
        let (blocks, _) = row.as_chunks::<BLOCK_BYTES>();
        for (block, coefficients) in blocks.iter().zip(self.0.as_chunks::<{ BLOCK_BYTES / 2 }>().0) {
            let (low, high) = block.split_at(BLOCK_BYTES / 2);
            for ((low, high), coefficient) in low.iter().zip(high).zip(coefficients) {
                sums.add(u16::from_le_bytes([*low, *high]), *coefficient);
            }
        }
        Combination(sums.finish())
    }
}

impl Combination {
    /// Bytes of its encoding.
    pub const BYTES: usize = 16;

    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Combination {
        Combination(u128::from_le_bytes(bytes))
    }

    /// The combination that a coded row at this place must have by those of the data rows. `inverses` has the inverse
    /// of each place of the tree at its index.
    pub(crate) fn coded(place: u16, data_height: usize, inverses: &[Gf16], data: &[Combination]) -> Combination {
        let mut sums = Sums::<4, 16>::new();
        for (from, combination) in (0u16..).zip(data) {
            let inverse = inverses.get(usize::from(place ^ from)).copied().unwrap_or_default();
            sums.add(inverse.get(), combination.0);
        }
        Combination(scale_lanes(Gf16::new(place >> data_height), sums.finish()))
    }
}

impl Encode for Combination {
    fn encode(&self, writer: &mut ashlar_types::Writer) {
        writer.bytes(&self.0.to_le_bytes());
    }
}

/// Rows from this length on are summed by bytes, shorter ones by digits of four bits.
const WIDE_BYTES_MIN: usize = 2_048;

/// A sum of products, its factors sorted by the digits of one of them: a digit costs an addition and nothing else, and the
/// multiplications are done once at the end for all. A symbol has so many digits of so many values.
struct Sums<const DIGITS: usize, const VALUES: usize>([[u128; VALUES]; DIGITS]);

impl<const DIGITS: usize, const VALUES: usize> Sums<DIGITS, VALUES> {
    const DIGIT_BITS: usize = VALUES.ilog2() as usize;
    const FITS: () = assert!(VALUES.is_power_of_two() && DIGITS * Self::DIGIT_BITS == 16);

    const fn new() -> Self {
        let () = Self::FITS;
        Sums([[0; VALUES]; DIGITS])
    }

    #[inline(always)]
    fn add(&mut self, symbol: u16, coefficient: u128) {
        let mut rest = usize::from(symbol);
        for sums in &mut self.0 {
            // The mask shows the compiler that the index is within the array.
            sums[rest & (VALUES - 1)] ^= coefficient;
            rest >>= Self::DIGIT_BITS;
        }
    }

    /// By bits of the symbol first, then by powers of x, then one by one from the highest power (Horner's rule).
    fn finish(mut self) -> u128 {
        let mut powers = [0u128; 16];
        for (digit, sums) in self.0.iter_mut().enumerate() {
            for bit in (0..Self::DIGIT_BITS).rev() {
                // What has the highest bit is added up, and then counts as what it is without that bit.
                let mut sum = 0;
                let (without, with) = sums.split_at_mut(1 << bit);
                for (to, from) in without.iter_mut().zip(with) {
                    sum ^= *from;
                    *to ^= *from;
                }
                let basis = BASIS[Self::DIGIT_BITS * digit + bit];
                for (power, slot) in powers.iter_mut().enumerate() {
                    *slot ^= sum & u128::from(basis >> power & 1).wrapping_neg();
                }
            }
        }
        powers.iter().rev().fold(0, |sum, power| crate::field::double_lanes(sum) ^ power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::to_polynomial;

    #[test]
    fn sums_are_sums_of_products() {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed
        };
        for count in 0..60 {
            let mut sums = Sums::<4, 16>::new();
            let mut wide = Sums::<2, 256>::new();
            let mut naive = 0;
            for _ in 0..count {
                let (symbol, coefficient) = ((next() >> 40) as u16, u128::from(next()) << 64 | u128::from(next()));
                sums.add(symbol, coefficient);
                wide.add(symbol, coefficient);
                naive ^= scale_lanes(Gf16::new(symbol), coefficient);
            }
            assert_eq!((sums.finish(), wide.finish()), (naive, naive));
        }
        assert_eq!(scale_lanes(Gf16::new(2), 1), u128::from(to_polynomial(Gf16::new(2))));
    }
}
