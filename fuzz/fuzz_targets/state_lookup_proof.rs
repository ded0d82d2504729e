#![no_main]
//! Bytes as a proof that a key has a value, or none.

use ashlar_state::{LookupProof, ProofLimits};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(proof) = LookupProof::from_bytes(bytes, &ProofLimits::default()) {
        assert_eq!(proof.to_bytes(), bytes, "a proof has one string of bytes");
    }
});
