use std::collections::{BTreeMap, VecDeque};

use alloy::primitives::B256;
use ashlar_types::BatchNumber;
use commonware_runtime::{Storage, Supervisor};
use thiserror::Error;

use crate::commitments::{L1CommitmentRecord, StateCommitmentMapping};
use crate::contract::{Fact, FactError, fact};
use crate::finality::{Finality, FinalityEvent};
use crate::follower::{ChainEvent, FollowError, Follower};
use crate::inbox::{Inbox, InboxError};
use crate::l1::{Block, BlockRef, L1, Log};
use crate::ledger::{Ledger, PlacedFact};
use crate::limits::STEP_BLOCKS_MAX;
use crate::outbox::{Outbox, OutboxEvent, Outcome};
use crate::signer::Signer;
use crate::store::StoreError;

use super::checks::{SetupError, check_contracts, check_operator};
use super::config::Config;
use super::cursor::{Cursor, Cursors};
use super::events::SettlementEvent;

/// Why the client stopped. What it knew is durable; what to do is in the words.
#[derive(Debug, Error)]
pub enum StopReason {
    /// The configuration is wrong, or L1 cannot be reached at the start.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// L1's chain cannot be followed.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The inbox cannot be believed.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// An event cannot be read.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// L1 left a block that it had called final. Starting again rebuilds everything from before it.
    #[error("L1 left block {number}, which it had called final; check the L1 node, then start again")]
    FinalLeft {
        /// The lowest final block that was left.
        number: u64,
    },
    /// It was asked to.
    #[error("the L1 client was stopped")]
    Stopped,
}

/// The state of the client: one owner, driven by [`Core::step`].
pub(super) struct Core<E: Storage, L: L1, S: Signer> {
    pub config: Config,
    pub l1: L,
    pub follower: Follower,
    pub finality: Finality,
    pub inbox: Inbox,
    pub ledger: Ledger,
    pub mapping: StateCommitmentMapping<E>,
    pub outbox: Outbox<E, S>,
    pub events: VecDeque<SettlementEvent>,
    pub followed: FollowState,
    cursors: Cursors<E>,
}

/// How following goes.
#[derive(Clone, Debug, Default)]
pub(super) struct FollowState {
    /// Whether the head was reached since the start.
    pub caught_up: bool,
    /// The consequences of the chain that is followed now were not drawn yet.
    pub unsettled: bool,
    /// Blocks were left since they were drawn last.
    pub left: bool,
    /// When L1 last gave an answer, in milliseconds.
    pub heard_ms: u64,
    /// When the last look began that came to the head.
    pub looked_ms: Option<u64>,
    /// What it failed with since.
    pub error: Option<String>,
    /// Reorgs since the start, and the deepest.
    pub reorgs: u64,
    pub deepest: u64,
    /// Blocks applied since the start.
    pub blocks: u64,
}

impl<E: Storage + Supervisor, L: L1, S: Signer> Core<E, L, S> {
    /// Opens everything durable, checks L1, and stands where a final block lets it.
    pub async fn open(context: &E, l1: L, signer: S, config: Config) -> Result<Self, StopReason> {
        check_contracts(&l1, config.chain_id, &config.addresses).await?;
        let outbox = Outbox::open(
            context.child("outbox"),
            &format!("{}-outbox", config.partition),
            signer.clone(),
            config.chain_id,
            config.outbox,
        )
        .await?;
        if config.sends {
            // An outbox that is on its way may have spent what it needs; only an idle one is asked to have some.
            let idle = outbox.waiting().0 == 0;
            let needed = alloy::primitives::U256::from(u8::from(idle));
            check_operator(&l1, &config.addresses, signer.address(), needed).await?;
        }
        let mapping =
            StateCommitmentMapping::open(context.child("live"), context.child("archive"), &config.partition).await?;
        let cursors = Cursors::open(context.child("cursor"), &config.partition).await?;
        let cursor = cursors.resume(&l1, &config.noted, config.addresses.deployed_block).await?;
        let watched = vec![config.addresses.settlement, config.addresses.bridge];
        Ok(Core {
            follower: Follower::new(cursor.block, watched, config.depth),
            finality: Finality::new(None),
            inbox: Inbox::new(cursor.inbox, config.consumed.iter().copied()),
            ledger: Ledger::new(cursor.ledger),
            mapping,
            outbox,
            events: VecDeque::new(),
            followed: FollowState::default(),
            cursors,
            config,
            l1,
        })
    }

