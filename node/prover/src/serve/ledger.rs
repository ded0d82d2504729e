//! Which batches are known, and which of them are proven together.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_batch::{Hash, PublicValues};
use ashlar_prover_wire::limits::EVIDENCE_BYTES_MAX;
use ashlar_prover_wire::{JobId, Measured, ProgramHash};
use ashlar_types::{Address, BatchNumber};

use super::config::StretchRules;
use crate::kept::KeptProof;
use crate::schedule::{Job, Target};
use crate::store::{JobRecord, StoredBatch};

/// A stored proof, without its bytes.
#[derive(Clone, Debug)]
pub(crate) struct ProofHead {
    pub last: u64,
    pub last_hash: Hash,
    pub version: u32,
    pub target: Target,
    pub program: ProgramHash,
    pub measured: Measured,
    pub proven_ms: u64,
    /// Who has signed.
    pub signers: Option<Vec<Address>>,
}

/// Which proof: another one may begin with the same batch by the time that somebody has looked at this one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct ProofName {
    pub first: u64,
    pub program: ProgramHash,
    pub last_hash: Hash,
}

impl ProofName {
    pub fn of(proof: &KeptProof) -> ProofName {
        ProofName { first: proof.first.get(), program: proof.program, last_hash: proof.values.last_hash }
    }
}

impl ProofHead {
    pub fn name(&self, first: u64) -> ProofName {
        ProofName { first, program: self.program, last_hash: self.last_hash }
    }

    pub fn of(proof: &KeptProof, signers: Option<Vec<Address>>) -> ProofHead {
        ProofHead {
            last: proof.last.get(),
            last_hash: proof.values.last_hash,
            version: proof.values.version,
            target: proof.target,
            program: proof.program,
            measured: proof.measured,
            proven_ms: proof.proven_ms,
            signers,
        }
    }
}

/// Batches, what is asked about them, and what was proven. A batch is open while no job and no proof is of it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub batches: BTreeMap<u64, StoredBatch>,
    pub jobs: BTreeMap<JobId, JobRecord>,
    pub proofs: BTreeMap<u64, ProofHead>,
    open: BTreeSet<u64>,
}

impl Ledger {
    /// After everything stored was entered: what no job and no proof is of is open.
    pub fn find_open(&mut self) {
        let open = self.batches.keys().copied().filter(|number| {
            let number = BatchNumber::new(*number);
            self.job_of(number).is_none() && self.proof_of(number).is_none()
        });
        self.open = open.collect();
    }

    pub fn enter(&mut self, batch: StoredBatch) {
        let number = batch.header.number.get();
        self.open.insert(number);
        self.batches.insert(number, batch);
    }

    pub fn job_of(&self, number: BatchNumber) -> Option<&JobRecord> {
        self.jobs.values().find(|job| job.holds(number))
    }

    /// The proof that a batch is under, with the number of its first batch.
    pub fn proof_of(&self, number: BatchNumber) -> Option<(BatchNumber, &ProofHead)> {
        let (first, head) = self.proofs.range(..=number.get()).next_back()?;
        (number.get() <= head.last).then_some((BatchNumber::new(*first), head))
    }

    /// The first open batches that follow each other and fit one proof, and whether no more of them will.
    pub fn stretch(&self, rules: &StretchRules) -> Option<(JobRecord, bool)> {
        let first = *self.open.first()?;
        let mut last = self.batches.get(&first)?;
        let (mut count, mut commands, mut bytes) = (1, last.commands, last.evidence_bytes);
        let is_full = loop {
            if count >= rules.batches_max {
                break true;
            }
            let number = last.header.number.next().get();
            let Some(next) = self.batches.get(&number).filter(|_| self.open.contains(&number)) else {
                // A gap, or the newest: more can come only after the newest.
                break self.batches.range(number..).next().is_some();
            };
            commands += next.commands;
            bytes = bytes.saturating_add(next.evidence_bytes);
            let follows = next.header.parent_hash == last.hash && next.header.version == last.header.version;
            if !follows || commands > rules.commands_max || bytes > EVIDENCE_BYTES_MAX as u64 {
                break true;
            }
            (last, count) = (next, count + 1);
        };
        let (first, last_hash) = (BatchNumber::new(first), last.hash);
        let record = JobRecord { id: id_of(first, last_hash), first, last: last.header.number, last_hash };
        Some((record, is_full || commands >= rules.commands_max))
    }

    /// These batches are no longer open: a job is of them.
    pub fn begin(&mut self, record: JobRecord) {
        for number in record.first.get()..=record.last.get() {
            self.open.remove(&number);
        }
        self.jobs.insert(record.id, record);
    }

    /// What the scheduler is told of a job; `None` if a batch of it is not there, or is another one than it was.
    pub fn job(&self, record: &JobRecord) -> Option<Job> {
        let mut values: Option<PublicValues> = None;
        let (mut commands, mut deadline_ms, mut priority) = (0_u64, u64::MAX, u8::MAX);
        for number in record.first.get()..=record.last.get() {
            let batch = self.batches.get(&number)?;
            let of_batch = PublicValues::of(&batch.header);
            values = Some(match values {
                None => of_batch,
                Some(before) => before.join(&of_batch).ok()?,
            });
            commands += batch.commands;
            deadline_ms = deadline_ms.min(batch.deadline_ms);
            priority = priority.min(batch.priority);
        }
        let values = values.filter(|values| values.last_hash == record.last_hash)?;
        let version = values.version;
        let public_values = ashlar_types::to_bytes(&values);
        Some(Job { id: record.id, version, public_values, commands, deadline_ms, priority })
    }

