//! The hash of the trie.
//!
//! 1. A leaf is the digest of `key (24 bytes) || words (8 bytes each)`, big-endian: 32 to 88 bytes.
//! 2. A node is the digest of `left (27) || position (1) || right (27)`: always 55 bytes, which is the most that
//!    SHA-256 pads into one block.
//! 3. No leaf message has 55 bytes, so a leaf is never a node and needs no domain byte.
//! 4. A digest is the first 27 bytes of the hash: 216 bits, 108-bit collision resistance.
//!
//! In 32-bit words the node block is `left` with the position or-ed into the free low byte of its last word,
//! `right` with the padding bit or-ed into the same place, a zero and the length: nothing is shifted.

use sha2::block_api::compress256;

use crate::key::Key;
use crate::limits::VALUE_WORDS_MAX;

/// A commitment to a subtree: 27 bytes, held as seven words whose very last byte is zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digest([u32; 7]);

impl Digest {
    /// The root of a map without leaves.
    pub const EMPTY: Self = Self([0; 7]);

    /// The digest inside a hash state: its first 27 bytes.
    #[inline]
    pub const fn truncate(state: &[u32; 8]) -> Self {
        let [a, b, c, d, e, f, g, _] = *state;
        Self([a, b, c, d, e, f, g & !0xff])
    }

    /// A digest from its words; `None` unless the last byte is zero, where a node's position is mixed in.
    #[inline]
    pub const fn from_words(words: [u32; 7]) -> Option<Self> {
        if words[6] & 0xff == 0 { Some(Self(words)) } else { None }
    }

    /// The seven words, most significant first, the low byte of the last one zero.
    #[inline]
    pub const fn words(&self) -> &[u32; 7] {
        &self.0
    }

    /// The 27 bytes as L1 sees them.
    pub fn to_bytes(&self) -> [u8; 27] {
        let mut bytes = [0; 27];
        for (chunk, word) in bytes.chunks_mut(4).zip(self.0) {
            for (byte, of_word) in chunk.iter_mut().zip(word.to_be_bytes()) {
                *byte = of_word;
            }
        }
        bytes
    }

    /// The inverse of [`Digest::to_bytes`].
    pub fn from_bytes(bytes: &[u8; 27]) -> Self {
        let mut words = [0; 7];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
            let mut of_word = [0; 4];
            for (to, from) in of_word.iter_mut().zip(chunk) {
                *to = *from;
            }
            *word = u32::from_be_bytes(of_word);
        }
        Self(words)
    }
}

/// How leaves and nodes are hashed: the one type parameter of the crate.
pub trait NodeHash: 'static {
    /// The digest of a leaf with one to eight words.
    fn leaf(key: &Key, words: &[u64]) -> Digest;
    /// The digest of a node that splits its leaves at `position`.
    fn node(position: u8, left: &Digest, right: &Digest) -> Digest;
}

/// SHA-256 on the compression function itself: SHA-NI where the processor has it.
#[derive(Clone, Copy, Debug)]
pub struct Sha256Node;

/// The initial state of SHA-256 (FIPS 180-4, 5.3.3).
const SHA256_INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// Length of a node message in bits.
const NODE_MESSAGE_BITS: u32 = 55 * 8;

impl NodeHash for Sha256Node {
    #[inline]
    fn leaf(key: &Key, words: &[u64]) -> Digest {
        let words = words.get(..VALUE_WORDS_MAX).unwrap_or(words);
        let len = 24 + 8 * words.len();
        let mut message = [0u8; 128];
        let (slots, _) = message.as_chunks_mut::<8>();
        let content = key.words().iter().chain(words).map(|word| word.to_be_bytes());
        for (slot, word) in slots.iter_mut().zip(content.chain([[0x80, 0, 0, 0, 0, 0, 0, 0]])) {
            *slot = word;
        }
        let blocks_used = if len + 9 <= 64 { 1 } else { 2 };
        if let Some(slot) = slots.get_mut(8 * blocks_used - 1) {
            *slot = (8 * len as u64).to_be_bytes();
        }
        let (blocks, _) = message.as_chunks::<64>();
        match blocks {
            [first, _] if blocks_used == 1 => compress(&[*first]),
            blocks => compress(blocks),
        }
    }

    #[inline]
    fn node(position: u8, left: &Digest, right: &Digest) -> Digest {
        let mut block = [0u32; 16];
        block[..7].copy_from_slice(&left.0);
        block[7..14].copy_from_slice(&right.0);
        block[6] |= u32::from(position);
        block[13] |= 0x80;
        block[15] = NODE_MESSAGE_BITS;
        let mut bytes = [0u8; 64];
        for (slot, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(block) {
            *slot = word.to_be_bytes();
        }
        compress(&[bytes])
    }
}

#[inline]
fn compress(blocks: &[[u8; 64]]) -> Digest {
    let mut state = SHA256_INITIAL;
    compress256(&mut state, blocks);
    Digest::truncate(&state)
}
