//! Verifiers in this process.

use std::sync::Arc;

use ashlar_light_risc0::{Image, RiscZeroError};
use ashlar_light_sp1::{Program, Sp1Error, Verifier as Sp1};
use ashlar_prover::{Claim, Verifier, VerifyError};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind};

use super::Backend;

/// The verifier of a proof system, if there is one here. An execution has none: it is executed again.
pub fn verifier_of(backend: BackendName) -> Option<Arc<dyn Verifier>> {
    match Backend::named(backend)? {
        Backend::Execute => None,
        Backend::Sp1 => Some(Arc::new(Compressed(Sp1::new()))),
        Backend::RiscZero => Some(Arc::new(Succinct)),
    }
}

/// SP1's compressed proofs.
struct Compressed(Sp1);

impl Verifier for Compressed {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        if claim.kind != ProofKind::Compressed {
            return Err(VerifyError::Unsupported { kind: claim.kind });
        }
        let program = Program::new(claim.program.0).map_err(error_of)?;
        self.0.check(&program, claim.public_values, claim.proof).map_err(error_of)
    }
}

fn error_of(error: Sp1Error) -> VerifyError {
    match error {
        Sp1Error::WrongProgram { expected, got } => {
            VerifyError::WrongProgram { expected: ProgramHash(expected.hash()), got: ProgramHash(got.hash()) }
        }
        Sp1Error::WrongPublicValues { .. } => VerifyError::WrongPublicValues,
        Sp1Error::Malformed { reason } => VerifyError::Malformed { why: reason },
        Sp1Error::NoProgram { .. } => VerifyError::Malformed { why: error.to_string() },
        Sp1Error::Rejected { reason } => VerifyError::Invalid { why: reason },
    }
}

/// RISC Zero's succinct receipts.
struct Succinct;

impl Verifier for Succinct {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        if claim.kind != ProofKind::Succinct {
            return Err(VerifyError::Unsupported { kind: claim.kind });
        }
        ashlar_light_risc0::check(&Image(claim.program.0), claim.public_values, claim.proof).map_err(
            |error| match error {
                RiscZeroError::WrongImage { expected, got } => {
                    VerifyError::WrongProgram { expected: ProgramHash(expected.0), got: ProgramHash(got.0) }
                }
                RiscZeroError::WrongPublicValues { .. } => VerifyError::WrongPublicValues,
                RiscZeroError::Malformed { reason } => VerifyError::Malformed { why: reason },
                RiscZeroError::Rejected { reason } => VerifyError::Invalid { why: reason },
            },
        )
    }
}
