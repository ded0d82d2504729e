//! Checking proofs.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use openvm_circuit::arch::hasher::poseidon2::vm_poseidon2_hasher;
use openvm_circuit::arch::{ContinuationVmProof, verify_segments};
use openvm_circuit::system::memory::merkle::public_values::UserPublicValuesProof;
use openvm_stark_backend::StarkEngine;
use openvm_stark_backend::codec::{Decode, Encode};
use openvm_stark_backend::p3_field::PrimeField32;
use openvm_stark_backend::proof::Proof;
use openvm_verify_stark_host::error::VerifyStarkError;
use openvm_verify_stark_host::{VmStarkProof, verify_vm_stark_proof_decoded};
use sha2::{Digest, Sha256};

use crate::extent;
use crate::key::Keys;
use crate::machine::REVEALED;
use crate::{F, SC, Stark};

/// Why a proof is not one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is of another program, or of another machine.
    WrongProgram(String),
    /// It says something else.
    WrongPublicValues,
    /// Its bytes are none of a proof.
    Malformed(String),
    /// It proves nothing.
    Invalid(String),
    /// The key for proofs of this kind is not here.
    NoKey,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongProgram(why) => write!(f, "the proof is of another program: {why}"),
            Self::WrongPublicValues => f.write_str("the proof is of other public values"),
            Self::Malformed(why) => write!(f, "these bytes are no proof: {why}"),
            Self::Invalid(why) => write!(f, "the proof is not valid: {why}"),
            Self::NoKey => f.write_str("the key for proofs of segments is not here; ask a worker that proves"),
        }
    }
}

impl std::error::Error for Refusal {}

/// The bytes of a joined proof.
pub(crate) fn encode_joined(proof: &VmStarkProof) -> Result<Vec<u8>, String> {
    proof.encode_to_vec().map_err(|error| error.to_string())
}

/// The bytes of proofs of segments: their number and they, then what was revealed.
pub(crate) fn encode_segments(proof: &ContinuationVmProof<SC>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    proof.per_segment.encode(&mut bytes).map_err(|error| error.to_string())?;
    proof.user_public_values.encode::<SC, _>(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn decode_segments(bytes: &[u8]) -> Result<ContinuationVmProof<SC>, String> {
    let mut rest = bytes;
    let per_segment = Vec::<Proof<SC>>::decode(&mut rest).map_err(|error| error.to_string())?;
    let user_public_values = UserPublicValuesProof::decode::<SC, _>(&mut rest).map_err(|error| error.to_string())?;
    if !rest.is_empty() {
        return Err(format!("{} bytes are left behind it", rest.len()));
    }
    Ok(ContinuationVmProof { per_segment, user_public_values })
}

impl Keys {
    /// Checks a joined proof of these public values.
    pub fn check_joined(&self, public_values: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
        extent::check_joined(bytes).map_err(Refusal::Malformed)?;
        caught(|| {
            let proof =
                VmStarkProof::decode_from_bytes(bytes).map_err(|error| Refusal::Malformed(error.to_string()))?;
            // A proof has one string of bytes; else one proof would have many names.
            if encode_joined(&proof).map_err(Refusal::Malformed)? != bytes {
                return Err(Refusal::Malformed("it is written in another way than proofs are".to_owned()));
            }
            verify_vm_stark_proof_decoded(&self.joined, &proof).map_err(refusal)?;
            check_revealed(public_values, &proof.user_pvs_proof.public_values)
        })
    }

    /// Checks a proof of each segment of an execution with these public values.
    pub fn check_segments(&self, public_values: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
        let machine = self.machine.as_ref().ok_or(Refusal::NoKey)?;
        extent::check_segments(bytes).map_err(Refusal::Malformed)?;
        caught(|| {
            let proof = decode_segments(bytes).map_err(Refusal::Malformed)?;
            if encode_segments(&proof).map_err(Refusal::Malformed)? != bytes {
                return Err(Refusal::Malformed("it is written in another way than proofs are".to_owned()));
            }
            let stark = Stark::new(machine.inner.params.clone());
            let execution = verify_segments(&stark, machine, &proof.per_segment)
                .map_err(|error| Refusal::Invalid(error.to_string()))?;
            if execution.exe_commit != self.code() {
                return Err(Refusal::WrongProgram(format!("it has the commitment {:?}", execution.exe_commit)));
            }
            let revealed = &proof.user_public_values;
            revealed
                .verify(&vm_poseidon2_hasher::<F>(), self.memory(), execution.final_memory_root)
                .map_err(|error| Refusal::Invalid(error.to_string()))?;
            check_revealed(public_values, &revealed.public_values)
        })
    }
}

/// Verifiers are not ours, and are given what anybody sends.
fn caught(check: impl FnOnce() -> Result<(), Refusal>) -> Result<(), Refusal> {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(outcome) => outcome,
        Err(_) => Err(Refusal::Invalid("OpenVM's verifier has panicked".to_owned())),
    }
}

/// The guest reveals the SHA-256 of its public values.
fn check_revealed(public_values: &[u8], revealed: &[F]) -> Result<(), Refusal> {
    if revealed.len() != REVEALED {
        return Err(Refusal::Invalid(format!("{} bytes are revealed", revealed.len())));
    }
    let expected = Sha256::digest(public_values);
    let is_equal = revealed.iter().zip(expected).all(|(got, byte)| got.as_canonical_u32() == u32::from(byte));
    if is_equal { Ok(()) } else { Err(Refusal::WrongPublicValues) }
}

fn refusal(error: VerifyStarkError) -> Refusal {
    use VerifyStarkError as Error;
    let is_other = matches!(
        error,
        Error::AppExeCommitMismatch { .. }
            | Error::AppVkCachedCommitMismatch { .. }
            | Error::AppVkPreHashMismatch { .. }
            | Error::LeafVkCachedCommitMismatch { .. }
            | Error::LeafVkPreHashMismatch { .. }
            | Error::InternalForLeafVkCachedCommitMismatch { .. }
            | Error::InternalForLeafVkPreHashMismatch { .. }
            | Error::InternalRecursiveVkCachedCommitMismatch { .. }
            | Error::InternalRecursiveVkPreHashMismatch { .. }
    );
    if is_other { Refusal::WrongProgram(error.to_string()) } else { Refusal::Invalid(error.to_string()) }
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
