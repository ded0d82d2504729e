//! How sure L1 is of what.
//!
//! 1. A mark (`safe`, `finalized`) counts only once its block is part of the chain that is followed.
//! 2. Without a reorg a mark never goes back. If the block under a mark is taken back, the mark falls to where the new chain
//!    begins, and that is reported: above `finalized` it is L1's promise that was broken.
//! 3. `finalized` is never above `safe`.

use serde::{Deserialize, Serialize};

use crate::follower::Follower;
use crate::l1::{Block, BlockAt, BlockRef, L1, L1Error};

/// How sure it is that something on L1 stays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum ConfirmationStatus {
    /// It was in a block that is no longer part of the chain.
    Orphaned,
    /// It is to be sent, or was, and is in no block.
    Pending,
    /// It is in a block, so many deep (1 is the head).
    Included {
        /// How many blocks hold it up.
        confirmations: u64,
    },
    /// In a block at or below `safe`.
    Safe,
    /// In a block at or below `finalized`.
    Finalized,
    /// It will never be in a block, or was and did nothing.
    Failed,
}

/// A mark moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FinalityEvent {
    /// This block and all below are safe.
    Safe(BlockRef),
    /// This block and all below are final.
    Finalized(BlockRef),
    /// A block under a mark was taken back; it is at most here now.
    Fell {
        /// Whether it was the `finalized` one, which L1 promised never to leave.
        finalized: bool,
        /// Where it is now.
        to: BlockRef,
    },
}

/// The marks of the chain that is followed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Finality {
    safe: Option<BlockRef>,
    finalized: Option<BlockRef>,
}

impl Finality {
    /// Begins with what was final before.
    pub const fn new(finalized: Option<BlockRef>) -> Finality {
        Finality { safe: finalized, finalized }
    }

    /// The newest safe block.
    pub const fn safe(&self) -> Option<BlockRef> {
        self.safe
    }

    /// The newest final block.
    pub const fn finalized(&self) -> Option<BlockRef> {
        self.finalized
    }

    /// Asks for both marks and moves them as far as the followed chain bears it out.
    pub async fn update<L: L1>(&mut self, l1: &L, chain: &Follower) -> Result<Vec<FinalityEvent>, L1Error> {
        let safe = l1.block(BlockAt::Safe).await?;
        let finalized = l1.block(BlockAt::Finalized).await?;
        let mut events = Vec::new();
        if let Some(block) = finalized.and_then(|block| on_chain(chain, block))
            && self.finalized.is_none_or(|old| block.number > old.number)
        {
            self.finalized = Some(block);
            events.push(FinalityEvent::Finalized(block));
        }
        let safe = safe.and_then(|block| on_chain(chain, block)).max(self.finalized);
        if let Some(block) = safe
            && self.safe.is_none_or(|old| block.number > old.number)
        {
            self.safe = Some(block);
            events.insert(0, FinalityEvent::Safe(block));
        }
        Ok(events)
    }

    /// A block was taken back; `below` is the newest that stays.
    pub fn rolled_back(&mut self, block: &Block, below: BlockRef) -> Vec<FinalityEvent> {
        let mut events = Vec::new();
        if self.safe.is_some_and(|safe| safe.number >= block.number) {
            self.safe = Some(below);
            events.push(FinalityEvent::Fell { finalized: false, to: below });
        }
        if self.finalized.is_some_and(|finalized| finalized.number >= block.number) {
            self.finalized = Some(below);
            events.push(FinalityEvent::Fell { finalized: true, to: below });
        }
        events
    }

    /// How sure something is that is in this block of the followed chain.
    pub fn status(&self, block: BlockRef, tip: u64) -> ConfirmationStatus {
        if self.finalized.is_some_and(|finalized| block.number <= finalized.number) {
            ConfirmationStatus::Finalized
        } else if self.safe.is_some_and(|safe| block.number <= safe.number) {
            ConfirmationStatus::Safe
        } else {
            ConfirmationStatus::Included { confirmations: tip.saturating_sub(block.number).saturating_add(1) }
        }
    }
}

/// The mark, if the block is one of ours. A mark above our tip waits until we are there; one below all that is remembered cannot move
/// anything.
fn on_chain(chain: &Follower, block: Block) -> Option<BlockRef> {
    chain.contains(block.number, block.hash).then(|| block.at())
}
