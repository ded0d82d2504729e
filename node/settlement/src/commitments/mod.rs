//! What local batch stands where on L1, durably, with its history.
//!
//! 1. A record is made before anything is sent for its batch.
//! 2. Whether a step is in the chain is said by the contracts' events in the followed chain, and unwound with their blocks; what
//!    our own transactions were is kept for good, within the bounds of 4.
//! 3. A record leaves memory only when its finalization is final on L1; it stays on disk and can be looked up. What its transactions cost is written there
//!    too if their receipts are read only then.
//! 4. What a reorg leaves behind is bounded: of the headers of one batch that nobody can commit any more the newest are kept, and of a
//!    record's history as much as [`crate::limits`] says. How many batches are committed and not final is bounded by the contract (SPEC S-2).

mod record;

use std::collections::{BTreeMap, BTreeSet};

use alloy::primitives::B256;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_types::{BatchNumber, InboxIndex};
use commonware_runtime::Storage;

use crate::contract::{Fact, ProofType};
use crate::finality::{ConfirmationStatus, Finality};
use crate::l1::{BlockRef, Paid};
use crate::ledger::PlacedFact;
use crate::limits::{ABANDONED_MAX, FLUSH_RECORDS_MAX};
use crate::outbox::IntentId;
use crate::store::{DurableLog, StoreError};

pub use record::{AuditEntry, AuditEvent, L1CommitmentRecord, StepKind, StepRecord, TxRef};

use record::kept;

/// A step of the record of a batch and header that an intent is for.
type Use = ((u64, B256), StepKind);

/// The mapping between local states and their commitments on L1.
pub struct StateCommitmentMapping<E: Storage> {
    live_log: DurableLog<E, L1CommitmentRecord>,
    archive: DurableLog<E, L1CommitmentRecord>,
    /// Records that may still change, by batch and header.
    live: BTreeMap<(u64, B256), L1CommitmentRecord>,
    /// Where the archive has a batch.
    archived: BTreeMap<u64, u64>,
    /// Our transactions of which no receipt was read before the records of these batches went to the archive.
    owed: BTreeMap<B256, Vec<u64>>,
    /// What such receipts say, to be written into the archive.
    late: Vec<(B256, Paid)>,
    by_root: BTreeMap<B256, u64>,
    by_intent: BTreeMap<IntentId, Vec<Use>>,
    /// The header that the followed chain has for a batch.
    canonical: BTreeMap<u64, B256>,
    changed: BTreeSet<(u64, B256)>,
}

impl<E: Storage> StateCommitmentMapping<E> {
    /// Opens it. Everything that depends on blocks which are not final is forgotten and will be told again by the follower.
    pub async fn open(live: E, archive: E, partition: &str) -> Result<Self, StoreError> {
        let (live_log, records) = DurableLog::open(live, &format!("{partition}-live")).await?;
        let (archive, old) =
            DurableLog::<E, L1CommitmentRecord>::open_indexed(archive, &format!("{partition}-archive")).await?;
        let mut mapping = StateCommitmentMapping {
            live_log,
            archive,
            live: BTreeMap::new(),
            archived: BTreeMap::new(),
            owed: BTreeMap::new(),
            late: Vec::new(),
            by_root: BTreeMap::new(),
            by_intent: BTreeMap::new(),
            canonical: BTreeMap::new(),
            changed: BTreeSet::new(),
        };
        for (place, record) in old {
            mapping.by_root.insert(record.state_root, record.batch);
            mapping.lay_away(&record, place);
        }
        for mut record in records {
            for step in steps_mut(&mut record) {
                if step.status != ConfirmationStatus::Finalized {
                    step.included = None;
                    step.status = ConfirmationStatus::Pending;
                }
            }
            let key = (record.batch, record.header_hash);
            if !mapping.archived.contains_key(&record.batch) {
                mapping.index(&record);
                if record.commit.included.is_some() {
                    mapping.canonical.insert(key.0, key.1);
                }
                mapping.live.insert(key, record);
            }
        }
        Ok(mapping)
    }

    fn index(&mut self, record: &L1CommitmentRecord) {
        let key = (record.batch, record.header_hash);
        self.by_root.insert(record.state_root, record.batch);
        let mut add = |intents: &[IntentId], kind| {
            for intent in intents {
                let uses = self.by_intent.entry(*intent).or_default();
                if !uses.contains(&(key, kind)) {
                    uses.push((key, kind));
                }
            }
        };
        add(&record.commit.intents, StepKind::Commit);
        for (number, step) in &record.proofs {
            add(&step.intents, StepKind::Prove(ProofType(*number)));
        }
        if let Some(step) = &record.finalize {
            add(&step.intents, StepKind::Finalize);
        }
    }

