//! The bounds of what a guest is given. All others are those of the sections and of the protocol.

/// Batches that one run checks. More are joined by proofs of proofs.
pub const INPUTS_MAX: usize = 64;

const _: () = assert!(INPUTS_MAX as u64 <= ashlar_batch::limits::JOINED_MAX);
