//! What an earlier coordinator has left on disk, and what the next one is left.

use ashlar_prover_wire::JobId;

use super::Runtime;
use super::actor::Coordinator;
use super::ledger::ProofHead;
use crate::error::ProverError;
use crate::kept::KeptProof;
use crate::schedule::{Scheduler, WorkerId};
use crate::store::{JobRecord, Part, Received, StoredBatch, StoredConduct};

/// The number under which conduct is kept.
const CONDUCT: u64 = 0;

impl<E: Runtime> Coordinator<E> {
    /// Takes up what an earlier coordinator has kept.
    pub(super) async fn recall(&mut self) -> Result<(), ProverError> {
        for number in self.store.numbers(Part::Batch) {
            let batch = self.store.get(Part::Batch, number).await?.and_then(|bytes| StoredBatch::from_bytes(&bytes));
            if let Some(batch) = batch.filter(|batch| batch.header.number.get() == number) {
                self.ledger.enter(batch);
            }
        }
        for first in self.store.numbers(Part::Proof) {
            let proof = self.store.get(Part::Proof, first).await?.and_then(|bytes| KeptProof::from_bytes(&bytes).ok());
            let Some(proof) = proof.filter(|proof| proof.first.get() == first) else { continue };
            let attestation = self.attestation(&proof).await?;
            let head = ProofHead::of(&proof, attestation.map(|attestation| attestation.signers()));
            self.ledger.proofs.insert(first, head);
        }
        let mut found = Vec::new();
        for id in self.store.numbers(Part::Job) {
            let record = self.store.get(Part::Job, id).await?.and_then(|bytes| JobRecord::from_bytes(&bytes));
            let job = record.and_then(|record| Some((record, self.ledger.job(&record)?)));
            let job = job.filter(|(record, _)| self.ledger.proof_of(record.first).is_none());
            match job {
                Some((record, job)) if record.id.0 == id => {
                    self.ledger.jobs.insert(record.id, record);
                    found.push(job);
                }
                // Proven before it could be forgotten, or of batches that are not whole any more.
                _ => self.store.remove(Part::Job, id).await?,
            }
        }
        self.ledger.find_open();
        let (targets, programs) = (self.config.targets.clone(), self.config.programs.clone());
        self.scheduler = Scheduler::new(targets, programs, found, self.now_ms());
        self.recall_conduct().await?;
        self.recall_received().await?;
        self.attest_all().await?;
        self.form_jobs().await
    }

    async fn recall_conduct(&mut self) -> Result<(), ProverError> {
        let stored = self.store.get(Part::Conduct, CONDUCT).await?;
        let Some(conduct) = stored.and_then(|bytes| StoredConduct::from_bytes(&bytes)) else { return Ok(()) };
        for (name, bad_proofs, until_ms) in &conduct.workers {
            if let Some(worker) = self.member(name) {
                self.scheduler.note_conduct(worker, *bad_proofs, *until_ms);
            }
        }
        for (target, micros) in &conduct.profiles {
            self.scheduler.profiles_mut().recall(*target, *micros);
        }
        self.conduct = conduct;
        Ok(())
    }

    async fn recall_received(&mut self) -> Result<(), ProverError> {
        for id in self.store.numbers(Part::Received) {
            let received = self.store.get(Part::Received, id).await?.and_then(|bytes| Received::from_bytes(&bytes));
            // Of a worker that is no member any more nobody has to be told.
            let effects = received.map_or_else(Vec::new, |Received { worker, target, measured, proof }| {
                let worker = self.member(&worker).unwrap_or(WorkerId(u32::MAX));
                self.scheduler.received(JobId(id), worker, target, measured, proof)
            });
            if effects.is_empty() {
                self.store.remove(Part::Received, id).await?;
            }
            self.obey(effects).await?;
        }
        Ok(())
    }

    /// Keeps what was seen of workers, so that a restart does not forgive.
    pub(super) async fn keep_conduct(&mut self) -> Result<(), ProverError> {
        let workers = self.scheduler.conduct().into_iter();
        let workers = workers.map(|(worker, bad_proofs, until_ms)| (self.name_of(worker), bad_proofs, until_ms));
        let conduct =
            StoredConduct { workers: workers.collect(), profiles: self.scheduler.profiles().iter().collect() };
        if conduct != self.conduct {
            self.store.put(Part::Conduct, CONDUCT, &conduct.to_bytes()).await?;
            self.conduct = conduct;
        }
        Ok(())
    }
}
