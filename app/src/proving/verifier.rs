//! Verifiers: in this process, or in one that only verifies.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use ashlar_light_risc0::{Image, RiscZeroError};
use ashlar_light_sp1::{Program, Sp1Error, Verifier as Sp1};
use ashlar_prover::{Claim, Verifier, VerifyError};
use ashlar_prover_wire::{BackendName, Failure, FailureKind, ProgramHash, ProofKind};

use super::backend::{Backend, find_worker};
use super::session::Session;

/// The verifier of a proof system, if there is one here, with the worker that was named if it needs one. An execution has none: it is executed again.
pub fn verifier_of(backend: BackendName, worker: Option<&Path>) -> Option<Arc<dyn Verifier>> {
    match Backend::named(backend)? {
        Backend::Execute => None,
        Backend::Sp1 => Some(Arc::new(Compressed(Sp1::new()))),
        Backend::RiscZero => Some(Arc::new(Succinct)),
        Backend::OpenVm => Some(Arc::new(Apart::new(Backend::OpenVm, worker))),
    }
}

/// A proof system's own worker, started to verify and nothing else when the first proof is to be checked. Its verifier comes with its prover's crates, which are
/// not part of this program; and whatever it makes of bytes that anybody sent, it ends no more than its own process.
struct Apart {
    backend: Backend,
    worker: Option<PathBuf>,
    session: Mutex<Option<Session>>,
}

impl Apart {
    fn new(backend: Backend, worker: Option<&Path>) -> Apart {
        Apart { backend, worker: worker.map(Path::to_owned), session: Mutex::new(None) }
    }

    /// What the worker says, and of which program it says it.
    fn ask(&self, claim: &Claim<'_>) -> Result<(ProgramHash, Result<(), Failure>)> {
        let mut held = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        // One that could not be asked is not asked again: the next proof is checked by a new one.
        let mut session = match held.take() {
            Some(session) => session,
            None => Session::start(&find_worker(self.backend, self.worker.as_deref())?, &["--verify-only"])?,
        };
        let said = (session.description().program, session.verify(claim)?);
        *held = Some(session);
        Ok(said)
    }
}

impl Verifier for Apart {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        let unsupported = Err(VerifyError::Unsupported { kind: claim.kind });
        if claim.kind != self.backend.target().kind {
            return unsupported;
        }
        match self.ask(claim) {
            Ok((program, Ok(()))) if program == claim.program => Ok(()),
            Ok((got, Ok(()))) => Err(VerifyError::WrongProgram { expected: claim.program, got }),
            Ok((_, Err(failure))) => match failure.kind {
                FailureKind::WrongProgram => {
                    Err(VerifyError::WrongProgram { expected: claim.program, got: ProgramHash::default() })
                }
                FailureKind::WrongPublicValues => Err(VerifyError::WrongPublicValues),
                FailureKind::InvalidProof => Err(VerifyError::Invalid { why: failure.detail }),
                _ => unsupported,
            },
            // Whoever cannot be asked has not refused.
            Err(error) => {
                tracing::warn!(
                    backend = self.backend.word(),
                    error = format!("{error:#}"),
                    "a proof could not be checked"
                );
                unsupported
            }
        }
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
