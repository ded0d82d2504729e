//! What L1 says of versions while the coordinator runs: which program proves each, and who signs for it (SPEC R-20).
//!
//! L1 says it before a version begins and never changes it afterwards, so no work is lost here but where L1 itself has left the blocks in which it said so.

use std::sync::Arc;

use ashlar_prover_wire::JobId;
use ashlar_types::BatchNumber;

use super::Runtime;
use super::actor::Coordinator;
use super::config::{ProverConfig, Role};
use crate::attest::Quorums;
use crate::error::ProverError;
use crate::schedule::{Effect, Programs};
use crate::store::Part;

impl<E: Runtime> Coordinator<E> {
    /// Other programs are in force from now on, and others sign. Workers whose program proves no version any more are cut off, and those of one that does
    /// now are let in when they come back.
    pub(super) async fn learn(&mut self, programs: Programs, quorums: Quorums) -> Result<(), ProverError> {
        let next = ProverConfig { programs, quorums, ..ProverConfig::clone(&self.config) };
        let mistakes = next.mistakes();
        if !mistakes.is_empty() {
            return Err(ProverError::Config(mistakes.join("; ")));
        }
        let before = std::mem::replace(&mut self.config, Arc::new(next));
        for job in self.jobs_of_others(&before.programs) {
            self.withdraw(job).await?;
        }
        let mut effects = self.scheduler.learn(self.config.programs.clone(), self.now_ms());
        let verifiers = self.connected.iter().filter(|(worker, connected)| {
            let role = usize::try_from(worker.0).ok().and_then(|place| self.config.members.get(place));
            let description = &connected.description;
            role.is_some_and(|member| member.role == Role::Verify)
                && !self.config.programs.knows(description.backend, description.program)
        });
        let why = "it verifies another program than any in force";
        effects.extend(verifiers.map(|(worker, _)| Effect::Drop { worker: *worker, why }));
        self.obey(effects).await
    }

    /// Jobs whose versions had other programs before.
    fn jobs_of_others(&self, before: &Programs) -> Vec<JobId> {
        let now = &self.config.programs;
        let differs = |version| {
            let mut backends = self.config.targets.iter().map(|target| target.backend);
            backends.any(|backend| before.of(version, backend) != now.of(version, backend))
        };
        let records = self.ledger.jobs.values();
        let of_others = records.filter(|record| self.ledger.job(record).is_some_and(|job| differs(job.version)));
        of_others.map(|record| record.id).collect()
    }

    /// Has made anew what L1 would not take of a proof: all of it, if its version has another program by now; its signatures, if others sign for it.
    pub(super) async fn renew(&mut self, number: BatchNumber) -> Result<(), ProverError> {
        let Some((first, head)) = self.ledger.proof_of(number) else { return Ok(()) };
        let asked = self.config.programs.of(head.version, head.target.backend);
        if asked.is_some_and(|asked| asked != head.program) {
            tracing::warn!(
                first = first.get(),
                version = head.version,
                "a proof is of a program that L1 does not name for its version; it is made anew"
            );
            self.store.remove(Part::Proof, first.get()).await?;
            self.store.remove(Part::Attestation, first.get()).await?;
            self.ledger.forget_proof(first.get());
            return Ok(());
        }
        let quorum = self.config.quorums.of(head.version);
        if let (Some(quorum), Some(signers)) = (quorum, &head.signers)
            && !quorum.is_enough(signers)
        {
            self.store.remove(Part::Attestation, first.get()).await?;
            self.ledger.unsign(first.get());
        }
        Ok(())
    }
}
