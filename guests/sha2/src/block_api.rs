//! Whole blocks.

use core::fmt;

use digest::block_api::{
    AlgorithmName, Block, BlockSizeUser, Buffer, BufferKindUser, Eager, FixedOutputCore, OutputSizeUser, UpdateCore,
};
use digest::consts::{U32, U64};
use digest::{HashMarker, Output, Reset};

unsafe extern "Rust" {
    /// Where the sixteen big-endian words of a block are written, in the form of the circuit. Each guest's runtime defines it.
    #[cfg(not(feature = "bytes"))]
    safe fn ashlar_sha256_block() -> *mut [u64; 16];
    /// Where the bytes of a block are written, four at a time, for a circuit that reads them as they lie.
    #[cfg(feature = "bytes")]
    safe fn ashlar_sha256_bytes() -> *mut [u32; 16];
    /// One compression of the block that was written there.
    safe fn ashlar_sha256_compress(state: &mut [u32; 8]);
}

/// The initial state (FIPS 180-4, 5.3.3).
const INITIAL: [u32; 8] =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/// One compression for each block.
#[inline(always)]
pub fn compress256(state: &mut [u32; 8], blocks: &[[u8; 64]]) {
    for block in blocks {
        write(block);
        ashlar_sha256_compress(state);
    }
}

#[cfg(not(feature = "bytes"))]
#[inline(always)]
fn write(block: &[u8; 64]) {
    // SAFETY: the block is the runtime's own memory, of which nobody holds a reference; guests run one thread.
    let words = unsafe { &mut *ashlar_sha256_block() };
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_be_bytes(*bytes).into();
    }
}

#[cfg(feature = "bytes")]
#[inline(always)]
fn write(block: &[u8; 64]) {
    // SAFETY: as above.
    let words = unsafe { &mut *ashlar_sha256_bytes() };
    for (word, bytes) in words.iter_mut().zip(block.as_chunks().0) {
        *word = u32::from_ne_bytes(*bytes);
    }
}

/// The state between blocks.
#[derive(Clone)]
pub struct Sha256Core {
    state: [u32; 8],
    blocks: u64,
}

impl Default for Sha256Core {
    fn default() -> Self {
        Self { state: INITIAL, blocks: 0 }
    }
}

impl Reset for Sha256Core {
    fn reset(&mut self) {
        *self = Self::default();
    }
}

impl HashMarker for Sha256Core {}

impl BlockSizeUser for Sha256Core {
    type BlockSize = U64;
}

impl BufferKindUser for Sha256Core {
    type BufferKind = Eager;
}

impl OutputSizeUser for Sha256Core {
    type OutputSize = U32;
}

impl UpdateCore for Sha256Core {
    fn update_blocks(&mut self, blocks: &[Block<Self>]) {
        self.blocks += blocks.len() as u64;
        blocks.iter().for_each(|block| compress256(&mut self.state, &[block.0]));
    }
}

impl FixedOutputCore for Sha256Core {
    fn finalize_fixed_core(&mut self, buffer: &mut Buffer<Self>, out: &mut Output<Self>) {
        let bits = 8 * (64 * self.blocks + buffer.get_pos() as u64);
        buffer.len64_padding_be(bits, |block| compress256(&mut self.state, &[block.0]));
        for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(self.state) {
            *bytes = word.to_be_bytes();
        }
    }
}

impl AlgorithmName for Sha256Core {
    fn write_alg_name(f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256")
    }
}

impl fmt::Debug for Sha256Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sha256Core { .. }")
    }
}
