use alloc::vec::Vec;

use wide::u64x2;

use crate::field::{BASIS, double_lanes};
use crate::limits::BLOCK_BYTES;
use crate::{Coefficients, Combination};

/// Rows from which on tables of products are worth filling.
const ROWS_MIN: usize = 32;
/// Symbols of a block.
const SYMBOLS: usize = BLOCK_BYTES / 2;

/// One coefficient times every value of each four bits of a symbol: whoever has it only adds.
#[derive(Clone, Copy, Default)]
struct Table([[u64x2; 16]; 4]);

impl Table {
    fn fill(&mut self, coefficient: u128) {
        let mut powers = [coefficient; 16];
        for i in 1..powers.len() {
            powers[i] = double_lanes(powers[i - 1]);
        }
        for (digit, products) in self.0.iter_mut().enumerate() {
            for bit in 0..4 {
                let basis = BASIS[4 * digit + bit];
                let one = (0..16).filter(|power| basis >> power & 1 == 1).fold(0, |sum, power| sum ^ powers[power]);
                let one = u64x2::new([one as u64, (one >> 64) as u64]);
                let (below, from) = products.split_at_mut(1 << bit);
                from.iter_mut().zip(below).for_each(|(to, below)| *to = *below ^ one);
            }
        }
    }

    /// The products of all symbols of a block, added up.
    fn sum(tables: &[Table; SYMBOLS], block: &[u8; BLOCK_BYTES]) -> u64x2 {
        let (low, high) = block.split_at(SYMBOLS);
        let mut sum = u64x2::default();
        for ((Table([a, b, c, d]), low), high) in tables.iter().zip(low).zip(high) {
            let (low, high) = (usize::from(*low), usize::from(*high));
            sum ^= (a[low & 15] ^ b[low >> 4]) ^ (c[high & 15] ^ d[high >> 4]);
        }
        sum
    }
}

/// The combinations of many rows of one length, one after the other. What each four bits of a symbol are worth is written
/// down once for all rows, so that a row costs only additions.
pub(super) fn combine(coefficients: &Coefficients, row_bytes: usize, rows: &[u8]) -> Vec<Combination> {
    if rows.len() < ROWS_MIN * row_bytes {
        return rows.chunks_exact(row_bytes).map(|row| coefficients.combine(row)).collect();
    }
    let mut sums = alloc::vec![u64x2::default(); rows.len() / row_bytes];
    let mut tables = alloc::vec![Table::default(); SYMBOLS];
    let Some(tables) = tables.first_chunk_mut() else { return Vec::new() };
    for (block, coefficients) in coefficients.lanes().as_chunks::<SYMBOLS>().0.iter().enumerate() {
        tables.iter_mut().zip(coefficients).for_each(|(table, coefficient)| table.fill(*coefficient));
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(row_bytes)) {
            if let Some(block) = row.as_chunks().0.get(block) {
                *sum ^= Table::sum(tables, block);
            }
        }
    }
    let words = |sum: u64x2| {
        let [low, high] = sum.to_array();
        (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
    };
    sums.into_iter().map(|sum| Combination::from_bytes(words(sum))).collect()
}

#[cfg(test)]
mod tests {
    use ashlar_batch::merkle::Digest;

    use super::*;
    use crate::{Expansion, Layout};

    #[test]
    fn many_rows_are_combined_as_each_of_them() {
        for (rows, row_bytes) in [(1, 256), (31, 256), (32, 256), (40, 2_048), (33, 4_096)] {
            let layout = Layout::new(1, row_bytes, Expansion::Double).unwrap();
            let coefficients = Coefficients::derive(&Digest::EMPTY, &layout);
            let bytes: Vec<u8> = (0..rows * row_bytes).map(|i| (i * i / 7 + i) as u8).collect();
            let expected: Vec<Combination> = bytes.chunks(row_bytes).map(|row| coefficients.combine(row)).collect();
            assert_eq!(combine(&coefficients, row_bytes, &bytes), expected);
        }
    }
}
