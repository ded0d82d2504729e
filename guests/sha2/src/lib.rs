//! SHA-256 as the crate `sha2` offers it, over the compression of the zkVM (docs/adr/0013-guests.md).
//!
//! A guest's workspace puts this crate in the place of `sha2`, so the core and `k256` hash by circuits and know nothing of it. Only what they
//! use is here; what is not here does not compile.
#![no_std]

pub use digest::{self, Digest};

pub mod block_api;

digest::buffer_fixed!(
    /// The hasher.
    pub struct Sha256(block_api::Sha256Core);
    impl: BaseFixedTraits AlgorithmName Default Clone HashMarker Reset FixedOutputReset;
);
