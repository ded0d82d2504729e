//! Multiplication by one number as matrices of bits.

use crate::Product;

/// The four matrices of one number, each of eight by eight bits: what the low byte of a product takes of the low byte of what is multiplied, the high byte
/// of the high one, the low of the high, the high of the low.
pub(crate) type Matrices = [u64; 4];

/// The matrices of every byte of a number, low and high ones: those of a number are the exclusive or of two.
pub(crate) struct Table([[Matrices; 256]; 2]);

impl Table {
    pub(crate) fn new(product: &Product) -> Table {
        let mut table = [[[0; 4]; 256]; 2];
        for (matrices, bits) in table.iter_mut().zip(product.as_chunks::<8>().0) {
            for value in 1..256usize {
                let one = of_bit(&bits[value.trailing_zeros() as usize]);
                let rest = matrices[value & (value - 1)];
                matrices[value] = core::array::from_fn(|matrix| one[matrix] ^ rest[matrix]);
            }
        }
        Table(table)
    }

    #[inline(always)]
    pub(crate) fn of(&self, number: u16) -> Matrices {
        let [low, high] = number.to_le_bytes();
        let (low, high) = (&self.0[0][usize::from(low)], &self.0[1][usize::from(high)]);
        core::array::from_fn(|matrix| low[matrix] ^ high[matrix])
    }
}

/// Those of the map that takes each bit to one of these. A matrix has the bits that make bit `i` of a byte in byte `7 - i`.
fn of_bit(images: &[u16; 16]) -> Matrices {
    let matrix = |to: usize, from: usize| {
        let bit = |to_bit: usize, from_bit: usize| {
            let set = images[8 * from + from_bit] >> (8 * to + to_bit) & 1;
            u64::from(set) << (8 * (7 - to_bit) + from_bit)
        };
        (0..64).fold(0, |matrix, at| matrix | bit(at / 8, at % 8))
    };
    [matrix(0, 0), matrix(1, 1), matrix(0, 1), matrix(1, 0)]
}