    /// A step of a batch is about to be submitted under this intent. Durable when it returns.
    pub async fn asked(
        &mut self,
        header: &BatchHeader,
        kind: StepKind,
        intent: IntentId,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let key = (header.number.get(), B256::from(header.hash().0));
        if !self.live.contains_key(&key) {
            self.forget_abandoned(key.0);
        }
        let record = self.live.entry(key).or_insert_with(|| L1CommitmentRecord::new(header, now_ms));
        let step = record.step_mut(kind, now_ms);
        if step.intents.contains(&intent) {
            return Ok(());
        }
        step.intents.push(intent);
        record.note(now_ms, AuditEvent::Asked(kind));
        let record = record.clone();
        self.index(&record);
        self.changed.insert(key);
        self.flush().await
    }

    /// Another intent is about to be made for a step: where it has had many, those that have ended go.
    pub fn forget_intents(&mut self, header: &BatchHeader, kind: StepKind, has_ended: impl Fn(IntentId) -> bool) {
        let key = (header.number.get(), B256::from(header.hash().0));
        let step = self.live.get_mut(&key).and_then(|record| kinds_mut(record).find(|(of, _)| *of == kind));
        let Some((_, step)) = step else { return };
        for intent in step.forget_intents(has_ended) {
            self.unuse(intent, |used| *used == (key, kind));
        }
    }

    fn unuse(&mut self, intent: IntentId, which: impl Fn(&Use) -> bool) {
        if let Some(uses) = self.by_intent.get_mut(&intent) {
            uses.retain(|used| !which(used));
            if uses.is_empty() {
                self.by_intent.remove(&intent);
            }
        }
    }

    /// Of the headers of this batch that nobody can commit, those that were asked for last stay. Whoever hands in another one again begins it anew.
    fn forget_abandoned(&mut self, batch: u64) {
        let abandoned = self
            .of_batch(batch)
            .filter(|(key, record)| record.is_abandoned() && self.canonical.get(&batch) != Some(&key.1));
        let mut abandoned: Vec<_> = abandoned.map(|(key, record)| (record.commit.asked_ms, *key)).collect();
        abandoned.sort_unstable();
        for (_, key) in abandoned.iter().rev().skip(ABANDONED_MAX) {
            self.forget(*key);
        }
    }

    fn of_batch(&self, batch: u64) -> impl Iterator<Item = (&(u64, B256), &L1CommitmentRecord)> {
        self.live.range((batch, B256::ZERO)..=(batch, B256::repeat_byte(0xff)))
    }

    /// Nothing in memory knows of the record any more; from disk it goes with the next rewriting, and a start before that finds it again.
    fn forget(&mut self, key: (u64, B256)) {
        let Some(record) = self.live.remove(&key) else { return };
        self.changed.remove(&key);
        for intent in record.intents() {
            self.unuse(intent, |(used, _)| *used == key);
        }
        let root = record.state_root;
        if self.by_root.get(&root) == Some(&key.0) && self.of_batch(key.0).all(|(_, other)| other.state_root != root) {
            self.by_root.remove(&root);
        }
    }

    /// A transaction was made for an intent.
    pub fn attempted(&mut self, intent: IntentId, tx: B256, now_ms: u64) {
        self.each(intent, |record, kind| {
            let step = record.step_mut(kind, now_ms);
            if step.txs.iter().all(|known| known.tx != tx) {
                step.made(TxRef { tx, at_ms: now_ms });
                record.note(now_ms, AuditEvent::Attempted(kind, tx));
            }
        });
    }

    /// An intent came to nothing.
    pub fn failed(&mut self, intent: IntentId, reason: &str, now_ms: u64) {
        self.each(intent, |record, kind| {
            let step = record.step_mut(kind, now_ms);
            if step.included.is_none() {
                step.status = ConfirmationStatus::Failed;
            }
            record.note(now_ms, AuditEvent::Failed(kind, kept(reason)));
        });
    }

