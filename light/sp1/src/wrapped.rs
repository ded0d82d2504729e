//! Groth16 and Plonk proofs, as contracts take them: four bytes that select the verifier, then the proof.

use std::fmt;

use sp1_verifier::{GROTH16_VK_BYTES, Groth16Verifier, PLONK_VK_BYTES, PlonkVerifier};

use crate::error::Sp1Error;
use crate::program::Program;

/// Bytes in front of the proof itself: selector, exit code, root of SP1's keys, nonce.
const HEAD: usize = 4 + 3 * 32;
/// A Groth16 proof: three points, the second of the larger kind.
const GROTH16_BYTES: usize = HEAD + 8 * 32;
/// The most bytes of a Plonk proof.
const PLONK_BYTES_MAX: usize = 1 << 11;

/// Checks that the program came to these public values, by Groth16.
pub fn check_groth16(program: &Program, public_values: &[u8], proof: &[u8]) -> Result<(), Sp1Error> {
    check_groth16_of(&GROTH16_VK_BYTES, program, public_values, proof)
}

/// The same for a proof of another release of SP1, whose circuit has another key.
pub fn check_groth16_of(key: &[u8], program: &Program, public_values: &[u8], proof: &[u8]) -> Result<(), Sp1Error> {
    if proof.len() != GROTH16_BYTES {
        return Err(length(GROTH16_BYTES, proof));
    }
    Groth16Verifier::verify(proof, public_values, &program.to_hex(), key).map_err(rejected)
}

/// Checks that the program came to these public values, by Plonk.
pub fn check_plonk(program: &Program, public_values: &[u8], proof: &[u8]) -> Result<(), Sp1Error> {
    check_plonk_of(&PLONK_VK_BYTES, program, public_values, proof)
}

/// The same for a proof of another release of SP1, whose circuit has another key.
pub fn check_plonk_of(key: &[u8], program: &Program, public_values: &[u8], proof: &[u8]) -> Result<(), Sp1Error> {
    if !(HEAD..=PLONK_BYTES_MAX).contains(&proof.len()) {
        return Err(length(PLONK_BYTES_MAX, proof));
    }
    PlonkVerifier::verify(proof, public_values, &program.to_hex(), key).map_err(rejected)
}

fn length(expected: usize, proof: &[u8]) -> Sp1Error {
    Sp1Error::malformed(format!("it has {} bytes, not {expected}", proof.len()))
}

/// Program and public values are inputs of the one equation that is checked, so it cannot say which of them is wrong.
fn rejected(error: impl fmt::Display) -> Sp1Error {
    Sp1Error::Rejected {
        reason: format!("{error}; the proof, the program or the public values are not those that were proven"),
    }
}
