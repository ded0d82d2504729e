//! Where an exchange stands on L1, asked of its contracts at one block.

use alloy::primitives::{Address, U256};
use alloy::sol_types::SolCall;
use anyhow::{Context as _, Result};
use ashlar_contracts::abi::{IBridge, ISettlement};
use ashlar_settlement::l1::{Block, BlockAt, L1 as _};

use super::place::Found;
use crate::rebuild::{ask, try_ask};

/// All of it is of one block.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The block.
    pub head: Block,
    /// The last committed batch.
    pub committed: u64,
    /// The last final one.
    pub finalized: u64,
    /// Entries of the inbox that a final batch consumed.
    pub inbox_final: u64,
    /// Entries of the inbox.
    pub inbox_count: u64,
    /// Whether commits, proofs and deposits rest.
    pub paused: bool,
    /// When the bridge was frozen, in seconds; zero if it is not.
    pub frozen_at: u64,
    /// By which missed entry.
    pub frozen_index: u64,
    /// Whether everybody leaves from a fixed state.
    pub root_fixed: bool,
    /// Entries that are consumed in that state.
    pub exit_inbox: u64,
    /// Seconds in which an entry must be in a final batch.
    pub deadline_s: u64,
    /// Seconds between a freeze and the fixing of the root.
    pub grace_s: u64,
}

/// Questions to an exchange's contracts at a block.
pub struct Asker<'a> {
    found: &'a Found,
    at: BlockAt,
}

impl Asker<'_> {
    /// Of the settlement contract.
    pub async fn settlement<C: SolCall>(&self, question: C) -> Result<C::Return> {
        ask(&self.found.l1, self.at, self.found.addresses.settlement, &question).await
    }

    /// Of the bridge.
    pub async fn bridge<C: SolCall>(&self, question: C) -> Result<C::Return> {
        ask(&self.found.l1, self.at, self.found.addresses.bridge, &question).await
    }

    /// Of any other; nothing if it refuses.
    pub async fn other_if<C: SolCall>(&self, contract: Address, question: C) -> Result<Option<C::Return>> {
        try_ask(&self.found.l1, self.at, contract, &question).await
    }

    /// Of any other.
    pub async fn other<C: SolCall>(&self, contract: Address, question: C) -> Result<C::Return> {
        ask(&self.found.l1, self.at, contract, &question).await
    }
}

impl Standing {
    /// At the head.
    pub async fn of(found: &Found) -> Result<Standing> {
        let head = found.l1.block(BlockAt::Latest).await?.context("L1 has no blocks")?;
        let asker = Standing::asker(found, &head);
        Ok(Standing {
            head,
            committed: asker.settlement(ISettlement::committedCall {}).await?,
            finalized: asker.settlement(ISettlement::finalizedCall {}).await?,
            inbox_final: asker.settlement(ISettlement::finalizedInboxCall {}).await?,
            inbox_count: asker.bridge(IBridge::inboxCountCall {}).await?,
            paused: asker.settlement(ISettlement::pausedCall {}).await?,
            frozen_at: asker.bridge(IBridge::frozenAtCall {}).await?.to(),
            frozen_index: asker.bridge(IBridge::frozenIndexCall {}).await?,
            root_fixed: asker.bridge(IBridge::rootFixedCall {}).await?,
            exit_inbox: asker.bridge(IBridge::exitInboxCall {}).await?,
            deadline_s: asker.bridge(IBridge::deadlineSecondsCall {}).await?.into(),
            grace_s: asker.bridge(IBridge::graceSecondsCall {}).await?.into(),
        })
    }

    /// Further questions at the same block.
    pub const fn asker<'a>(found: &'a Found, head: &Block) -> Asker<'a> {
        Asker { found, at: BlockAt::Hash(head.hash) }
    }

    /// The last second in which an entry of this time is not late. Seconds of pause do not count.
    pub async fn deadline(&self, found: &Found, entry_s: u64) -> Result<u64> {
        self.after(found, entry_s, self.deadline_s).await
    }

    /// The last second of the first phase of a freeze.
    pub async fn grace_end(&self, found: &Found) -> Result<u64> {
        self.after(found, self.frozen_at, self.grace_s).await
    }

    async fn after(&self, found: &Found, since: u64, seconds: u64) -> Result<u64> {
        let asker = Standing::asker(found, &self.head);
        let paused: U256 = asker.settlement(ISettlement::pausedSinceCall { time: U256::from(since) }).await?;
        Ok(since.saturating_add(seconds).saturating_add(paused.saturating_to()))
    }
}
