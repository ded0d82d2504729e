//! Proofs that came in and that nobody has looked at yet; signatures under those that are right.
//!
//! A verifier in this process is asked first; then a worker whose role is to verify, which never is the one that proved, as each has one
//! role. Where neither is there, a proof waits (SPEC R-6).

use std::sync::Arc;

use ashlar_prover_wire::{Answer, Description, FailureKind, JobId, Question, ToCoordinator, ToWorker};
use ashlar_types::{BatchNumber, to_bytes};

use super::Runtime;
use super::actor::Coordinator;
use super::config::{ProverConfig, Role};
use super::event::Event;
use super::ledger::ProofHead;
use crate::attest::{AttestError, Attestation};
use crate::error::ProverError;
use crate::kept::KeptProof;
use crate::schedule::{Verdict, WorkerId};
use crate::store::{Part, Received};
use crate::verify::{Claim, Verifier, VerifyError};
use ashlar_prover_evidence::execute;

/// A proof to be looked at.
pub(super) struct Check {
    pub received: Received,
    /// What it must say.
    pub public_values: Vec<u8>,
    /// Somebody looks at it.
    pub is_running: bool,
}

impl Check {
    pub const fn new(received: Received, public_values: Vec<u8>) -> Check {
        Check { received, public_values, is_running: false }
    }
}

impl<E: Runtime> Coordinator<E> {
    /// Has looked at whatever waits and can be.
    pub async fn start_checks(&mut self) -> Result<(), ProverError> {
        let waiting: Vec<_> = self.checks.iter().filter(|(_, check)| !check.is_running).map(|(job, _)| *job).collect();
        for job in waiting {
            let Some(target) = self.checks.get(&job).map(|check| check.received.target) else { continue };
            let is_running = if ProverConfig::is_executed(target) {
                self.check_by_executing(job).await?;
                true
            } else if let Some(verifier) = self.config.verifiers.get(&target.backend).cloned() {
                self.check_here(job, verifier);
                true
            } else {
                self.check_elsewhere(job)
            };
            if let Some(check) = self.checks.get_mut(&job) {
                check.is_running = is_running;
            }
        }
        Ok(())
    }

    /// An execution shows nothing to whoever was not there, so it is done again.
    async fn check_by_executing(&mut self, job: JobId) -> Result<(), ProverError> {
        let (Some(record), Some(check)) = (self.ledger.jobs.get(&job), self.checks.get(&job)) else { return Ok(()) };
        let (evidence, expected) = (self.evidence(record).await?, check.public_values.clone());
        self.apart("execution", move || {
            let result = match execute(&evidence) {
                Ok(values) if to_bytes(&values) == expected => Ok(()),
                Ok(_) => Err(VerifyError::WrongPublicValues),
                Err(error) => Err(VerifyError::Invalid { why: error.to_string() }),
            };
            Event::Verified { job, result: Some(result) }
        });
        Ok(())
    }

    fn check_here(&mut self, job: JobId, verifier: Arc<dyn Verifier>) {
        let Some(Check { received, public_values, .. }) = self.checks.get(&job) else { return };
        let program = self.config.program_of(public_values, received.target);
        let (kind, proof, public_values) = (received.target.kind, received.proof.clone(), public_values.clone());
        self.apart("verification", move || {
            let claim = Claim { kind, program, public_values: &public_values, proof: &proof };
            let result = match verifier.verify(&claim) {
                Err(VerifyError::Unsupported { .. }) => None,
                result => Some(result),
            };
            Event::Verified { job, result }
        });
    }

    /// Asks an idle worker that verifies; whether there is one.
    fn check_elsewhere(&mut self, job: JobId) -> bool {
        let Some(Check { received, public_values, .. }) = self.checks.get(&job) else { return false };
        let Received { target, proof, .. } = received;
        let (members, program) = (&self.config.members, self.config.program_of(public_values, *target));
        let idle = self.connected.iter_mut().find(|(worker, connected)| {
            let verifies = members.get(worker.0 as usize).is_some_and(|member| member.role == Role::Verify);
            let Description { backend, program: of, .. } = &connected.description;
            verifies && connected.checks.is_none() && (*backend, *of) == (target.backend, program)
        });
        let Some((worker, connected)) = idle else { return false };
        connected.checks = Some(job);
        let (worker, kind) = (*worker, target.kind);
        let question = Question::Verify { kind, public_values: public_values.clone(), proof: proof.clone() };
        self.tell(worker, ToWorker::Ask { job, question });
        self.connected.contains_key(&worker)
    }

