#![no_main]
//! Bytes as a proof of what follows a key.

use ashlar_state::{ProofLimits, SuccessorProof};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = SuccessorProof::from_bytes(bytes, &ProofLimits::default()) {
        assert_eq!(proof.to_bytes(), bytes, "a proof has one string of bytes");
    }
});
