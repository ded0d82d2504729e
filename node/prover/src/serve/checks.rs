//! Proofs that came in and that nobody has looked at yet; signatures under those that are right.
//!
//! A verifier in this process is asked first; then a worker whose role is to verify, which never is the one that proved, as each has one
//! role. Where neither is there, a proof waits (SPEC R-6).
//!
//! A job that is withdrawn and formed again has the same name, and its next proof is another one. So each check has a number of its own, and a verdict
//! counts only for the check that it is of; signatures count only for the proof that they are under.

use std::sync::Arc;

use ashlar_prover_wire::{Answer, Description, FailureKind, JobId, Question, ToCoordinator, ToWorker};
use ashlar_types::to_bytes;

use super::Runtime;
use super::actor::Coordinator;
use super::config::{ProverConfig, Role};
use super::event::Event;
use super::ledger::{ProofHead, ProofName};
use crate::attest::{AttestError, Attestation};
use crate::error::ProverError;
use crate::kept::KeptProof;
use crate::limits::ATTESTATIONS_MAX;
use crate::schedule::{Verdict, WorkerId};
use crate::store::{Part, Received};
use crate::verify::{Claim, Verifier, VerifyError};
use ashlar_prover_evidence::execute;

/// A proof to be looked at.
pub(super) struct Check {
    /// Its own among all checks.
    pub number: u64,
    pub received: Received,
    /// What it must say.
    pub public_values: Vec<u8>,
    /// Somebody looks at it.
    pub is_running: bool,
    /// How often it was to be looked at in this process.
    looks: u64,
}

/// So many looks at a proof that cannot be checked pass between two lines of the log about it: about a minute.
const LOOKS_SILENT: u64 = 60;

impl Check {
    pub const fn new(number: u64, received: Received, public_values: Vec<u8>) -> Check {
        Check { number, received, public_values, is_running: false, looks: 0 }
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
        let (number, expected) = (check.number, check.public_values.clone());
        let evidence = self.evidence(record).await?;
        self.apart("execution", move || {
            let result = match execute(&evidence) {
                Ok(values) if to_bytes(&values) == expected => Ok(()),
                Ok(_) => Err(VerifyError::WrongPublicValues),
                Err(error) => Err(VerifyError::Invalid { why: error.to_string() }),
            };
            Event::Verified { job, number, result: Some(result) }
        });
        Ok(())
    }

    fn check_here(&mut self, job: JobId, verifier: Arc<dyn Verifier>) {
        let Some(check) = self.checks.get_mut(&job) else { return };
        let is_said = check.looks.is_multiple_of(LOOKS_SILENT);
        check.looks += 1;
        let Check { number, received, public_values, .. } = &*check;
        let (number, program) = (*number, self.config.program_of(public_values, received.target));
        let (kind, proof, public_values) = (received.target.kind, received.proof.clone(), public_values.clone());
        self.apart("verification", move || {
            let claim = Claim { kind, program, public_values: &public_values, proof: &proof };
            let result = match verifier.verify(&claim) {
                Err(error) if !error.is_verdict() => {
                    if is_said {
                        tracing::warn!(job = job.0, %error, "a proof waits, because nothing can be said of it");
                    }
                    None
                }
                result => Some(result),
            };
            Event::Verified { job, number, result }
        });
    }

    /// Asks an idle worker that verifies, by the number of the check in place of the job's name: what it says again on a new connection is of one
    /// proof. Whether there is such a worker.
    fn check_elsewhere(&mut self, job: JobId) -> bool {
        let Some(Check { number, received, public_values, .. }) = self.checks.get(&job) else { return false };
        let Received { target, proof, .. } = received;
        let (members, program) = (&self.config.members, self.config.program_of(public_values, *target));
        let idle = self.connected.iter_mut().find(|(worker, connected)| {
            let verifies = members.get(worker.0 as usize).is_some_and(|member| member.role == Role::Verify);
            let Description { backend, program: of, .. } = &connected.description;
            verifies && connected.checks.is_none() && (*backend, *of) == (target.backend, program)
        });
        let Some((worker, connected)) = idle else { return false };
        connected.checks = Some((job, *number));
        let (worker, asked, kind) = (*worker, JobId(*number), target.kind);
        let question = Question::Verify { kind, public_values: public_values.clone(), proof: proof.clone() };
        self.tell(worker, ToWorker::Ask { job: asked, question });
        self.connected.contains_key(&worker)
    }

