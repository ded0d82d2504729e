//! What the contracts say in the followed chain: which batches are committed, proven, final.
//!
//! 1. It is a function of the blocks that are applied and not taken back. After a reorg it is what it would be if the old
//!    blocks had never been.
//! 2. Facts are kept with their blocks until these are final, then folded into the base.

use std::collections::{BTreeMap, VecDeque};

use alloy::primitives::B256;
use ashlar_batch::Hash;
use ashlar_types::BatchNumber;
use serde::{Deserialize, Serialize};

use crate::contract::{Fact, ProofType};
use crate::l1::BlockRef;

/// A batch that is committed in the followed chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CommittedBatch {
    /// Its header's hash.
    pub header_hash: B256,
    /// The transaction.
    pub tx: B256,
    /// Where.
    pub block: BlockRef,
}

/// How far the chain of batches is on L1.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct LedgerState {
    /// The last committed batch.
    pub committed: u64,
    /// The last batch of each type of proof.
    pub proven: BTreeMap<u8, u64>,
    /// The last batch that is final in the contract.
    pub finalized: u64,
    /// Inbox entries that batches final in the contract consumed.
    pub inbox_finalized: u64,
    /// Committed batches that are not final in the contract.
    pub live: BTreeMap<u64, CommittedBatch>,
    /// Until when commit, prove and finalize are paused, in seconds.
    pub paused_until: Option<u64>,
    /// Whether the bridge is frozen.
    pub frozen: bool,
    /// Whether the exchange has ended.
    pub ended: bool,
}

/// A fact with its transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedFact {
    /// What.
    pub fact: Fact,
    /// In which transaction.
    pub tx: B256,
}

/// The state of the contracts with all that may still be taken back.
#[derive(Clone, Debug)]
pub struct Ledger {
    base: LedgerState,
    blocks: VecDeque<(BlockRef, Vec<PlacedFact>)>,
    state: LedgerState,
}

impl Ledger {
    /// Begins with what is final on L1.
    pub fn new(base: LedgerState) -> Ledger {
        Ledger { state: base.clone(), base, blocks: VecDeque::new() }
    }

    /// As the followed chain says.
    pub const fn state(&self) -> &LedgerState {
        &self.state
    }

    /// As final blocks say.
    pub const fn base(&self) -> &LedgerState {
        &self.base
    }

    /// Whether this very batch is committed in the followed chain and not final in the contract yet.
    pub fn holds(&self, number: BatchNumber, hash: Hash) -> bool {
        self.state.live.get(&number.get()).is_some_and(|batch| batch.header_hash.0 == hash.0)
    }

    /// A block was applied.
    pub fn applied(&mut self, block: BlockRef, facts: Vec<PlacedFact>) {
        for placed in &facts {
            self.state.apply(placed, block);
        }
        if !facts.is_empty() {
            self.blocks.push_back((block, facts));
        }
    }

    /// A block was taken back; returns what it had said.
    pub fn rolled_back(&mut self, block: BlockRef) -> Vec<PlacedFact> {
        if self.blocks.back().is_none_or(|(last, _)| last.hash != block.hash) {
            return Vec::new();
        }
        let facts = self.blocks.pop_back().map(|(_, facts)| facts).unwrap_or_default();
        let mut state = self.base.clone();
        for (at, facts) in &self.blocks {
            facts.iter().for_each(|placed| state.apply(placed, *at));
        }
        self.state = state;
        facts
    }

    /// Blocks up to this one stay.
    pub fn finalized(&mut self, finalized: BlockRef) {
        while self.blocks.front().is_some_and(|(block, _)| block.number <= finalized.number) {
            if let Some((block, facts)) = self.blocks.pop_front() {
                facts.iter().for_each(|placed| self.base.apply(placed, block));
            }
        }
    }
}

impl LedgerState {
    fn apply(&mut self, placed: &PlacedFact, block: BlockRef) {
        match &placed.fact {
            Fact::Committed { header, hash, .. } => {
                self.committed = header.number.get();
                let batch = CommittedBatch { header_hash: B256::from(hash.0), tx: placed.tx, block };
                self.live.insert(header.number.get(), batch);
            }
            Fact::Proven { proof_type: ProofType(kind), last, .. } => {
                self.proven.insert(*kind, last.get());
            }
            Fact::Finalized { last, inbox_next, .. } => {
                self.finalized = last.get();
                self.inbox_finalized = inbox_next.get();
                self.live = self.live.split_off(&last.next().get());
            }
            Fact::Reverted { first, .. } => {
                self.committed = first.get().saturating_sub(1);
                self.live.split_off(&first.get());
                for proven in self.proven.values_mut() {
                    *proven = (*proven).min(self.committed);
                }
            }
            Fact::Paused { until } => self.paused_until = Some(*until),
            Fact::Unpaused => self.paused_until = None,
            Fact::Frozen { .. } => self.frozen = true,
            Fact::Thawed => self.frozen = false,
            Fact::RootFixed { .. } => self.ended = true,
            Fact::EntryAdded(_) | Fact::Contradicted { .. } => {}
        }
    }
}