    /// Follows L1 as far as it goes and does all that follows from it. Only what cannot be tried again is an error.
    pub async fn step(&mut self, now_ms: u64, dice: u64) -> Result<(), StopReason> {
        let reached = match self.follower.step(&self.l1).await {
            Ok(events) => {
                self.followed.heard_ms = now_ms;
                self.followed.error = None;
                // A step takes half of its bound while the head is far away, so one that took less came to the head. Where a block comes with every look, none is without news.
                let applied = events.iter().filter(|event| matches!(event, ChainEvent::Applied(..))).count();
                let reached = applied < STEP_BLOCKS_MAX / 2 || self.followed.caught_up;
                self.chain_moved(events, now_ms)?;
                reached
            }
            Err(FollowError::L1(error)) => {
                self.followed.error = Some(error.to_string());
                false
            }
            Err(error @ FollowError::TooDeep { .. }) => return Err(error.into()),
        };
        if reached {
            self.followed.looked_ms = Some(now_ms);
            if !self.followed.caught_up {
                self.followed.caught_up = true;
                self.followed.unsettled = true;
            }
            self.settle_reorg(now_ms).await?;
            self.mapping.reconsider(|next, hash| self.inbox.hash_before(next) == Some(hash), now_ms);
            // Receipts first, and durable: what is final the mapping lays away and the outbox forgets.
            self.pump(now_ms, dice).await?;
            self.mapping.flush().await?;
            self.update_finality(now_ms).await?;
        }
        self.mapping.flush().await?;
        Ok(())
    }

    /// Lets the outbox do what it can.
    pub async fn pump(&mut self, now_ms: u64, dice: u64) -> Result<(), StopReason> {
        if !self.config.sends || !self.followed.caught_up {
            return Ok(());
        }
        let events = self.outbox.pump(&self.l1, &self.follower, now_ms, dice).await?;
        self.outbox_said(events, now_ms);
        Ok(())
    }

    fn chain_moved(&mut self, events: Vec<ChainEvent>, now_ms: u64) -> Result<(), StopReason> {
        let left: Vec<Block> = events
            .iter()
            .filter_map(|event| match event {
                ChainEvent::RolledBack(block) => Some(*block),
                ChainEvent::Applied(..) => None,
            })
            .collect();
        if let Some(lowest) = left.last() {
            self.leave(&left, *lowest, now_ms)?;
        }
        for event in events {
            if let ChainEvent::Applied(block, logs) = event {
                self.apply(block, &logs, now_ms)?;
            }
        }
        Ok(())
    }

    /// Undoes what the blocks that were left had said.
    fn leave(&mut self, left: &[Block], lowest: Block, now_ms: u64) -> Result<(), StopReason> {
        let was_final = self.finality.finalized().filter(|finalized| finalized.number >= lowest.number);
        let fork = self.follower.at(lowest.number.saturating_sub(1)).map_or(lowest.at(), |block| block.at());
        for event in self.finality.rolled_back(&lowest, fork) {
            self.finality_said(event);
        }
        if was_final.is_some() {
            // What was folded into the base cannot be taken out of it again.
            return Err(StopReason::FinalLeft { number: lowest.number });
        }
        for block in left {
            self.inbox.rolled_back(block.at());
            let facts = self.ledger.rolled_back(block.at());
            let live = &self.ledger.state().live;
            let still: BTreeMap<u64, B256> = live.iter().map(|(number, batch)| (*number, batch.header_hash)).collect();
            self.mapping.rolled_back(&facts, block.at(), &still, now_ms);
            let events = self.outbox.rolled_back(block);
            self.outbox_said(events, now_ms);
        }
        self.followed.reorgs += 1;
        self.followed.deepest = self.followed.deepest.max(left.len() as u64);
        (self.followed.unsettled, self.followed.left) = (true, true);
        self.events.push_back(SettlementEvent::Reorg {
            to: fork,
            depth: left.len() as u64,
            committed: BatchNumber::new(self.ledger.state().committed),
            inbox: self.inbox.head(),
        });
        Ok(())
    }