    /// The archive has a record; a later one of the same batch says all that the one before it does.
    fn lay_away(&mut self, record: &L1CommitmentRecord, place: u64) {
        if self.archived.insert(record.batch, place).is_some() {
            self.owed.retain(|_, batches| {
                batches.retain(|batch| *batch != record.batch);
                !batches.is_empty()
            });
        }
        for tx in record.unpaid() {
            self.owed.entry(tx).or_default().push(record.batch);
        }
    }

    /// Writes into the archive what receipts said of records that are there already.
    async fn pay_late(&mut self) -> Result<(), StoreError> {
        for (tx, paid) in std::mem::take(&mut self.late) {
            for batch in self.owed.get(&tx).cloned().unwrap_or_default() {
                let Some(place) = self.archived.get(&batch).copied() else { continue };
                let Some(mut record) = self.archive.read_at(place).await?.into_iter().next() else { continue };
                let by_it = |step: &&mut StepRecord| step.included.is_some_and(|(by, _)| by == tx);
                steps_mut(&mut record).filter(by_it).for_each(|step| step.receipt = Some((tx, paid)));
                let place = self.archive.end();
                self.archive.append(std::slice::from_ref(&record)).await?;
                self.lay_away(&record, place);
            }
        }
        Ok(())
    }

    /// The receipt of a transaction said what it cost: every step that is in the chain by it has that.
    pub fn paid(&mut self, tx: B256, paid: Paid) {
        if self.owed.contains_key(&tx) {
            self.late.push((tx, paid));
        }
        for (key, record) in &mut self.live {
            for step in steps_mut(record) {
                if step.included.is_some_and(|(by, _)| by == tx) && step.receipt != Some((tx, paid)) {
                    step.receipt = Some((tx, paid));
                    self.changed.insert(*key);
                }
            }
        }
    }

    fn each(&mut self, intent: IntentId, mut act: impl FnMut(&mut L1CommitmentRecord, StepKind)) {
        for (key, kind) in self.by_intent.get(&intent).cloned().unwrap_or_default() {
            if let Some(record) = self.live.get_mut(&key) {
                act(record, kind);
                self.changed.insert(key);
            }
        }
    }

    /// The contracts said something in a block of the followed chain.
    pub fn applied(&mut self, placed: &PlacedFact, block: BlockRef, now_ms: u64) {
        match &placed.fact {
            Fact::Committed { header, hash, .. } => {
                let key = (header.number.get(), B256::from(hash.0));
                if self.archived.contains_key(&key.0) {
                    return;
                }
                self.canonical.insert(key.0, key.1);
                if !self.live.contains_key(&key) {
                    self.forget_abandoned(key.0);
                    let record = L1CommitmentRecord::new(header, now_ms);
                    self.index(&record);
                    self.live.insert(key, record);
                }
                self.include(key, StepKind::Commit, placed.tx, block, now_ms);
            }
            Fact::Proven { proof_type, first, last, .. } => {
                self.include_range(*first, *last, StepKind::Prove(*proof_type), placed.tx, block, now_ms);
            }
            Fact::Finalized { first, last, .. } => {
                self.include_range(*first, *last, StepKind::Finalize, placed.tx, block, now_ms);
            }
            Fact::Reverted { first, last } => {
                for number in self.canonical_range(*first, *last) {
                    if let Some(hash) = self.canonical.remove(&number)
                        && let Some(record) = self.live.get_mut(&(number, hash))
                    {
                        steps_mut(record).for_each(|step| {
                            (step.included, step.status) = (None, ConfirmationStatus::Failed);
                        });
                        record.note(now_ms, AuditEvent::Reverted(block));
                        self.changed.insert((number, hash));
                    }
                }
            }
            _ => {}
        }
    }

    fn canonical_range(&self, first: BatchNumber, last: BatchNumber) -> Vec<u64> {
        if first > last {
            return Vec::new();
        }
        self.canonical.range(first.get()..=last.get()).map(|(number, _)| *number).collect()
    }

    fn include_range(
        &mut self,
        first: BatchNumber,
        last: BatchNumber,
        kind: StepKind,
        tx: B256,
        block: BlockRef,
        now_ms: u64,
    ) {
        for number in self.canonical_range(first, last) {
            if let Some(hash) = self.canonical.get(&number).copied() {
                self.include((number, hash), kind, tx, block, now_ms);
            }
        }
    }

