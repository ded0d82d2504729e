//! The three layers as one: where each stands, whether they agree, and the way back if they do not.
//!
//! 1. `l1` and `proven` follow L1 as it is now, backwards too: nothing is kept that L1 took back (SPEC Y-8).
//! 2. Cursors move together, after what they describe is durable, or not at all (SPEC Y-1, Y-2).

use ashlar_batch::BatchHeader;
use ashlar_replica::L1Block;
use ashlar_state::Executor;
use ashlar_types::BatchNumber;
use commonware_runtime::{Blob, Clock, Storage};

use crate::checker::{Checked, ConsistencyChecker, first_difference};
use crate::cursor::{Cursor, CursorError, CursorStore, Cursors};
use crate::finding::Finding;
use crate::recovery::{Progress, Recovered, RecoveryError, StateRecoveryManager, Target};
use crate::source::{BatchSource, Chain, CommittedBatch, Local, SourceError, Stage};

/// Why layers could not be brought together.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// A source gave no answer.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// The cursors could not be read or moved.
    #[error("{0}")]
    Cursor(#[from] CursorError),
    /// The state could not be rebuilt.
    #[error("{0}")]
    Recovery(#[from] RecoveryError),
}

/// What synchronising saw.
#[derive(Debug)]
pub struct Synchronized {
    /// Where the layers stand now.
    pub cursors: Cursors,
    /// Batches that went back on L1 since the last time: they have to be committed and proven again.
    pub taken_back: u64,
    /// The first batch that this node holds otherwise than L1, if there is one.
    pub divergence: Option<Finding>,
}

/// Keeps the layers one.
pub struct MultiLayerStateManager<E, K, C, B, L> {
    recovery: StateRecoveryManager<E, C, B>,
    local: L,
    cursors: CursorStore<K>,
    checker: ConsistencyChecker,
    genesis: BatchHeader,
}

impl<E, C, B, L> MultiLayerStateManager<E, E::Blob, C, B, L>
where
    E: Storage + Clock,
    C: Chain,
    B: BatchSource,
    L: Local,
    E::Blob: Blob,
{
    /// Over these parts.
    pub fn new(
        recovery: StateRecoveryManager<E, C, B>,
        local: L,
        cursors: CursorStore<E::Blob>,
        checker: ConsistencyChecker,
        genesis: BatchHeader,
    ) -> Self {
        MultiLayerStateManager { recovery, local, cursors, checker, genesis }
    }

    /// Where the layers stand.
    pub fn cursors(&self) -> Cursors {
        let begin = Cursor::at(&self.genesis, L1Block::default());
        let at_genesis = Cursors { local: begin, proven: begin, l1: begin, finalized: self.genesis.number };
        self.cursors.get().unwrap_or(at_genesis)
    }

    /// Brings the cursors to where the layers are now, and says what went back and where this node and L1 differ.
    pub async fn synchronize_state(&mut self) -> Result<Synchronized, SyncError> {
        let before = self.cursors();
        let chain = self.recovery.chain();
        let tip = chain.tip().await?;
        let l1 = self.cursor_at(tip).await?;
        let proven = self.last_at(Stage::Proven, tip).await?;
        let finalized = self.last_at(Stage::Final, tip).await?;
        let here = self.local.tip().await?;
        let local = match self.local.header(here).await? {
            Some(header) => Cursor::at(&header, before.local.block.max(l1.block)),
            None => Cursor::at(&self.genesis, L1Block::default()),
        };
        let agreed = finalized.min(before.finalized);
        let divergence = first_difference(chain, &self.local, agreed, here.min(tip)).await?;
        let is_kept = match self.recovery.chain().batch(before.l1.batch).await? {
            Some(batch) => batch.hash == before.l1.header,
            None => before.l1.batch == self.genesis.number,
        };
        let taken_back = if is_kept { 0 } else { self.taken_back(&before).await? };
        let cursors = Cursors { local, proven: self.cursor_at(proven).await?, l1, finalized };
        if Some(cursors) != self.cursors.get() {
            self.cursors.set(cursors).await?;
        }
        Ok(Synchronized { cursors, taken_back, divergence })
    }

    /// Checks the layers against each other; `seed` decides what is sampled and must not be known to others.
    pub async fn verify_consistency(&self, seed: u64) -> Result<Checked, SyncError> {
        let (chain, source) = (self.recovery.chain(), self.recovery.source());
        let agreed = self.cursors().finalized;
        Ok(self.checker.check(chain, source, &self.local, agreed, seed).await?)
    }

    /// L1 is the truth: if this node differs, rebuilds the state at the last batch both have, from which the node replays what it was sent.
    /// `None` if there is nothing to repair.
    pub async fn reconcile_state(
        &mut self,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Option<Recovered>, SyncError> {
        let Synchronized { divergence, cursors, .. } = self.synchronize_state().await?;
        let Some(finding) = divergence else { return Ok(None) };
        let common = BatchNumber::new(finding.batch().get().saturating_sub(1));
        let recovered = self.recover_state(Target::Batch(common), executor, progress).await?;
        let local = Cursor::at(recovered.shadow.header(), cursors.local.block);
        self.cursors.set(Cursors { local, ..cursors }).await?;
        Ok(Some(recovered))
    }

    /// Rebuilds the state at a target.
    pub async fn recover_state(
        &self,
        target: Target,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Recovered, SyncError> {
        Ok(self.recovery.recover(target, executor, progress).await?)
    }

    async fn batch(&self, number: BatchNumber) -> Result<Option<CommittedBatch>, SourceError> {
        self.recovery.chain().batch(number).await
    }

    async fn cursor_at(&self, number: BatchNumber) -> Result<Cursor, SyncError> {
        Ok(match self.batch(number).await? {
            Some(batch) => Cursor::at(&batch.header, batch.block),
            None => Cursor::at(&self.genesis, L1Block::default()),
        })
    }

    /// The last batch that came at least so far; stages never rise from one batch to the next.
    async fn last_at(&self, stage: Stage, tip: BatchNumber) -> Result<BatchNumber, SyncError> {
        let (mut low, mut high) = (self.genesis.number.get(), tip.get().saturating_add(1));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let is_there = self.batch(BatchNumber::new(middle)).await?.is_some_and(|batch| batch.stage >= stage);
            if is_there { low = middle } else { high = middle }
        }
        Ok(BatchNumber::new(low))
    }

    /// How many batches of what L1 held the last time are not there any more.
    async fn taken_back(&self, before: &Cursors) -> Result<u64, SyncError> {
        let mut number = before.l1.batch;
        while number > before.finalized {
            let here = self.local.header(number).await?;
            let there = self.batch(number).await?;
            if there.is_some_and(|there| here.is_none_or(|here| here.hash() == there.hash)) {
                break;
            }
            number = BatchNumber::new(number.get().saturating_sub(1));
        }
        Ok(before.l1.batch.get().saturating_sub(number.get()))
    }
}