    fn apply(&mut self, block: Block, logs: &[Log], now_ms: u64) -> Result<(), StopReason> {
        let mut facts = Vec::new();
        for log in logs {
            let Some(fact) = fact(&self.config.addresses, log)? else { continue };
            if let Fact::EntryAdded(added) = &fact {
                self.inbox.added(added, block.at())?;
            }
            facts.push(PlacedFact { fact, tx: log.tx });
        }
        if let Some(unseen_ms) = self.followed.looked_ms.filter(|_| !facts.is_empty()) {
            self.events.push_back(SettlementEvent::Heard { unseen_ms });
        }
        for placed in &facts {
            self.mapping.applied(placed, block.at(), now_ms);
            self.events.extend(told(placed, block.at()));
        }
        self.ledger.applied(block.at(), facts);
        self.followed.blocks += 1;
        self.events.push_back(SettlementEvent::Head(block.at()));
        Ok(())
    }

    /// Draws the consequences of a reorg once the new chain is known to its head, and after a start those of one that nobody has seen.
    async fn settle_reorg(&mut self, now_ms: u64) -> Result<(), StopReason> {
        if !std::mem::take(&mut self.followed.unsettled) {
            return Ok(());
        }
        let rolled_back = self.inbox.take_unsurfaced();
        if std::mem::take(&mut self.followed.left) || rolled_back.is_some() {
            // On another chain what was given up may be wanted as it was: whoever builds knows.
            self.mapping.take_up_again(now_ms);
        }
        self.events.extend(rolled_back.map(SettlementEvent::InboxRolledBack));
        let mut invalid = Vec::new();
        for record in self.mapping.awaiting_commit() {
            let Some(header) = record.decode_header() else { continue };
            let reason = match self.inbox.hash_before(header.inbox_next) {
                Some(hash) if hash == header.inbox_hash => continue,
                Some(_) => "the inbox has other entries now",
                None if header.inbox_next.get() < self.inbox.base().next => continue,
                None => "the inbox has fewer entries now",
            };
            let reason =
                format!("batch {} consumed {} inbox entries, and {reason}", record.batch, header.inbox_next.get());
            invalid.push((record.clone(), reason));
        }
        // What builds on one of them consumed its entries too. Others of the same numbers may be of the order that stands now.
        for (record, why) in &invalid {
            self.take_back(record, why, now_ms).await?;
        }
        if let Some((first, reason)) = invalid.into_iter().min_by_key(|(record, _)| record.batch) {
            let (from, header_hash) = (BatchNumber::new(first.batch), first.header_hash);
            self.events.push_back(SettlementEvent::CommitsInvalid { from, header_hash, reason });
        }
        Ok(())
    }

    /// Takes back every commit from this batch on that is not in the chain: what builds on a batch that cannot be committed cannot be either.
    pub(super) async fn give_up(&mut self, from: BatchNumber, why: &str, now_ms: u64) -> Result<usize, StoreError> {
        let all: Vec<_> = self.mapping.awaiting_commit().filter(|record| record.batch >= from.get()).cloned().collect();
        for record in &all {
            self.take_back(record, why, now_ms).await?;
            self.mapping.given_up(BatchNumber::new(record.batch), ashlar_batch::Hash(record.header_hash.0));
        }
        self.mapping.flush().await?;
        Ok(all.len())
    }

    /// Takes back a commit with whatever was to follow it.
    async fn take_back(&mut self, record: &L1CommitmentRecord, why: &str, now_ms: u64) -> Result<(), StoreError> {
        let steps = std::iter::once(&record.commit).chain(record.proofs.values()).chain(&record.finalize);
        for intent in steps.flat_map(|step| step.intents.iter().copied()) {
            self.outbox.cancel(intent, why).await?;
        }
        let (batch, hash) = (BatchNumber::new(record.batch), ashlar_batch::Hash(record.header_hash.0));
        self.mapping.invalidated(batch, hash, why, now_ms);
        Ok(())
    }

