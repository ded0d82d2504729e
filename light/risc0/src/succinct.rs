//! Succinct receipts: one STARK of the recursion circuit, whatever was proven.

use risc0_circuit_recursion::control_id::{ALLOWED_CONTROL_IDS, ALLOWED_CONTROL_ROOT};
use risc0_circuit_recursion::{CIRCUIT, CircuitImpl};
use risc0_zkp::adapter::CircuitInfo;
use risc0_zkp::core::digest::Digest;
use risc0_zkp::core::hash::poseidon2::Poseidon2HashSuite;
use risc0_zkp::field::baby_bear::{BabyBearElem, P};
use risc0_zkp::verify::VerificationError;

use crate::claim::{Preamble, claim_digest};
use crate::error::RiscZeroError;
use crate::image::Image;

/// Rows of the recursion circuit, as a power of two. All of its programs have so many.
const ROWS_PO2: u32 = 18;
/// 32-bit words of the STARK, which follows from the rows.
pub const SEAL_WORDS: usize = 55_667;
/// Bytes of a proof.
pub const PROOF_BYTES: usize = Preamble::BYTES + 4 * SEAL_WORDS;

/// Elements in which a recursion program says what it has checked: a root over the programs that it trusts, then a claim.
const HALF: usize = 16;

/// A proof as bytes: its preamble, then the words of the STARK, little-endian.
pub fn encode(image: Image, public_values: &[u8], seal: &[u32]) -> Vec<u8> {
    let mut bytes = Preamble::of(image, public_values).to_bytes().to_vec();
    bytes.extend(seal.iter().flat_map(|word| word.to_le_bytes()));
    bytes
}

/// Checks that the program of an image came to these public values.
pub fn check(image: &Image, public_values: &[u8], proof: &[u8]) -> Result<(), RiscZeroError> {
    if proof.len() != PROOF_BYTES {
        return Err(RiscZeroError::malformed(format!("it has {} bytes, not {PROOF_BYTES}", proof.len())));
    }
    let preamble = Preamble::of(*image, public_values);
    let seal: Vec<u32> = preamble.strip(proof)?.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
    if let Some(at) = seal.iter().position(|word| *word >= P) {
        return Err(RiscZeroError::malformed(format!("its word {at} is no number of the field")));
    }
    // The verifier believes what the proof says of its rows, and reads as many words as follow from them.
    if seal.get(CircuitImpl::OUTPUT_SIZE) != Some(&ROWS_PO2) {
        return Err(RiscZeroError::malformed(format!("it is of another number of rows than 2^{ROWS_PO2}")));
    }
    let program = |_, id: &Digest| match ALLOWED_CONTROL_IDS.contains(id) {
        true => Ok(()),
        false => Err(VerificationError::ControlVerificationError { control_id: *id }),
    };
    let suite = Poseidon2HashSuite::new_suite();
    risc0_zkp::verify::verify(&CIRCUIT, &suite, &seal, program).map_err(RiscZeroError::rejected)?;
    check_output(&seal, claim_digest(image, preamble.journal))
}

/// Whether the proven program trusts the programs that this release does, and has checked this claim.
fn check_output(seal: &[u32], claim: [u8; 32]) -> Result<(), RiscZeroError> {
    let output: Vec<u32> = seal.iter().take(2 * HALF).map(|word| BabyBearElem::new_raw(*word).as_u32()).collect();
    let (root, claimed) = output.split_at_checked(HALF).ok_or_else(|| RiscZeroError::malformed("it says nothing"))?;
    // A hash by Poseidon2 has eight elements, each before one that is not used.
    if !root.iter().step_by(2).eq(ALLOWED_CONTROL_ROOT.as_words()) {
        return Err(RiscZeroError::rejected("it rests on recursion programs of another release"));
    }
    let halves = claim.as_chunks().0.iter().map(|bytes| u32::from(u16::from_le_bytes(*bytes)));
    if !halves.eq(claimed.iter().copied()) {
        return Err(RiscZeroError::rejected("it proves another claim than it says"));
    }
    Ok(())
}
