//! SHA-256 over what was written, without bytes in between.

use sha2::block_api::compress256;

use super::Writer;

/// The initial state (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// SHA-256 after some blocks of 64 bytes, which are hashed once for all messages that begin with them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sha256Prefix {
    state: [u32; 8],
    blocks: u64,
}

impl Sha256Prefix {
    /// One compression.
    pub fn new(block: &[u8; 64]) -> Sha256Prefix {
        Sha256Prefix { state: INITIAL, blocks: 0 }.then(block)
    }

    /// The state after one more block.
    #[inline]
    #[must_use]
    pub fn then(mut self, block: &[u8; 64]) -> Sha256Prefix {
        compress256(&mut self.state, &[*block]);
        self.blocks += 1;
        self
    }

    /// The state after the blocks.
    #[inline]
    pub const fn state(&self) -> &[u32; 8] {
        &self.state
    }

    /// The hash of the blocks and then what was written, but for its first `skip` words.
    pub fn finish(&self, written: &Writer, skip: usize) -> [u32; 8] {
        let mut state = self.state;
        let words = written.words.get(skip..).unwrap_or_default();
        let (blocks, rest) = words.as_chunks();
        for block in blocks {
            compress(&mut state, block);
        }
        // The padding's one bit follows the last byte, and the last word is for the length.
        let end = written.last | 0x80 << written.filled;
        let mut last = core::array::from_fn(|place| match rest.get(place) {
            Some(word) => *word,
            None if place == rest.len() => end,
            None => 0,
        });
        let bits = 512 * self.blocks + 64 * words.len() as u64 + u64::from(written.filled);
        if rest.len() == 7 {
            compress(&mut state, &last);
            last = [0; 8];
        }
        last[7] = bits.swap_bytes();
        compress(&mut state, &last);
        state
    }

    /// The bytes of [`Sha256Prefix::finish`].
    pub fn finish_bytes(&self, written: &Writer) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.as_chunks_mut().0.iter_mut().zip(self.finish(written, 0)) {
            *chunk = word.to_be_bytes();
        }
        bytes
    }
}

/// One compression of eight words, the first byte of each lowest.
#[inline]
fn compress(state: &mut [u32; 8], words: &[u64; 8]) {
    let mut block = [0; 64];
    for (chunk, word) in block.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        // Both halves are turned at once; processors of zero-knowledge machines have no instruction for one.
        let pairs = (word & 0x00FF_00FF_00FF_00FF) << 8 | word >> 8 & 0x00FF_00FF_00FF_00FF;
        let halves = (pairs & 0x0000_FFFF_0000_FFFF) << 16 | pairs >> 16 & 0x0000_FFFF_0000_FFFF;
        let [a, b, c, d] = (halves as u32).to_be_bytes();
        let [e, f, g, h] = ((halves >> 32) as u32).to_be_bytes();
        *chunk = [a, b, c, d, e, f, g, h];
    }
    compress256(state, &[block]);
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn it_is_sha256_of_every_length() {
        let prefix = [0x5a; 64];
        for length in 0..300 {
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7 + length) as u8).collect();
            let mut writer = Writer::new();
            writer.bytes(&bytes);
            let hash = Sha256Prefix::new(&prefix);
            let expected: [u8; 32] = Sha256::new_with_prefix(prefix).chain_update(&bytes).finalize().into();
            assert_eq!(hash.finish_bytes(&writer), expected, "{length} bytes");
            if let Some((_, rest)) = bytes.split_first_chunk::<16>() {
                let expected = Sha256::new_with_prefix(prefix).chain_update(rest).finalize();
                let state = hash.finish(&writer, 2).map(u32::to_be_bytes);
                assert_eq!(state.as_flattened(), expected.as_slice(), "{length} bytes but for the first 16");
            }
        }
    }
}
