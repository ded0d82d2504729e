//! The three layers as one: where each stands, whether they agree, and the way back if they do not.
//!
//! 1. It remembers nothing. Where this node stands is what its records say, and L1 is asked anew each time: there is no third truth (SPEC Y-1, Y-8).
//! 2. Nothing is moved here: who executes, commits and follows L1 writes its own record, after what that describes (SPEC Y-2).

use ashlar_state::Executor;
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock, Spawner, Storage};

use crate::checker::{Checked, ConsistencyChecker, first_difference, with_command};
use crate::cursor::Cursors;
use crate::finding::Finding;
use crate::recovery::{Progress, Recovered, RecoveryError, StateRecoveryManager, Target};
use crate::source::{BatchSource, Chain, Local, SourceError};

/// Why layers could not be brought together.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// A source gave no answer.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// The state could not be rebuilt.
    #[error("{0}")]
    Recovery(#[from] RecoveryError),
}

/// What synchronising saw.
#[derive(Debug)]
pub struct Synchronized {
    /// Where the layers stand by this node's records.
    pub cursors: Cursors,
    /// The newest batch that is committed on L1 now.
    pub committed: BatchNumber,
    /// Batches that the records have on L1 and that are not there any more: they have to be committed and proven again.
    pub taken_back: u64,
    /// The first batch that this node holds otherwise than L1, if there is one.
    pub divergence: Option<Finding>,
}

/// The layers of one node, as L1, whoever gives out data, and the node itself show them.
#[derive(Debug)]
pub struct MultiLayerStateManager<'a, C, B, L> {
    chain: &'a C,
    source: &'a B,
    local: &'a L,
    checker: ConsistencyChecker,
}

impl<'a, C: Chain, B: BatchSource, L: Local> MultiLayerStateManager<'a, C, B, L> {
    /// Over these.
    pub const fn new(chain: &'a C, source: &'a B, local: &'a L, checker: ConsistencyChecker) -> Self {
        MultiLayerStateManager { chain, source, local, checker }
    }

    /// Compares the records with where L1 is now: what went back, and where this node and L1 differ.
    pub async fn synchronize_state(&self) -> Result<Synchronized, SyncError> {
        let cursors = self.local.cursors().await?;
        let (here, committed) = (self.local.tip().await?, self.chain.tip().await?);
        let divergence =
            match first_difference(self.chain, self.local, BatchNumber::default(), here.min(committed)).await? {
                Some(finding) => Some(with_command(self.chain, self.source, self.local, finding).await),
                None => None,
            };
        let taken_back = match self.taken_back(&cursors).await {
            // A divergence that was found is told, whoever else gave no answer.
            Err(_) if divergence.is_some() => 0,
            taken_back => taken_back?,
        };
        Ok(Synchronized { cursors, committed, taken_back, divergence })
    }

    /// Checks the layers against each other; `seed` decides what is sampled and must not be known to others.
    pub async fn verify_consistency(&self, seed: u64) -> Result<Checked, SyncError> {
        Ok(self.checker.check(self.chain, self.source, self.local, BatchNumber::default(), seed).await?)
    }

    /// L1 is the truth: if this node differs, rebuilds the state at the last batch both have, from which the node replays what it was sent.
    /// `None` if there is nothing to repair. No node does this by itself (docs/adr/0046-following-and-taking-over.md): that batch need not be final,
    /// and what is replayed after it is for the caller to decide.
    pub async fn reconcile_state<E, D, F>(
        &self,
        recovery: &StateRecoveryManager<E, D, F>,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Option<Recovered>, SyncError>
    where
        E: Storage + Clock + Spawner,
        D: Chain,
        F: BatchSource + Clone + 'static,
    {
        let Some(finding) = self.synchronize_state().await?.divergence else { return Ok(None) };
        let common = BatchNumber::new(finding.batch().get().saturating_sub(1));
        Ok(Some(recovery.recover(Target::Batch(common), executor, progress).await?))
    }

    /// How many of the batches that the records have on L1 are not there any more.
    async fn taken_back(&self, cursors: &Cursors) -> Result<u64, SyncError> {
        let Some(l1) = cursors.l1 else { return Ok(0) };
        let stays = cursors.finalized.map_or(BatchNumber::default(), |last| last.batch);
        let mut number = l1.batch;
        while number > stays {
            let here = self.local.header(number).await?;
            let there = self.chain.batch(number).await?;
            if there.is_some_and(|there| here.is_none_or(|here| here.hash() == there.hash)) {
                break;
            }
            number = BatchNumber::new(number.get().saturating_sub(1));
        }
        Ok(l1.batch.get().saturating_sub(number.get()))
    }
}
