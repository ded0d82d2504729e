//! Bytes that begin as a batch does, and chance without a clock.

use ashlar_batch::codec::Preamble;

/// A generator of numbers from a seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// So many bytes with the preamble of a batch of that length; what follows it is noise.
pub fn batch(length: usize, seed: u64) -> Vec<u8> {
    assert!(length >= Preamble::BYTES);
    let mut chance = Chance::new(seed);
    let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 0];
    bytes.extend((length as u32).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend([0; 22]);
    assert_eq!(bytes.len(), Preamble::BYTES);
    while bytes.len() < length {
        bytes.push(chance.next() as u8);
    }
    bytes
}
