//! Verifiers: in this process, or in one that only verifies.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use ashlar_light_risc0::{Image, RiscZeroError};
use ashlar_light_sp1::{Program, Sp1Error, Verifier as Sp1};
use ashlar_prover::{Claim, Verifier, VerifyError};
use ashlar_prover_wire::{BackendName, Failure, FailureKind, ProgramHash, ProofKind};

use super::{Backend, Session, find_worker};

/// Before a worker is started again for what could not be checked: the coordinator looks at that every second.
const AGAIN: Duration = Duration::from_secs(10);

/// The verifier of a proof system, by the worker that was named if it has none but that. An execution has no verifier: it is executed again.
pub fn verifier_of(backend: BackendName, worker: Option<&Path>) -> Option<Arc<dyn Verifier>> {
    match Backend::named(backend)? {
        Backend::Execute => None,
        Backend::Sp1 => Some(Arc::new(Compressed(Sp1::new()))),
        Backend::RiscZero => Some(Arc::new(Succinct)),
        Backend::OpenVm => Some(Arc::new(Apart::new(Backend::OpenVm, worker))),
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

/// A proof system's own worker, started to verify and nothing else when the first proof is to be checked. Its verifier comes with its prover's crates,
/// which are not part of this program; and whatever it makes of bytes that anybody sent, it ends no more than its own process.
struct Apart {
    backend: Backend,
    worker: Option<PathBuf>,
    asked: Mutex<Asked>,
    /// Why a proof could not be checked last: the coordinator looks every second, and nobody wants to read it as often.
    told: Mutex<Option<String>>,
}

/// Whom it asks.
enum Asked {
    /// Nobody yet.
    Nobody,
    /// This one.
    Worker(Box<Session>),
    /// One that could not be asked, when, and why.
    Failed(Instant, String),
}

/// What a worker said of a proof, and with the key of which program.
struct Said {
    program: ProgramHash,
    verdict: Result<(), Failure>,
}

impl Apart {
    fn new(backend: Backend, worker: Option<&Path>) -> Apart {
        Apart { backend, worker: worker.map(Path::to_owned), asked: Mutex::new(Asked::Nobody), told: Mutex::default() }
    }

    /// What the worker says, or why it cannot be asked. One that could not be is not asked again: the next look is at a new one. Where a new one
    /// cannot be asked either, the next is some time later.
    fn ask(&self, claim: &Claim<'_>) -> Result<Said, String> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Asked::Failed(when, why) = &*asked
            && when.elapsed() < AGAIN
        {
            return Err(why.clone());
        }
        let before = std::mem::replace(&mut *asked, Asked::Nobody);
        let is_new = !matches!(before, Asked::Worker(_));
        match self.try_to_ask(before, claim) {
            Ok((session, said)) => {
                *asked = Asked::Worker(session);
                Ok(said)
            }
            Err(error) => {
                let why = format!("{error:#}");
                if is_new {
                    *asked = Asked::Failed(Instant::now(), why.clone());
                }
                Err(why)
            }
        }
    }

    fn try_to_ask(&self, asked: Asked, claim: &Claim<'_>) -> Result<(Box<Session>, Said)> {
        let mut session = match asked {
            Asked::Worker(session) => session,
            Asked::Nobody | Asked::Failed(..) => {
                let worker = find_worker(self.backend, self.worker.as_deref())?;
                Box::new(Session::start(&worker, &["--verify-only"])?)
            }
        };
        let said = Said { program: session.description().program, verdict: session.verify(claim)? };
        Ok((session, said))
    }
}

impl Verifier for Apart {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        if claim.kind != self.backend.target().kind {
            return Err(VerifyError::Unsupported { kind: claim.kind });
        }
        let said = self.ask(claim).map_err(|why| VerifyError::Unavailable { why });
        let result = said.and_then(|said| judge(claim.program, said));
        let why = result.as_ref().err().filter(|error| !error.is_verdict()).map(VerifyError::to_string);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = why.as_ref().filter(|why| told.as_ref() != Some(*why)) {
            tracing::warn!(backend = self.backend.word(), why, "a proof waits");
        }
        *told = why;
        result
    }
}

/// What follows from what a worker said for a proof that has to be of this program.
fn judge(expected: ProgramHash, Said { program: got, verdict }: Said) -> Result<(), VerifyError> {
    match verdict {
        Ok(()) if got == expected => Ok(()),
        Ok(()) => Err(VerifyError::WrongProgram { expected, got }),
        // It has another program's key, by which a right proof is as wrong as any.
        Err(_) if got != expected => Err(VerifyError::Unavailable {
            why: format!(
                "the worker has the key of program {got}; the one of the release with program {expected} checks this"
            ),
        }),
        Err(Failure { kind, detail }) => Err(match kind {
            FailureKind::WrongProgram => VerifyError::WrongProgram { expected, got: ProgramHash::default() },
            FailureKind::WrongPublicValues => VerifyError::WrongPublicValues,
            FailureKind::Malformed => VerifyError::Malformed { why: detail },
            FailureKind::InvalidProof => VerifyError::Invalid { why: detail },
            _ => VerifyError::Unavailable { why: detail },
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const OURS: ProgramHash = ProgramHash([1; 32]);
    const OTHER: ProgramHash = ProgramHash([2; 32]);

    #[test]
    fn only_a_verdict_by_the_right_key_refuses_a_proof() {
        let failed = |kind| Err(Failure::new(kind, "why"));
        let said = |program, verdict| judge(OURS, Said { program, verdict });
        assert_eq!(said(OURS, Ok(())), Ok(()));
        assert_eq!(said(OTHER, Ok(())), Err(VerifyError::WrongProgram { expected: OURS, got: OTHER }));
        for kind in [FailureKind::WrongProgram, FailureKind::WrongPublicValues, FailureKind::Malformed] {
            assert!(said(OURS, failed(kind)).is_err_and(|error| error.is_verdict()), "{kind:?}");
        }
        let invalid = VerifyError::Invalid { why: "why".to_owned() };
        assert_eq!(said(OURS, failed(FailureKind::InvalidProof)), Err(invalid));
        for (program, kind) in
            [(OURS, FailureKind::Backend), (OURS, FailureKind::Unsupported), (OTHER, FailureKind::InvalidProof)]
        {
            assert!(said(program, failed(kind)).is_err_and(|error| !error.is_verdict()), "{kind:?}");
        }
    }

    #[test]
    fn a_worker_that_cannot_be_started_refuses_nothing() {
        let verifier = verifier_of(BackendName::OPENVM, Some(Path::new("nowhere/worker"))).expect("it has one");
        let claim = Claim { kind: ProofKind::Stark, program: OURS, public_values: &[], proof: &[] };
        let error = verifier.verify(&claim).expect_err("there is no worker");
        assert!(!error.is_verdict() && error.to_string().contains("guests/openvm"), "{error}");
        let claim = Claim { kind: ProofKind::App, ..claim };
        assert_eq!(verifier.verify(&claim), Err(VerifyError::Unsupported { kind: ProofKind::App }));
    }

    #[test]
    fn a_worker_that_fails_is_not_started_for_every_look() {
        let folder = std::env::temp_dir().join(format!("ashlar-apart-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let (worker, starts) = (folder.join("worker"), folder.join("starts"));
        fs::write(&worker, format!("#!/bin/sh\necho >> '{}'\nexit 3\n", starts.display())).expect("written");
        fs::set_permissions(&worker, fs::Permissions::from_mode(0o700)).expect("made a program");
        let verifier = verifier_of(BackendName::OPENVM, Some(&worker)).expect("it has one");
        let claim = Claim { kind: ProofKind::Stark, program: OURS, public_values: &[], proof: &[] };
        for _ in 0..3 {
            let error = verifier.verify(&claim).expect_err("it ends at once");
            assert!(!error.is_verdict() && error.to_string().contains("ended before it connected"), "{error}");
        }
        assert_eq!(fs::read_to_string(&starts).expect("it was started"), "\n");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