    fn include(&mut self, key: (u64, B256), kind: StepKind, tx: B256, block: BlockRef, now_ms: u64) {
        if let Some(record) = self.live.get_mut(&key) {
            let step = record.step_mut(kind, now_ms);
            if step.included == Some((tx, block)) {
                return;
            }
            step.included = Some((tx, block));
            step.status = ConfirmationStatus::Included { confirmations: 1 };
            if kind == StepKind::Commit {
                // The contract took it, so it could be committed.
                (record.invalid, record.given_up) = (None, false);
            }
            record.note(now_ms, AuditEvent::Included(kind, tx, block));
            self.changed.insert(key);
        }
    }

    /// A block was taken back, and with it what the contracts had said there. `still` is what is committed without it.
    pub fn rolled_back(&mut self, facts: &[PlacedFact], block: BlockRef, still: &BTreeMap<u64, B256>, now_ms: u64) {
        for (key, record) in &mut self.live {
            let mut orphaned = Vec::new();
            for (kind, step) in kinds_mut(record) {
                if let Some((tx, _)) = step.included.filter(|(_, at)| at.hash == block.hash) {
                    (step.included, step.status) = (None, ConfirmationStatus::Orphaned);
                    orphaned.push(AuditEvent::Orphaned(kind, tx, block));
                }
            }
            if !orphaned.is_empty() {
                orphaned.into_iter().for_each(|event| record.note(now_ms, event));
                self.changed.insert(*key);
            }
        }
        for placed in facts.iter().rev() {
            match &placed.fact {
                Fact::Committed { header, .. } => {
                    self.canonical.remove(&header.number.get());
                }
                Fact::Reverted { first, last } => {
                    let back = still.range(first.get()..=last.get()).map(|(number, hash)| (*number, *hash));
                    self.canonical.extend(back);
                }
                _ => {}
            }
        }
    }

    /// The batch cannot be committed any more.
    pub fn invalidated(&mut self, batch: BatchNumber, hash: Hash, reason: &str, now_ms: u64) {
        let key = (batch.get(), B256::from(hash.0));
        if let Some(record) = self.live.get_mut(&key).filter(|record| record.invalid.is_none()) {
            record.invalid = Some(kept(reason));
            record.commit.status = ConfirmationStatus::Failed;
            record.note(now_ms, AuditEvent::Invalidated(kept(reason)));
            self.changed.insert(key);
        }
    }

    /// Whoever handed in a batch that cannot be committed has given it up: it is not for L1's inbox to say whether it can be again.
    pub fn given_up(&mut self, batch: BatchNumber, hash: Hash) {
        let key = (batch.get(), B256::from(hash.0));
        if let Some(record) = self.live.get_mut(&key).filter(|record| record.invalid.is_some()) {
            record.given_up = true;
            self.changed.insert(key);
        }
    }

    /// What was given up may be handed in again.
    pub fn take_up_again(&mut self, now_ms: u64) {
        for (key, record) in self.live.iter_mut().filter(|(_, record)| record.given_up) {
            record.valid_again(now_ms);
            self.changed.insert(*key);
        }
    }

    /// L1 may take back what it did when it took something back: where the inbox is again what a batch consumed, the batch can be committed after all.
    pub fn reconsider(&mut self, holds: impl Fn(InboxIndex, Hash) -> bool, now_ms: u64) {
        let not_now = |record: &L1CommitmentRecord| record.invalid.is_some() && !record.given_up;
        for (key, record) in self.live.iter_mut().filter(|(_, record)| not_now(record)) {
            let header = record.decode_header();
            if header.is_some_and(|header| holds(header.inbox_next, header.inbox_hash)) {
                record.valid_again(now_ms);
                self.changed.insert(*key);
            }
        }
    }

    /// Recomputes how sure everything is; returns what changed by more than a count of blocks.
    pub fn update_transaction_confirmations(
        &mut self,
        finality: &Finality,
        tip: u64,
        now_ms: u64,
    ) -> Vec<(BatchNumber, StepKind, ConfirmationStatus)> {
        let mut changes = Vec::new();
        for (key, record) in &mut self.live {
            let mut notes = Vec::new();
            for (kind, step) in kinds_mut(record) {
                let Some((_, block)) = step.included else { continue };
                let status = finality.status(block, tip);
                let counts = |status| matches!(status, ConfirmationStatus::Included { .. });
                if status != step.status && !(counts(status) && counts(step.status)) {
                    notes.push(AuditEvent::Confirmed(kind, status));
                    changes.push((BatchNumber::new(key.0), kind, status));
                }
                step.status = status;
            }
            if !notes.is_empty() {
                notes.into_iter().for_each(|note| record.note(now_ms, note));
                self.changed.insert(*key);
            }
        }
        changes
    }

