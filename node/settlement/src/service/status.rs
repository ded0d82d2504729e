use alloy::primitives::B256;
use commonware_runtime::{Storage, Supervisor};
use serde::Serialize;

use crate::inbox::InboxMark;
use crate::l1::{BlockRef, L1};
use crate::outbox::OutboxStatistics;
use crate::signer::Signer;

use super::core::Core;

/// Milliseconds without an answer after which L1 counts as unreachable.
const SILENCE_MAX_MS: u64 = 60_000;

/// How the client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Health {
    /// L1 answers and what is sent gets there.
    Good,
    /// Still reading old blocks.
    CatchingUp,
    /// Something fails and is tried again.
    Troubled(String),
    /// L1 has not answered for long.
    Unreachable(String),
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// How it does.
    pub health: Health,
    /// The newest block.
    pub head: BlockRef,
    /// The newest safe one.
    pub safe: Option<BlockRef>,
    /// The newest final one.
    pub finalized: Option<BlockRef>,
    /// The last committed batch.
    pub committed: u64,
    /// The last proven batch, by type of proof.
    pub proven: Vec<(u8, u64)>,
    /// The last batch that is final in the contract.
    pub finalized_batch: u64,
    /// How far the inbox goes.
    pub inbox_head: InboxMark,
    /// How far it was told as safe.
    pub inbox_told: InboxMark,
    /// Until when the contracts are paused, in seconds.
    pub paused_until: Option<u64>,
    /// Whether the bridge is frozen.
    pub frozen: bool,
    /// Intents that have not ended, and how many of them are on their way.
    pub outbox: (usize, usize),
    /// Counts of the outbox.
    pub statistics: OutboxStatistics,
    /// Records that may change, and records that are final.
    pub records: (usize, usize),
    /// Reorgs since the start, and the depth of the deepest.
    pub reorgs: (u64, u64),
    /// Blocks followed since the start.
    pub blocks: u64,
    /// The hash of everything consumed or to be consumed so far, for comparison between nodes.
    pub inbox_hash: B256,
}

impl<E: Storage + Supervisor, L: L1, S: Signer> Core<E, L, S> {
    pub(super) fn status(&self, now_ms: u64) -> Status {
        let ledger = self.ledger.state();
        let inbox_head = self.inbox.head();
        Status {
            health: self.health(now_ms),
            head: self.follower.tip().at(),
            safe: self.finality.safe(),
            finalized: self.finality.finalized(),
            committed: ledger.committed,
            proven: ledger.proven.iter().map(|(kind, last)| (*kind, *last)).collect(),
            finalized_batch: ledger.finalized,
            inbox_head,
            inbox_told: self.inbox.surfaced(),
            paused_until: ledger.paused_until,
            frozen: ledger.frozen,
            outbox: self.outbox.waiting(),
            statistics: self.outbox.statistics(),
            records: self.mapping.counts(),
            reorgs: (self.followed.reorgs, self.followed.deepest),
            blocks: self.followed.blocks,
            inbox_hash: inbox_head.hash.into(),
        }
    }

    fn health(&self, now_ms: u64) -> Health {
        let error = self.followed.error.clone();
        let silent = now_ms.saturating_sub(self.followed.heard_ms) > SILENCE_MAX_MS;
        match (error, self.outbox.last_error()) {
            (Some(error), _) if silent => Health::Unreachable(error),
            (Some(error), _) => Health::Troubled(error),
            (None, Some(error)) => Health::Troubled(error.to_owned()),
            (None, None) if !self.followed.caught_up => Health::CatchingUp,
            (None, None) => Health::Good,
        }
    }
}
