use core::fmt;

use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

/// What is kept of a hash: its first 27 bytes, so that two of them and a byte fill one block of SHA-256.
///
/// 216 bits are 108 bits of collision resistance, as much as the state map has. Seven words whose very last byte is
/// zero, as the state map holds its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest([u32; 7]);

impl Digest {
    /// Of nothing: an absent leaf, and the root of a tree without leaves.
    pub const EMPTY: Digest = Digest([0; 7]);
    /// Bytes of a digest wherever space matters; where L1 reads words, five zero bytes follow.
    pub const BYTES: usize = 27;

    /// Whether it is of nothing.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        let [a, b, c, d, e, f, g] = self.0;
        a | b | c | d | e | f | g == 0
    }

    /// What is kept of a finished hash.
    #[inline]
    pub const fn truncate(state: &[u32; 8]) -> Digest {
        let [a, b, c, d, e, f, g, _] = *state;
        Digest([a, b, c, d, e, f, g & !0xff])
    }

    /// From seven words, most significant first; `None` unless the last byte is zero.
    #[inline]
    pub const fn from_words(words: [u32; 7]) -> Option<Digest> {
        if words[6] & 0xff == 0 { Some(Digest(words)) } else { None }
    }

    /// The seven words, the low byte of the last one zero.
    #[inline]
    pub const fn words(&self) -> &[u32; 7] {
        &self.0
    }

    /// As `bytes32` on L1: 27 bytes, then five zeros.
    pub const fn to_word(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let mut i = 0;
        while i < Self::BYTES {
            bytes[i] = self.0[i / 4].to_be_bytes()[i % 4];
            i += 1;
        }
        bytes
    }

    /// From an L1 word; `None` unless its last five bytes are zero.
    pub const fn from_word(word: &[u8; 32]) -> Option<Digest> {
        let mut words = [0; 7];
        let mut i = 0;
        while i < 32 {
            if i < Self::BYTES {
                words[i / 4] |= (word[i] as u32) << (8 * (3 - i % 4));
            } else if word[i] != 0 {
                return None;
            }
            i += 1;
        }
        Some(Digest(words))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in &self.to_word()[..Self::BYTES] {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl Encode for Digest {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.to_word()[..Self::BYTES]);
    }
}

impl Decode for Digest {
    const BYTES_MAX: usize = Self::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let bytes: [u8; Self::BYTES] = reader.array()?;
        let mut words = [0; 7];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks(4)) {
            *word = chunk.iter().zip([24, 16, 8, 0]).fold(0, |sum, (byte, shift)| sum | u32::from(*byte) << shift);
        }
        Ok(Digest(words))
    }
}
