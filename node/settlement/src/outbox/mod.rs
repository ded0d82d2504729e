//! Transactions that must not be lost, doubled or forgotten.
//!
//! 1. An intent is durable before it is acknowledged, and a transaction before anyone sees it. Whatever the client knew when it
//!    was killed, it finds again, and sends the same transaction, not another one.
//! 2. All transactions of one intent have one nonce, so at most one of them is ever mined. Another nonce is taken only when the first is
//!    used, in a final block, by a transaction that is not ours.
//! 3. Every transaction ever made for a nonce is watched until one of them is final.
//! 4. A transaction that reverted was mined: it is reported and never replaced.
//! 5. A transaction that a reorg took out is sent again. One that is no longer wanted is replaced by one that does nothing.
//! 6. The same intent asked for twice is done once.

mod entry;
mod round;
mod send;

use std::collections::{BTreeMap, VecDeque};

use alloy::eips::eip7594::BlobTransactionSidecarEip7594;
use alloy::primitives::{Address, B256, keccak256};
use commonware_runtime::Storage;

use crate::l1::{Block, BlockRef, FeeMarket};
use crate::limits::{ENDED_MAX, INTENTS_MAX, OWN_TIPS_MAX};
use crate::signer::Signer;
use crate::store::{DurableLog, StoreError};
use crate::transaction::{Body, check};

use entry::{Entry, Record};

pub use entry::{
    Attempt, GasLimit, Intent, IntentId, IntentStatus, OutboxConfig, OutboxError, OutboxEvent, OutboxStatistics,
    Outcome, Waiting,
};

/// The outbox of one account.
pub struct Outbox<E: Storage, S: Signer> {
    log: DurableLog<E, Record>,
    signer: S,
    config: OutboxConfig,
    chain_id: u64,
    /// In the order in which they were taken.
    entries: BTreeMap<u64, Entry>,
    places: BTreeMap<IntentId, u64>,
    next_place: u64,
    ended: BTreeMap<IntentId, (B256, Outcome)>,
    ended_order: VecDeque<IntentId>,
    sidecars: BTreeMap<u64, BlobTransactionSidecarEip7594>,
    seen_tip: B256,
    finalized: Option<BlockRef>,
    failed_in_a_row: u32,
    retry_at_ms: u64,
    last_error: Option<String>,
    /// What this account tipped lately where it was urgent, the newest last.
    own_tips: VecDeque<u128>,
    statistics: OutboxStatistics,
}

impl<E: Storage, S: Signer> Outbox<E, S> {
    /// Opens the outbox with everything that had not ended.
    pub async fn open(
        storage: E,
        partition: &str,
        signer: S,
        chain_id: u64,
        config: OutboxConfig,
    ) -> Result<Self, StoreError> {
        let (log, records) = DurableLog::open(storage, partition).await?;
        let mut outbox = Outbox {
            log,
            signer,
            config,
            chain_id,
            entries: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
            ended: BTreeMap::new(),
            ended_order: VecDeque::new(),
            sidecars: BTreeMap::new(),
            seen_tip: B256::ZERO,
            finalized: None,
            failed_in_a_row: 0,
            retry_at_ms: 0,
            last_error: None,
            own_tips: VecDeque::new(),
            statistics: OutboxStatistics::default(),
        };
        for record in records {
            outbox.replay(record);
        }
        Ok(outbox)
    }

    fn replay(&mut self, record: Record) {
        match record {
            Record::Taken(intent) => self.insert(*intent),
            Record::Attempted { id, nonce, attempt } => {
                if let Some(entry) = self.entry_mut(id) {
                    entry.nonce = Some(nonce);
                    entry.attempts.push(attempt);
                    // Whether a pool saw it before the end is not known; sending it again does no harm.
                    entry.resend = true;
                }
            }
            Record::Displaced { id } => {
                if let Some(entry) = self.entry_mut(id) {
                    (entry.nonce, entry.resend) = (None, false);
                    entry.attempts.clear();
                }
            }
            Record::CancelAsked { id, reason } => {
                if let Some(entry) = self.entry_mut(id) {
                    entry.cancel = Some(reason);
                }
            }
            Record::Ended { id, digest, outcome } => self.close(id, digest, outcome),
        }
    }

