//! Proofs that were verified: stored, found, told of, and let go.

use ashlar_prover_wire::JobId;
use ashlar_types::BatchNumber;

use super::Runtime;
use super::actor::Coordinator;
use super::event::Found;
use super::ledger::ProofHead;
use super::status::{BatchStatus, ProofState};
use crate::attest::Attestation;
use crate::error::ProverError;
use crate::kept::KeptProof;
use crate::schedule::JobState;
use crate::store::{Part, Received};

impl<E: Runtime> Coordinator<E> {
    pub(super) async fn store_proof(&mut self, job: JobId, proof: Vec<u8>) -> Result<(), ProverError> {
        let (Some(record), Some(check)) = (self.ledger.jobs.get(&job).copied(), self.checks.remove(&job)) else {
            return Ok(());
        };
        let header = self.ledger.batches.get(&record.last.get()).map(|batch| batch.header);
        let values = ashlar_types::from_bytes(&check.public_values).ok();
        let (Some(header), Some(values)) = (header, values) else {
            return Err(ProverError::Lost { what: "the header of batch", number: record.last.get() });
        };
        let Received { worker, target, measured, .. } = check.received;
        let program = self.config.program_of(&check.public_values, target);
        let (first, last, proven_ms) = (record.first, record.last, self.now_ms());
        let kept = KeptProof { first, last, target, program, values, header, measured, proven_ms, worker, proof };
        self.store.put(Part::Proof, first.get(), &kept.to_bytes()).await?;
        self.store.remove(Part::Job, job.0).await?;
        self.store.remove(Part::Received, job.0).await?;
        tracing::info!(first = first.get(), last = last.get(), worker = kept.worker, "a proof was verified and stored");
        self.ledger.prove(job, &kept);
        self.attest(&kept);
        Ok(())
    }

    pub(super) async fn attestation(&self, proof: &KeptProof) -> Result<Option<Attestation>, ProverError> {
        let stored = self.store.get(Part::Attestation, proof.first.get()).await?;
        Ok(stored.and_then(|bytes| Attestation::from_bytes(&bytes, &proof.program.0, &proof.values)))
    }

    /// A proof that begins with a batch, which what is in its way makes room for; or the one that a batch is under.
    pub(super) async fn find(&mut self, number: BatchNumber, exactly: bool) -> Result<Option<Found>, ProverError> {
        if exactly {
            self.begin_at(number).await?;
            self.renew(number).await?;
        }
        let Some((first, head)) = self.ledger.proof_of(number) else { return Ok(None) };
        let lacks_signatures = head.signers.is_none() && self.config.quorums.of(head.version).is_some();
        if exactly && (first != number || lacks_signatures) {
            return Ok(None);
        }
        let stored = self.store.get(Part::Proof, first.get()).await?;
        let Some(proof) = stored.and_then(|bytes| KeptProof::from_bytes(&bytes).ok()) else {
            return Err(ProverError::Lost { what: "the proof from batch", number: first.get() });
        };
        let attestation = self.attestation(&proof).await?;
        Ok(Some(Found { proof, attestation }))
    }

    pub(super) fn status(&self, number: BatchNumber) -> Option<BatchStatus> {
        if let Some((first, head)) = self.ledger.proof_of(number) {
            let ProofHead { version, target, program, proven_ms, measured, .. } = *head;
            let signers = head.signers.clone().unwrap_or_default();
            let attested = self.config.quorums.of(version).map(|quorum| (signers, quorum.threshold()));
            let state = ProofState::Proven { target, program, proven_ms, measured, attested };
            return Some(BatchStatus { first, last: BatchNumber::new(head.last), version, state });
        }
        let version = self.ledger.batches.get(&number.get())?.header.version;
        let Some(record) = self.ledger.job_of(number) else {
            return Some(BatchStatus { first: number, last: number, version, state: ProofState::Gathered });
        };
        let state = match self.scheduler.state(record.id)? {
            JobState::Waiting => ProofState::Waiting,
            JobState::Proving { worker, target, since_ms } => {
                let commands = self.ledger.job(record).map_or(0, |job| job.commands);
                let expected_ms = self.scheduler.profiles().estimate_ms(target, commands);
                let progress = self.progress.get(&record.id).cloned().unwrap_or_default();
                ProofState::Proving { worker: self.name_of(worker), target, since_ms, expected_ms, progress }
            }
            JobState::Verifying { target } => ProofState::Verifying { target },
            JobState::Refused { agreed } => {
                let detail = self.refused.get(&record.id).cloned().unwrap_or_default();
                ProofState::Refused { agreed, detail }
            }
        };
        Some(BatchStatus { first: record.first, last: record.last, version, state })
    }

    /// What L1 will not take back need not be proven again, and is kept only as long as the policy says.
    pub(super) async fn settle(&mut self, upto: BatchNumber) -> Result<(), ProverError> {
        if upto <= self.settled {
            return Ok(());
        }
        self.settled = upto;
        let done = self.ledger.jobs.values().filter(|job| job.last <= upto).map(|job| job.id).collect::<Vec<_>>();
        for job in done {
            self.withdraw(job).await?;
        }
        let retention = self.config.retention;
        let evidence_upto = upto.get().saturating_sub(retention.evidence_batches);
        let batches: Vec<_> = self.ledger.batches.range(..=evidence_upto).map(|(number, _)| *number).collect();
        for number in batches {
            self.forget_batch(number).await?;
        }
        let proofs_upto = upto.get().saturating_sub(retention.proof_batches);
        let old: Vec<_> =
            self.ledger.proofs.iter().filter(|(_, head)| head.last <= proofs_upto).map(|(n, _)| *n).collect();
        for first in old {
            self.store.remove(Part::Proof, first).await?;
            self.store.remove(Part::Attestation, first).await?;
            self.ledger.proofs.remove(&first);
        }
        Ok(())
    }
}