    async fn update_finality(&mut self, now_ms: u64) -> Result<(), StopReason> {
        let events = match self.finality.update(&self.l1, &self.follower).await {
            Ok(events) => events,
            Err(error) => {
                self.followed.error = Some(error.to_string());
                return Ok(());
            }
        };
        let finalized = events.iter().find_map(|event| match event {
            FinalityEvent::Finalized(block) => Some(*block),
            _ => None,
        });
        for event in events {
            self.finality_said(event);
        }
        if let Some(safe) = self.finality.safe() {
            self.events.extend(self.inbox.take_safe(safe).into_iter().map(SettlementEvent::InboxSafe));
        }
        let tip = self.follower.tip().number;
        for (batch, step, status) in self.mapping.update_transaction_confirmations(&self.finality, tip, now_ms) {
            self.events.push_back(SettlementEvent::Confirmation { batch, step, status });
        }
        if let Some(block) = finalized {
            let events = self.outbox.finalized(block).await?;
            self.outbox_said(events, now_ms);
            self.ledger.finalized(block);
            self.inbox.finalized(block);
            self.mapping.flush().await?;
            if let Some(block) = self.follower.at(block.number) {
                let (inbox, ledger) = (self.inbox.base(), self.ledger.base().clone());
                self.cursors.push(Cursor { block, inbox, ledger }).await?;
            }
        }
        Ok(())
    }

    fn finality_said(&mut self, event: FinalityEvent) {
        self.events.push_back(match event {
            FinalityEvent::Safe(block) => SettlementEvent::Safe(block),
            FinalityEvent::Finalized(block) => SettlementEvent::FinalBlock(block),
            FinalityEvent::Fell { finalized, to } => SettlementEvent::FinalityFell { finalized, to },
        });
    }

    pub(super) fn outbox_said(&mut self, events: Vec<OutboxEvent>, now_ms: u64) {
        for event in events {
            let (id, reason) = match event {
                OutboxEvent::Attempted { id, tx } => {
                    self.mapping.attempted(id, tx, now_ms);
                    continue;
                }
                OutboxEvent::Mined { id, tx, succeeded, paid, .. } => {
                    self.mapping.paid(tx, paid);
                    self.events.push_back(SettlementEvent::Paid { tx, paid });
                    if succeeded {
                        continue;
                    }
                    (id, format!("transaction {tx} was mined and reverted"))
                }
                OutboxEvent::Ended { id, outcome: Outcome::NotDone { reason } } => (id, reason),
                OutboxEvent::Orphaned { .. } | OutboxEvent::Ended { .. } => continue,
            };
            self.mapping.failed(id, &reason, now_ms);
            let steps = self.mapping.steps_of(id);
            self.events.push_back(SettlementEvent::Failed { steps, reason });
        }
    }
}

/// What a fact is to the node; inbox entries are told when they are safe.
fn told(placed: &PlacedFact, block: BlockRef) -> Option<SettlementEvent> {
    Some(match &placed.fact {
        Fact::EntryAdded(_) => return None,
        Fact::Committed { header, hash, .. } => {
            SettlementEvent::Committed { batch: header.number, header_hash: *hash, tx: placed.tx, block }
        }
        Fact::Proven { proof_type, first, last, last_hash } => SettlementEvent::Proven {
            proof_type: *proof_type,
            first: *first,
            last: *last,
            last_hash: *last_hash,
            tx: placed.tx,
            block,
        },
        Fact::Finalized { first, last, inbox_next } => {
            SettlementEvent::Finalized { first: *first, last: *last, inbox_next: *inbox_next, tx: placed.tx, block }
        }
        Fact::Reverted { first, last } => SettlementEvent::Reverted { first: *first, last: *last, block },
        Fact::Paused { until } => SettlementEvent::Paused { until: Some(*until) },
        Fact::Unpaused => SettlementEvent::Paused { until: None },
        Fact::Contradicted { number } => SettlementEvent::Contradicted(*number),
        Fact::Frozen { .. } => SettlementEvent::Freeze { frozen: true, ended: false },
        Fact::Thawed => SettlementEvent::Freeze { frozen: false, ended: false },
        Fact::RootFixed { .. } => SettlementEvent::Freeze { frozen: true, ended: true },
    })
}
