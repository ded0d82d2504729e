//! Seeded randomness: SplitMix64, whose sequence is part of every frozen flow.

/// A source of numbers that a seed determines.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The source of this seed.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Turns it elsewhere: what follows depends on these bits as well.
    pub fn steer(&mut self, bits: u64) {
        self.0 ^= bits;
    }

    /// 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not zero. The bias is below `end / 2^64`.
    #[inline]
    pub fn below(&mut self, end: u64) -> u64 {
        assert!(end > 0, "nothing is below zero");
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    #[inline]
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Whether a thing of these chances in a thousand happens.
    #[inline]
    pub fn permille(&mut self, chances: u64) -> bool {
        self.below(1_000) < chances
    }

    /// One of several.
    #[inline]
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// The index of one of several weights, each as likely as it is heavy.
    #[inline]
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if at < *weight {
                return index;
            }
            at -= weight;
        }
        unreachable!("a number below the sum falls on a weight")
    }

    /// A number from 1 on, each twice as rare as the one before, at most `most`.
    #[inline]
    pub fn halving(&mut self, most: u64) -> u64 {
        (1 + u64::from(self.bits().trailing_zeros())).min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_sequence_of_a_seed_is_frozen() {
        let mut random = Random::new(0);
        assert_eq!([random.bits(), random.bits()], [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4]);
    }

    #[test]
    fn weights_of_nothing_are_never_chosen() {
        let mut random = Random::new(1);
        assert!((0..1_000).all(|_| random.weighted(&[0, 3, 0, 1]) % 2 == 1));
    }
}