    /// The market with this account's own urgent tips as what they were a multiple of. Where blocks hold little else, an offer above what they show would be
    /// an offer above the last one, and each would be higher than the one before until a cap forbids to replace anything. What a patient offer tips is a
    /// tip of the market itself, and stays what it is.
    fn of_others(&self, mut market: FeeMarket) -> FeeMarket {
        for tip in market.tips.iter_mut().filter(|tip| self.own_tips.contains(tip)) {
            *tip = tip.saturating_mul(100) / u128::from(self.config.fees.urgent_tip_percent.max(1));
        }
        market
    }

    fn tipped(&mut self, tip: u128) {
        self.own_tips.retain(|known| *known != tip);
        self.own_tips.push_back(tip);
        while self.own_tips.len() > OWN_TIPS_MAX {
            self.own_tips.pop_front();
        }
    }

    fn insert(&mut self, intent: Intent) {
        self.places.insert(intent.id, self.next_place);
        self.entries.insert(self.next_place, Entry::new(intent));
        self.next_place += 1;
    }

    fn entry_mut(&mut self, id: IntentId) -> Option<&mut Entry> {
        self.entries.get_mut(self.places.get(&id)?)
    }

    fn close(&mut self, id: IntentId, digest: B256, outcome: Outcome) {
        if let Some(place) = self.places.remove(&id) {
            self.entries.remove(&place);
            self.sidecars.remove(&place);
        }
        if self.ended.insert(id, (digest, outcome)).is_none() {
            self.ended_order.push_back(id);
        }
        while self.ended_order.len() > ENDED_MAX {
            if let Some(oldest) = self.ended_order.pop_front() {
                self.ended.remove(&oldest);
            }
        }
    }

    /// Takes an intent, durably, or recognises it. It is sent by the next [`Outbox::pump`].
    pub async fn submit(&mut self, intent: Intent) -> Result<IntentStatus, OutboxError> {
        let conflict = || OutboxError::Conflict { label: intent.label.clone() };
        if let Some((digest, outcome)) = self.ended.get(&intent.id) {
            let same = *digest == digest_of(&intent);
            return if same { Ok(IntentStatus::Ended(outcome.clone())) } else { Err(conflict()) };
        }
        if let Some(entry) = self.places.get(&intent.id).and_then(|place| self.entries.get(place)) {
            return if entry.intent == intent { Ok(entry.status()) } else { Err(conflict()) };
        }
        if self.entries.len() >= INTENTS_MAX {
            return Err(OutboxError::Full { max: INTENTS_MAX });
        }
        let body = Body { to: intent.to, value: intent.value, input: intent.input.clone() };
        check(&body, &intent.blob_content)
            .map_err(|source| OutboxError::Body { label: intent.label.clone(), source })?;
        self.log.append(&[Record::Taken(Box::new(intent.clone()))]).await?;
        self.insert(intent);
        self.statistics.taken += 1;
        Ok(IntentStatus::Queued)
    }

    /// Takes an intent back if it is not mined: one that was sent is replaced by a transaction that does nothing. Says whether there was
    /// anything to take back.
    pub async fn cancel(&mut self, id: IntentId, reason: &str) -> Result<bool, StoreError> {
        let Some(entry) = self.places.get(&id).and_then(|place| self.entries.get(place)) else { return Ok(false) };
        if entry.mined.is_some() || entry.cancel.is_some() {
            return Ok(false);
        }
        if entry.nonce.is_none() {
            let (digest, outcome) = (digest_of(&entry.intent), Outcome::NotDone { reason: reason.into() });
            self.log.append(&[Record::Ended { id, digest, outcome: outcome.clone() }]).await?;
            self.close(id, digest, outcome);
            return Ok(true);
        }
        self.log.append(&[Record::CancelAsked { id, reason: reason.into() }]).await?;
        if let Some(entry) = self.entry_mut(id) {
            entry.cancel = Some(reason.into());
        }
        Ok(true)
    }