    /// A worker that verifies said something.
    pub async fn checked(&mut self, worker: WorkerId, message: ToCoordinator) -> Result<(), ProverError> {
        let (asked, result) = match message {
            ToCoordinator::Done { job, answer: Answer::Verified { .. } } => (job, Some(Ok(()))),
            ToCoordinator::Failed { job, failure } => (job, refusal(failure.kind, failure.detail)),
            _ => return Ok(()),
        };
        let Some(connected) = self.connected.get_mut(&worker) else { return Ok(()) };
        let Some((job, number)) = connected.checks.take_if(|(_, number)| JobId(*number) == asked) else {
            return Ok(());
        };
        self.tell(worker, ToWorker::Cancel { job: asked });
        Box::pin(self.verified(job, number, result)).await
    }

    /// Somebody has looked at a proof. What is said of one that was withdrawn meanwhile says nothing of the one in its place.
    pub async fn verified(
        &mut self,
        job: JobId,
        number: u64,
        result: Option<Result<(), VerifyError>>,
    ) -> Result<(), ProverError> {
        let Some(check) = self.checks.get_mut(&job).filter(|check| check.number == number) else { return Ok(()) };
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

    /// Has a proof signed, where L1 counts signatures, unless its signers are asked already or about too many: then it has its turn later.
    pub fn attest(&mut self, proof: &KeptProof) {
        let Some(quorum) = self.config.quorums.of(proof.values.version).cloned() else { return };
        let name = ProofName::of(proof);
        if self.attesting.len() >= ATTESTATIONS_MAX || !self.attesting.insert(name) {
            return;
        }
        let proof = proof.clone();
        self.apart("attestation", move || Event::Attested { proof: name, result: quorum.attest(&proof) });
    }

    /// Has signed whatever is not, as after a restart. One after the other has its turn, so that no proof whose signers are gone keeps others from theirs.
    pub async fn attest_all(&mut self) -> Result<(), ProverError> {
        let waits = |first: u64, head: &ProofHead| {
            let is_unsigned = head.signers.is_none() && self.config.quorums.of(head.version).is_some();
            is_unsigned && !self.attesting.contains(&head.name(first))
        };
        let proofs = &self.ledger.proofs;
        let in_turn = proofs.range(self.attest_from..).chain(proofs.range(..self.attest_from));
        let room = ATTESTATIONS_MAX.saturating_sub(self.attesting.len());
        let unsigned = in_turn.filter(|(first, head)| waits(**first, head)).map(|(first, _)| *first);
        for first in unsigned.take(room).collect::<Vec<_>>() {
            self.attest_from = first.saturating_add(1);
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
        proof: ProofName,
        result: Result<Attestation, AttestError>,
    ) -> Result<(), ProverError> {
        self.attesting.remove(&proof);
        let first = proof.first;
        let attestation = match result {
            Ok(attestation) => attestation,
            Err(error) => {
                tracing::warn!(first, %error, "a proof has too few signatures; they are asked for again");
                return Ok(());
            }
        };
        let signers = attestation.signers();
        let Some(head) = self.ledger.proofs.get_mut(&first).filter(|head| head.name(first) == proof) else {
            return Ok(());
        };
        // Others may sign for it by now.
        if self.config.quorums.of(head.version).is_some_and(|quorum| quorum.is_enough(&signers)) {
            self.store.put(Part::Attestation, first, &attestation.to_bytes()).await?;
            head.signers = Some(signers);
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
