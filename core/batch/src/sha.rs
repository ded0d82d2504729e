//! SHA-256 from the state it has after one block: the domain, twice (B-16).
//!
//! That block is hashed once for a whole tree. What follows it is then the only cost of a hash: a message of up to 55
//! bytes is one block, while L1 computes the same hash with its precompile over domain, domain and message.

use ashlar_types::{Domain, Sha256Prefix, Writer};
use sha2::block_api::compress256;

/// Bytes that one compression takes.
const BLOCK: usize = 64;

/// The state after a domain's block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Midstate(Sha256Prefix);

impl Midstate {
    /// One compression.
    pub(crate) fn new(domain: Domain) -> Midstate {
        let mut block = [0; BLOCK];
        for (slot, byte) in block.iter_mut().zip(domain.bytes().iter().chain(domain.bytes())) {
            *slot = *byte;
        }
        Midstate(Sha256Prefix::new(&block))
    }

    /// The hash of a message that is exactly one block together with its padding, as its sixteen words.
    #[inline]
    pub(crate) fn of_block(&self, words: &[u32; 16]) -> [u32; 8] {
        let mut block = [0; BLOCK];
        for (slot, word) in block.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *slot = word.to_be_bytes();
        }
        let mut state = *self.0.state();
        compress256(&mut state, &[block]);
        state
    }

    /// The hash of what was written, but for its first `skip` words.
    #[inline]
    pub(crate) fn of_written(&self, written: &Writer, skip: usize) -> [u32; 8] {
        self.0.finish(written, skip)
    }

    /// The hash of a message of any length followed by so many zeros: `(bytes + 8) / 64 + 1` compressions.
    pub(crate) fn of_padded(&self, message: &[u8], zeros: usize) -> [u32; 8] {
        let mut state = *self.0.state();
        let (blocks, tail) = message.as_chunks::<BLOCK>();
        compress256(&mut state, blocks);

        let mut last = [0; BLOCK];
        for (slot, byte) in last.iter_mut().zip(tail) {
            *slot = *byte;
        }
        let mut filled = tail.len() + zeros;
        while filled >= BLOCK {
            compress256(&mut state, &[last]);
            last = [0; BLOCK];
            filled -= BLOCK;
        }
        if let Some(slot) = last.get_mut(filled) {
            *slot = 0x80;
        }
        if filled + 9 > BLOCK {
            compress256(&mut state, &[last]);
            last = [0; BLOCK];
        }
        let bits = 8 * (BLOCK + message.len() + zeros) as u64;
        if let Some(slot) = last.last_chunk_mut() {
            *slot = bits.to_be_bytes();
        }
        compress256(&mut state, &[last]);
        state
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_midstate_only_saves_work() {
        let domain = Domain::RECEIPT_LEAF;
        for len in 0..200 {
            for zeros in [0, 1, 55, 56, 64, 130] {
                let message: Vec<u8> = (0..len).map(|i| i as u8 ^ 0x5a).collect();
                let plain = domain.hash(&[domain.bytes(), &message, &vec![0; zeros]]);
                let state = Midstate::new(domain).of_padded(&message, zeros);
                let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
                assert_eq!(plain.as_slice(), bytes, "{len} bytes and {zeros} zeros");
            }
        }
    }
}
