//! Follows the chain by hashes and says what was added and what was taken back.
//!
//! 1. Applied blocks form a chain: each one's parent is the one applied before it and not taken back.
//! 2. What is taken back is taken back newest first, down to where the new chain leaves the old one.
//! 3. A step fetches all it needs before it changes anything, so a reorg is seen whole or not at all.
//! 4. A head that is behind on the same chain is a slow endpoint, not a reorg.

use std::collections::VecDeque;

use alloy::primitives::{Address, B256};
use thiserror::Error;

use crate::l1::{Block, BlockAt, BlockRef, L1, L1Error, Log};
use crate::limits::{DEPTH_MIN, STEP_BLOCKS_MAX, WINDOW_BLOCKS};

/// What happened to the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChainEvent {
    /// This block is the newest now, with these events of the watched contracts.
    Applied(Block, Vec<Log>),
    /// This block was the newest and is no longer part of the chain.
    RolledBack(Block),
}

/// Why the chain cannot be followed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FollowError {
    /// L1 gave no usable answer; ask again.
    #[error(transparent)]
    L1(#[from] L1Error),
    /// The new chain leaves the old one before anything that is remembered. Nothing that depends on L1 can be trusted.
    #[error(
        "L1 left its chain more than {depth} blocks below {tip}; stop, check the L1 node, then rebuild from L1 with `recover`"
    )]
    TooDeep {
        /// How deep a reorg may be.
        depth: usize,
        /// The newest block of the old chain.
        tip: u64,
    },
}

/// The newest blocks of the chain, linked by hash.
#[derive(Clone, Debug)]
pub struct Follower {
    watched: Vec<Address>,
    depth: usize,
    blocks: VecDeque<Block>,
}

impl Follower {
    /// Begins after a block that is part of the chain, usually a finalized one. The depth is held between its bounds.
    pub fn new(start: Block, watched: Vec<Address>, depth: usize) -> Follower {
        Follower { watched, depth: depth.clamp(DEPTH_MIN, WINDOW_BLOCKS - 1), blocks: VecDeque::from([start]) }
    }

    /// The newest block.
    pub fn tip(&self) -> Block {
        // There is always one: `new` puts it there, and taking back stops before the last.
        self.blocks.back().copied().unwrap_or(Block {
            hash: B256::ZERO,
            parent: B256::ZERO,
            number: 0,
            time: 0,
            base_fee: 0,
        })
    }

    /// The oldest block that is remembered.
    pub fn base(&self) -> BlockRef {
        self.blocks.front().map_or(self.tip().at(), Block::at)
    }

    /// The block of this height, if it is remembered.
    pub fn at(&self, number: u64) -> Option<Block> {
        let first = self.blocks.front()?.number;
        self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?).copied()
    }

    /// Whether this block is part of the chain as far as it is remembered.
    pub fn contains(&self, number: u64, hash: B256) -> bool {
        self.at(number).is_some_and(|block| block.hash == hash)
    }

    /// Asks for the head and goes to it, by at most so many blocks that memory stays bounded. No event means that the
    /// head is reached.
    pub async fn step<L: L1>(&mut self, l1: &L) -> Result<Vec<ChainEvent>, FollowError> {
        let tip = self.tip();
        let head = l1.block(BlockAt::Latest).await?.ok_or(L1Error::Missing { what: "the head" })?;
        if self.contains(head.number, head.hash) {
            return Ok(Vec::new());
        }
        let target = self.target(l1, tip, head).await?;
        let (kept, path) = self.path_to(l1, target).await?;
        let mut events = Vec::with_capacity(path.len() + self.blocks.len() - kept);
        for block in path {
            let logs = l1.logs(block.hash, &self.watched).await?;
            events.push(ChainEvent::Applied(block, logs));
        }
        let mut all: Vec<ChainEvent> = self.blocks.drain(kept..).rev().map(ChainEvent::RolledBack).collect();
        self.blocks.extend(events.iter().filter_map(|event| match event {
            ChainEvent::Applied(block, _) => Some(*block),
            ChainEvent::RolledBack(_) => None,
        }));
        while self.blocks.len() > self.depth + 1 {
            self.blocks.pop_front();
        }
        all.append(&mut events);
        Ok(all)
    }

    /// The head, or, if that is far away, a block on the way to it. The number only finds it; its ancestors are checked.
    async fn target<L: L1>(&self, l1: &L, tip: Block, head: Block) -> Result<Block, FollowError> {
        let step = STEP_BLOCKS_MAX as u64 / 2;
        if head.number <= tip.number.saturating_add(step) {
            return Ok(head);
        }
        let on_the_way = l1.block(BlockAt::Number(tip.number + step)).await?;
        Ok(on_the_way.ok_or(L1Error::Missing { what: "a block below the head" })?)
    }

    /// The blocks from the first one that is not ours to the target, and how many of ours stay.
    async fn path_to<L: L1>(&self, l1: &L, target: Block) -> Result<(usize, Vec<Block>), FollowError> {
        let too_deep = || FollowError::TooDeep { depth: self.depth, tip: self.tip().number };
        let first = self.base().number;
        let mut path = vec![target];
        loop {
            let lowest = path.last().copied().unwrap_or(target);
            if lowest.number <= first {
                return Err(too_deep());
            }
            if let Some(below) = self.at(lowest.number - 1)
                && below.hash == lowest.parent
            {
                path.reverse();
                let kept = usize::try_from(lowest.number - first).map_err(|_| too_deep())?;
                return Ok((kept, path));
            }
            if path.len() > self.depth + STEP_BLOCKS_MAX {
                return Err(too_deep());
            }
            let parent = l1.block(BlockAt::Hash(lowest.parent)).await?;
            let parent = parent.ok_or(L1Error::Missing { what: "the parent of a block" })?;
            if parent.number + 1 != lowest.number {
                return Err(FollowError::L1(L1Error::Inconsistent {
                    endpoint: "any".into(),
                    what: "the height of a parent",
                    asked: (lowest.number - 1).to_string(),
                    got: parent.number.to_string(),
                }));
            }
            path.push(parent);
        }
    }
}