    /// Makes all changes durable, and moves what is final for good to the archive.
    pub async fn flush(&mut self) -> Result<(), StoreError> {
        let is_done = |record: &L1CommitmentRecord| {
            record.finalize.as_ref().is_some_and(|step| step.status == ConfirmationStatus::Finalized)
        };
        self.pay_late().await?;
        let changed = std::mem::take(&mut self.changed);
        let mut appended = Vec::new();
        for key in changed {
            let Some(record) = self.live.get(&key) else { continue };
            if !is_done(record) {
                appended.push(record.clone());
                continue;
            }
            let (place, record) = (self.archive.end(), record.clone());
            self.archive.append(std::slice::from_ref(&record)).await?;
            self.lay_away(&record, place);
            // Other headers for the same batch came to nothing for good.
            let others: Vec<_> = self.of_batch(key.0).map(|(key, _)| *key).collect();
            others.into_iter().for_each(|other| self.forget(other));
            self.by_root.insert(record.state_root, key.0);
            self.canonical.remove(&key.0);
        }
        for records in appended.chunks(FLUSH_RECORDS_MAX) {
            self.live_log.append(records).await?;
        }
        if self.live_log.wants_rewriting() {
            let records: Vec<L1CommitmentRecord> = self.live.values().cloned().collect();
            self.live_log.rewrite(&records).await?;
        }
        Ok(())
    }

    /// The record of a batch: of the header that the chain has, or else the one submitted last; from disk if it is old.
    pub async fn get_commitment_record(&self, batch: BatchNumber) -> Result<Option<L1CommitmentRecord>, StoreError> {
        if let Some(record) = self.live_record(batch) {
            return Ok(Some(record.clone()));
        }
        match self.archived.get(&batch.get()) {
            None => Ok(None),
            Some(place) => Ok(self.archive.read_at(*place).await?.into_iter().next()),
        }
    }

    /// The same without what is final for good.
    pub fn live_record(&self, batch: BatchNumber) -> Option<&L1CommitmentRecord> {
        let number = batch.get();
        if let Some(hash) = self.canonical.get(&number) {
            return self.live.get(&(number, *hash));
        }
        let all = self.of_batch(number).map(|(_, record)| record);
        all.max_by_key(|record| (record.commit.included.is_some(), record.commit.asked_ms))
    }

    /// The record of exactly this header, unless it is final for good.
    pub fn record_of(&self, batch: BatchNumber, hash: Hash) -> Option<&L1CommitmentRecord> {
        self.live.get(&(batch.get(), B256::from(hash.0)))
    }

    /// The batch that leaves this state root, as the word that L1 stores.
    pub fn batch_of_root(&self, root: B256) -> Option<BatchNumber> {
        self.by_root.get(&root).map(|number| BatchNumber::new(*number))
    }

    /// Headers that were submitted, are not invalid and are not in the chain, the lowest first.
    pub fn awaiting_commit(&self) -> impl Iterator<Item = &L1CommitmentRecord> {
        self.live.values().filter(|record| {
            record.commit.included.is_none() && record.invalid.is_none() && !record.commit.intents.is_empty()
        })
    }

    /// Which steps of which batches an intent is for.
    pub fn steps_of(&self, intent: IntentId) -> Vec<(BatchNumber, StepKind)> {
        let uses = self.by_intent.get(&intent).into_iter().flatten();
        uses.map(|((batch, _), kind)| (BatchNumber::new(*batch), *kind)).collect()
    }

    /// How many records are in memory and how many in the archive.
    pub fn counts(&self) -> (usize, usize) {
        (self.live.len(), self.archived.len())
    }
}

fn steps_mut(record: &mut L1CommitmentRecord) -> impl Iterator<Item = &mut StepRecord> {
    kinds_mut(record).map(|(_, step)| step)
}

fn kinds_mut(record: &mut L1CommitmentRecord) -> impl Iterator<Item = (StepKind, &mut StepRecord)> {
    std::iter::once((StepKind::Commit, &mut record.commit))
        .chain(record.proofs.iter_mut().map(|(kind, step)| (StepKind::Prove(ProofType(*kind)), step)))
        .chain(record.finalize.iter_mut().map(|step| (StepKind::Finalize, step)))
}

#[cfg(test)]
mod tests;
