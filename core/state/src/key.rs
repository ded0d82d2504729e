//! Keys: 192 bits, in lexicographic order.

use crate::limits::KEY_BITS;

/// Where a leaf lives. Bit 0 is the most significant bit of the first word, so numeric order, byte order and
/// trie order are the same order.
///
/// A key whose bit 0 is set is *ordered*: it takes part in successor queries ([`crate::Rows::after`]).
#[derive(Clone, Copy, Debug, Default, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::derived_hash_with_manual_eq, reason = "both look at every word")]
pub struct Key([u64; 3]);

impl PartialEq for Key {
    /// Word by word: a guest compares keys more often than anything else, and a call to compare memory costs it more than they do.
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        let ([a, b, c], [d, e, f]) = (self.0, other.0);
        (a ^ d) | (b ^ e) | (c ^ f) == 0
    }
}

impl Key {
    /// The least key.
    pub const MIN: Self = Self([0; 3]);
    /// The greatest key.
    pub const MAX: Self = Self([u64::MAX; 3]);

    /// A key from its words, most significant first.
    pub const fn new(words: [u64; 3]) -> Self {
        Self(words)
    }

    /// The words, most significant first.
    pub const fn words(&self) -> &[u64; 3] {
        &self.0
    }

    /// The 24 bytes that are hashed and that L1 sees, most significant first.
    pub fn to_bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// The inverse of [`Key::to_bytes`].
    pub fn from_bytes(bytes: &[u8; 24]) -> Self {
        let (chunks, _) = bytes.as_chunks::<8>();
        let mut words = [0; 3];
        for (word, chunk) in words.iter_mut().zip(chunks) {
            *word = u64::from_be_bytes(*chunk);
        }
        Self(words)
    }

    /// Whether the key belongs to the part of the map that is asked for successors.
    #[inline]
    pub const fn is_ordered(&self) -> bool {
        self.0[0] >> 63 == 1
    }

    /// The bit at `position`; a position beyond the key reads as 0.
    #[inline]
    pub fn bit(&self, position: u8) -> bool {
        match self.0.get(usize::from(position >> 6)) {
            Some(word) => (word >> (63 - (position & 63))) & 1 == 1,
            None => false,
        }
    }

    /// The key with the bit at `position` set.
    pub(crate) fn with_bit(mut self, position: u8) -> Self {
        if let Some(word) = self.0.get_mut(usize::from(position >> 6)) {
            *word |= 1 << (63 - (position & 63));
        }
        self
    }

    /// The first position at which two keys differ, `None` when they are equal.
    #[inline]
    pub fn first_difference(&self, other: &Self) -> Option<u8> {
        let mut base = 0u8;
        for (a, b) in self.0.iter().zip(&other.0) {
            let differing = a ^ b;
            if differing != 0 {
                return Some(base + differing.leading_zeros() as u8);
            }
            base += 64;
        }
        None
    }

    /// How many leading bits two keys share, all of them when they are equal.
    #[inline]
    pub fn shared_bits(&self, other: &Self) -> u8 {
        self.first_difference(other).unwrap_or(KEY_BITS)
    }

    /// The next greater key, `None` after [`Key::MAX`].
    pub fn successor(&self) -> Option<Self> {
        let mut words = self.0;
        for word in words.iter_mut().rev() {
            let (next, carried) = word.overflowing_add(1);
            *word = next;
            if !carried {
                return Some(Self(words));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_the_most_significant_bit() {
        let top = Key::new([1 << 63, 0, 0]);
        let last = Key::new([0, 0, 1]);
        assert!(top.bit(0) && top.is_ordered() && !last.is_ordered());
        assert!(last.bit(191) && !last.bit(190) && !last.bit(192));
        assert_eq!(top.first_difference(&Key::MIN), Some(0));
        assert_eq!(last.first_difference(&Key::MIN), Some(191));
        assert_eq!(Key::new([0, 1 << 63, 0]).first_difference(&Key::MIN), Some(64));
        assert_eq!(last.first_difference(&last), None);
    }

    #[test]
    fn the_successor_carries_across_words() {
        assert_eq!(Key::new([4, u64::MAX, u64::MAX]).successor(), Some(Key::new([5, 0, 0])));
        assert_eq!(Key::MIN.successor(), Some(Key::new([0, 0, 1])));
        assert_eq!(Key::MAX.successor(), None);
    }

    #[test]
    fn bytes_keep_the_order() {
        let (a, b) = (Key::new([1, 2, u64::MAX]), Key::new([1, 3, 0]));
        assert!(a < b && a.to_bytes() < b.to_bytes());
        assert_eq!(Key::from_bytes(&a.to_bytes()), a);
    }
}