    /// A worker that verifies said something.
    pub async fn checked(&mut self, worker: WorkerId, message: ToCoordinator) -> Result<(), ProverError> {
        let (job, result) = match message {
            ToCoordinator::Done { job, answer: Answer::Verified { .. } } => (job, Some(Ok(()))),
            ToCoordinator::Failed { job, failure } => (job, refusal(failure.kind, failure.detail)),
            _ => return Ok(()),
        };
        let Some(connected) = self.connected.get_mut(&worker).filter(|known| known.checks == Some(job)) else {
            return Ok(());
        };
        connected.checks = None;
        self.tell(worker, ToWorker::Cancel { job });
        Box::pin(self.verified(job, result)).await
    }

    /// Somebody has looked at a proof.
    pub async fn verified(&mut self, job: JobId, result: Option<Result<(), VerifyError>>) -> Result<(), ProverError> {
        let Some(check) = self.checks.get_mut(&job) else { return Ok(()) };
        check.is_running = false;
        let verdict = match &result {
            Some(Ok(())) => Verdict::Accepted,
            Some(Err(_)) => Verdict::Rejected,
            // It waits until the next look.
            None => return Ok(()),
        };
        let worker = check.received.worker.clone();
        let proof = std::mem::take(&mut check.received.proof);
        if let Some(Err(error)) = result {
            tracing::error!(worker, job = job.0, %error, "a proof is wrong and was thrown away");
            self.checks.remove(&job);
            self.store.remove(Part::Received, job.0).await?;
        }
        let effects = self.scheduler.verified(job, verdict, proof, self.now_ms());
        Box::pin(self.obey(effects)).await
    }

    /// A worker says that the guest refuses a job's evidence: what does this machine say?
    pub async fn execute(&mut self, job: JobId) -> Result<(), ProverError> {
        let Some(record) = self.ledger.jobs.get(&job) else { return Ok(()) };
        let (evidence, expected) = (self.evidence(record).await?, self.ledger.job(record));
        self.apart("execution", move || {
            let expected = expected.map(|job| job.public_values);
            let is_right = execute(&evidence).is_ok_and(|values| Some(to_bytes(&values)) == expected);
            Event::Executed { job, is_right }
        });
        Ok(())
    }

    /// Has a proof signed, where L1 counts signatures.
    pub fn attest(&self, proof: &KeptProof) {
        let Some(quorum) = self.config.quorums.of(proof.values.version).cloned() else { return };
        let proof = proof.clone();
        self.apart("attestation", move || {
            let result = Some(quorum.attest(&proof));
            Event::Attested { first: proof.first, result }
        });
    }

    /// Has signed whatever is not, as after a restart.
    pub async fn attest_all(&self) -> Result<(), ProverError> {
        let is_unsigned = |head: &ProofHead| head.signers.is_none() && self.config.quorums.of(head.version).is_some();
        let unsigned = self.ledger.proofs.iter().filter(|(_, head)| is_unsigned(head));
        for first in unsigned.map(|(first, _)| *first) {
            let stored = self.store.get(Part::Proof, first).await?;
            if let Some(proof) = stored.and_then(|bytes| KeptProof::from_bytes(&bytes).ok()) {
                self.attest(&proof);
            }
        }
        Ok(())
    }

    /// Signers have looked at a proof.
    pub async fn attested(
        &mut self,
        first: BatchNumber,
        result: Option<Result<Attestation, AttestError>>,
    ) -> Result<(), ProverError> {
        let attestation = match result {
            Some(Ok(attestation)) => attestation,
            Some(Err(error)) => {
                tracing::warn!(first = first.get(), %error, "a proof has too few signatures; they are asked for again");
                return Ok(());
            }
            None => return Ok(()),
        };
        if let Some(head) = self.ledger.proofs.get_mut(&first.get()) {
            head.signers = Some(attestation.signers());
            self.store.put(Part::Attestation, first.get(), &attestation.to_bytes()).await?;
        }
        Ok(())
    }

    /// Computes something outside of this task, and takes what came of it as an event.
    fn apart(&self, name: &'static str, compute: impl FnOnce() -> Event + Send + 'static) {
        let events = self.events.clone();
        self.context.child(name).shared(true).spawn(move |_| async move {
            let event = compute();
            if let Some(events) = events.upgrade() {
                // A coordinator that has ended does not want to know.
                let _ = events.send(event).await;
            }
        });
    }
}

/// What a worker's refusal says of a proof; nothing if it is about the worker.
fn refusal(kind: FailureKind, why: String) -> Option<Result<(), VerifyError>> {
    match kind {
        FailureKind::WrongProgram => Some(Err(VerifyError::Invalid { why: format!("another program: {why}") })),
        FailureKind::WrongPublicValues => Some(Err(VerifyError::WrongPublicValues)),
        FailureKind::InvalidProof => Some(Err(VerifyError::Invalid { why })),
        FailureKind::Malformed => Some(Err(VerifyError::Malformed { why })),
        _ => None,
    }
}