    /// A block was taken back: what was mined in it is on its way again.
    pub fn rolled_back(&mut self, block: &Block) -> Vec<OutboxEvent> {
        let mut events = Vec::new();
        for entry in self.entries.values_mut() {
            if let Some((tx, _, _)) = entry.mined.filter(|(_, at, _)| at.hash == block.hash) {
                entry.mined = None;
                entry.resend = true;
                self.statistics.orphaned += 1;
                events.push(OutboxEvent::Orphaned { id: entry.intent.id, tx });
            }
        }
        events
    }

    /// Everything up to this block is final: what was mined there has ended.
    pub async fn finalized(&mut self, finalized: BlockRef) -> Result<Vec<OutboxEvent>, StoreError> {
        self.finalized = Some(finalized);
        let mut records = Vec::new();
        for entry in self.entries.values() {
            if entry.mined.is_some_and(|(_, block, _)| block.number <= finalized.number)
                && let Some(outcome) = entry.outcome()
            {
                records.push((entry.intent.id, digest_of(&entry.intent), outcome));
            }
        }
        let log: Vec<Record> = records
            .iter()
            .map(|(id, digest, outcome)| Record::Ended { id: *id, digest: *digest, outcome: outcome.clone() })
            .collect();
        self.log.append(&log).await?;
        let mut events = Vec::new();
        for (id, digest, outcome) in records {
            self.close(id, digest, outcome.clone());
            events.push(OutboxEvent::Ended { id, outcome });
        }
        if self.log.wants_rewriting() {
            let records = self.snapshot();
            self.log.rewrite(&records).await?;
        }
        Ok(events)
    }

    fn snapshot(&self) -> Vec<Record> {
        let ended = self.ended_order.iter().filter_map(|id| {
            let (digest, outcome) = self.ended.get(id)?;
            Some(Record::Ended { id: *id, digest: *digest, outcome: outcome.clone() })
        });
        let mut records: Vec<Record> = ended.collect();
        for entry in self.entries.values() {
            let id = entry.intent.id;
            records.push(Record::Taken(Box::new(entry.intent.clone())));
            if let Some(nonce) = entry.nonce {
                let attempts = entry.attempts.iter().cloned();
                records.extend(attempts.map(|attempt| Record::Attempted { id, nonce, attempt }));
            }
            if let Some(reason) = entry.cancel.clone() {
                records.push(Record::CancelAsked { id, reason });
            }
        }
        records
    }

    /// Whose transactions they are.
    pub fn account(&self) -> Address {
        self.signer.address()
    }

    /// Where an intent is; none if it was never taken, or ended so long ago that it was forgotten.
    pub fn status(&self, id: IntentId) -> Option<IntentStatus> {
        if let Some((_, outcome)) = self.ended.get(&id) {
            return Some(IntentStatus::Ended(outcome.clone()));
        }
        self.places.get(&id).and_then(|place| self.entries.get(place)).map(Entry::status)
    }

    /// Every transaction made for an intent that has not ended, the oldest first.
    pub fn attempts(&self, id: IntentId) -> Vec<Attempt> {
        let entry = self.places.get(&id).and_then(|place| self.entries.get(place));
        entry.map(|entry| entry.attempts.clone()).unwrap_or_default()
    }

    /// Intents that have not ended, and how many of them are on their way.
    pub fn waiting(&self) -> (usize, usize) {
        (self.entries.len(), self.entries.values().filter(|entry| entry.is_in_flight()).count())
    }

    /// Intents that have not ended, in the order in which they were taken; at most so many.
    pub fn list(&self, max: usize) -> Vec<Waiting> {
        let line = |entry: &Entry| Waiting {
            label: entry.intent.label.clone(),
            status: entry.status(),
            offered_ms: entry.attempts.last().map(|attempt| attempt.at_ms),
        };
        self.entries.values().take(max).map(line).collect()
    }

    /// Counts since the start.
    pub const fn statistics(&self) -> OutboxStatistics {
        self.statistics
    }

    /// What failed last, if the last round failed.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }
}

/// Stands for an intent that is no longer kept.
fn digest_of(intent: &Intent) -> B256 {
    keccak256(serde_json::to_vec(intent).unwrap_or_default())
}
