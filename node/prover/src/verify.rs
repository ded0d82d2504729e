//! Checking a proof: in this process, where a proof system has a verifier that is light enough, or in one that this one starts.

use ashlar_prover_wire::{ProgramHash, ProofKind};

/// What is claimed: that a program, run by a proof system, says these public values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim<'a> {
    /// Of which kind the proof is.
    pub kind: ProofKind,
    /// The program that must have run.
    pub program: ProgramHash,
    /// What it must have said.
    pub public_values: &'a [u8],
    /// The proof.
    pub proof: &'a [u8],
}

/// Why a proof is none.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is of another program.
    #[error("the proof is of program {got}, not of {expected}")]
    WrongProgram {
        /// The program in force.
        expected: ProgramHash,
        /// Whose proof it is; all zeros if it does not say.
        got: ProgramHash,
    },
    /// It says something else.
    #[error("the proof says other public values than it should")]
    WrongPublicValues,
    /// Its bytes are no proof of this kind.
    #[error("the bytes are no proof of this kind: {why}")]
    Malformed {
        /// What is wrong with them.
        why: String,
    },
    /// It has the form of a proof and shows nothing.
    #[error("the proof does not hold: {why}")]
    Invalid {
        /// Which check failed.
        why: String,
    },
    /// This verifier does not check proofs of this kind.
    #[error("proofs of kind {kind:?} are not checked here; ask a worker that does")]
    Unsupported {
        /// The kind.
        kind: ProofKind,
    },
    /// The verifier could not be asked, which says nothing of the proof.
    #[error("the proof could not be checked: {why}")]
    Unavailable {
        /// What is in the way, and what to do.
        why: String,
    },
}

impl VerifyError {
    /// Whether it says something of the proof. What does not makes the proof wait (SPEC R-6).
    pub const fn is_verdict(&self) -> bool {
        !matches!(self, VerifyError::Unsupported { .. } | VerifyError::Unavailable { .. })
    }
}

/// A verifier of one proof system. It computes, here or in a process of its own on this machine, and waits for nothing else.
pub trait Verifier: Send + Sync + 'static {
    /// Whether the proof shows what is claimed.
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError>;
}