    /// A job is proven.
    pub fn prove(&mut self, job: JobId, proof: &KeptProof) {
        self.jobs.remove(&job);
        self.proofs.insert(proof.first.get(), ProofHead::of(proof, None));
    }

    /// A job is no longer wanted. Its batches are open again, as far as they are there.
    pub fn reopen(&mut self, job: JobId) {
        let Some(record) = self.jobs.remove(&job) else { return };
        self.open.extend(self.batches.range(record.first.get()..=record.last.get()).map(|(number, _)| *number));
    }

    /// A proof is of batches that are not all part of the chain any more.
    pub fn forget_proof(&mut self, first: u64) {
        let Some(head) = self.proofs.remove(&first) else { return };
        self.open.extend(self.batches.range(first..=head.last).map(|(number, _)| *number));
    }

    /// The signatures under a proof are not those that it needs.
    pub fn unsign(&mut self, first: u64) {
        if let Some(head) = self.proofs.get_mut(&first) {
            head.signers = None;
        }
    }

    /// Nobody wants these batches proven for now, from the first to the one before the last.
    pub fn leave_out(&mut self, from: BatchNumber, upto: BatchNumber) {
        self.open.retain(|number| !(from.get()..upto.get()).contains(number));
    }

    /// A known batch is to be proven, if no job and no proof is of it.
    pub fn want(&mut self, number: BatchNumber) {
        if self.job_of(number).is_none() && self.proof_of(number).is_none() {
            self.open.insert(number.get());
        }
    }

    /// The batch is not known any more.
    pub fn forget_batch(&mut self, number: u64) {
        self.open.remove(&number);
        self.batches.remove(&number);
    }
}

/// A job's name: 40 bits of its first batch's number, so that names ascend, and 24 of its last header's hash, so that another
/// batch of that number has another name.
fn id_of(first: BatchNumber, last_hash: Hash) -> JobId {
    let [a, b, c, ..] = last_hash.0;
    JobId(first.get() << 24 | u64::from(u32::from_be_bytes([0, a, b, c])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batch::BatchHeader;
    use ashlar_batch::merkle::Digest;
    use ashlar_types::{ExchangeId, Time};

    const RULES: StretchRules = StretchRules { batches_max: 3, commands_max: 100 };

    fn chain(commands: &[u64]) -> Ledger {
        let mut ledger = Ledger::default();
        let mut header = BatchHeader::genesis(1, ExchangeId([4; 32]), Digest::EMPTY, Time::ZERO);
        for commands in commands {
            header = BatchHeader { number: header.number.next(), parent_hash: header.hash(), ..header };
            let (hash, commands) = (header.hash(), *commands);
            let batch = StoredBatch { header, hash, commands, evidence_bytes: 10, deadline_ms: commands, priority: 1 };
            ledger.enter(batch);
        }
        ledger
    }

    fn range(ledger: &Ledger) -> Option<(u64, u64, bool)> {
        let (record, is_full) = ledger.stretch(&RULES)?;
        Some((record.first.get(), record.last.get(), is_full))
    }

    #[test]
    fn a_stretch_grows_until_it_is_full() {
        assert_eq!(range(&chain(&[])), None);
        assert_eq!(range(&chain(&[10])), Some((1, 1, false)));
        assert_eq!(range(&chain(&[10, 10])), Some((1, 2, false)));
        assert_eq!(range(&chain(&[10, 10, 10, 10])), Some((1, 3, true)), "as many batches as are proven at once");
        assert_eq!(range(&chain(&[60, 60])), Some((1, 1, true)), "as many commands");
        assert_eq!(range(&chain(&[500])), Some((1, 1, true)), "one batch is proven whatever it has");
    }

    #[test]
    fn a_job_speaks_of_its_stretch_and_its_batches_are_open_again_without_it() {
        let mut ledger = chain(&[10, 20, 30, 40]);
        let (record, _) = ledger.stretch(&RULES).expect("there are batches");
        ledger.begin(record);
        let job = ledger.job(&record).expect("all are there");
        assert_eq!((job.commands, job.deadline_ms, job.id), (60, 10, record.id));
        assert_eq!(ashlar_types::from_bytes::<PublicValues>(&job.public_values).map(|values| values.count), Ok(3));
        assert_eq!(range(&ledger), Some((4, 4, false)));
        assert_eq!(ledger.job_of(BatchNumber::new(2)), Some(&record));
        ledger.reopen(record.id);
        assert_eq!(range(&ledger), Some((1, 3, true)));
        ledger.leave_out(BatchNumber::new(1), BatchNumber::new(3));
        assert_eq!(range(&ledger), Some((3, 4, false)), "somebody else has proven the others");
        ledger.want(BatchNumber::new(1));
        ledger.want(BatchNumber::new(2));
        assert_eq!(range(&ledger), Some((1, 3, true)));
        ledger.forget_batch(2);
        assert_eq!(range(&ledger), Some((1, 1, true)), "what comes after a gap comes in another proof");
        assert_eq!(ledger.job(&record), None);
    }
}
