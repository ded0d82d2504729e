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

/// What the values without a bit are worth is known; now what those with it are.
fn extend(products: &mut [u64x2; 16], bit: usize, one: u64x2) {
    let (below, from) = products.split_at_mut(1 << bit);
    from.iter_mut().zip(below).for_each(|(to, below)| *to = *below ^ one);
}

fn vector(lanes: u128) -> u64x2 {
    u64x2::new([lanes as u64, (lanes >> 64) as u64])
}

impl Table {
    fn fill(&mut self, coefficient: u128) {
        // The coefficient times every sum of four powers of x that follow each other.
        let mut sums = [[u64x2::default(); 16]; 4];
        let mut power = coefficient;
        for sums in &mut sums {
            for bit in 0..4 {
                extend(sums, bit, vector(power));
                power = double_lanes(power);
            }
        }
        let [a, b, c, d] = &sums;
        for (digit, products) in self.0.iter_mut().enumerate() {
            for bit in 0..4 {
                let basis = usize::from(BASIS[4 * digit + bit]);
                let one = (a[basis & 15] ^ b[basis >> 4 & 15]) ^ (c[basis >> 8 & 15] ^ d[basis >> 12 & 15]);
                extend(products, bit, one);
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
