//! Rebuilding the state from a checkpoint, data availability and L1, whatever of them is whole.
//!
//! 1. Everything is checked on the way: headers chain, bytes have their data root, execution gives what the headers say (SPEC Y-4).
//! 2. A recovery leaves checkpoints as it goes, so one that was stopped goes on where it was (SPEC Y-5).

use std::pin::Pin;
use std::time::{Duration, SystemTime};

use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_exchange::OrderIndex;
use ashlar_replica::{
    DiffError, Epoch, L1Block, Rejected, Shadow, Snapshot, SnapshotError, SnapshotHead, SnapshotStore, apply_diff,
    diff_header,
};
use ashlar_state::{Executor, Map};
use ashlar_types::{BatchNumber, Time};
use commonware_runtime::{Clock, Spawner, Storage};

use crate::audit::{Audit, Report, fetch_checked};
use crate::finding::Finding;
use crate::limits::{RECOVERY_CHECKPOINT_BATCHES, SEARCH_MAX};
use crate::source::{BatchSource, Chain, CommittedBatch, SourceError, Stage};

/// To which moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// What was committed up to this L1 block.
    L1Block(u64),
    /// The end of a batch.
    Batch(BatchNumber),
    /// The last batch that ended by this time.
    Time(Time),
    /// The batch that left this state.
    Root(Digest),
}

/// Why a recovery did not reach its target.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A source gave no answer.
    #[error("{0}")]
    Source(#[from] SourceError),
    /// Snapshots could not be read or written.
    #[error("{0}")]
    Snapshot(#[from] SnapshotError),
    /// L1 knows no batch that fits.
    #[error("no batch on L1 fits {target:?}; the newest is {tip}", tip = tip.get())]
    NoSuchBatch {
        /// What was asked for.
        target: Target,
        /// The newest committed batch.
        tip: BatchNumber,
    },
    /// Something on the way is wrong.
    #[error("the recovery ends after batch {reached}: {finding}", reached = reached.get())]
    Wrong {
        /// The last batch that is right.
        reached: BatchNumber,
        /// What comes after it.
        finding: Box<Finding>,
    },
}

/// How far a recovery is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// The last batch that was executed.
    pub batch: BatchNumber,
    /// The one it goes to.
    pub target: BatchNumber,
    /// Commands executed so far.
    pub commands: u64,
    /// For how long it has run.
    pub elapsed: Duration,
}

impl Progress {
    /// Commands in a second.
    pub fn rate(&self) -> u64 {
        let ms = self.elapsed.as_millis().max(1) as u64;
        self.commands.saturating_mul(1_000) / ms
    }

    /// The time that is left if it goes on like this, judged by batches.
    pub fn left(&self, begun_at: BatchNumber) -> Option<Duration> {
        let done = self.batch.get().checked_sub(begun_at.get()).filter(|done| *done > 0)?;
        let left = self.target.get().saturating_sub(self.batch.get());
        Some(self.elapsed.mul_f64(left as f64 / done as f64))
    }
}

/// A recovered state.
#[derive(Debug)]
pub struct Recovered {
    /// The state as a map.
    pub shadow: Shadow,
    /// The batch it was begun from; zero for genesis.
    pub begun_at: BatchNumber,
    /// Snapshots that were passed over.
    pub rejected: Vec<Rejected>,
    /// What was executed.
    pub report: Report,
    /// Batches that were not executed, since what they changed was known.
    pub by_diffs: u64,
    /// The first diff that was of no use, and why, if one was; from there on batches were executed.
    pub useless_diff: Option<(BatchNumber, String)>,
}

/// What batches changed, if somebody gives it out: for who wants the state and takes L1's word for the way to it. None of it is believed.
pub type Diffs = Box<dyn Fn(BatchNumber) -> Told + Send + Sync>;

/// What somebody says of a batch's diff: the diff, that there is none, or why nothing was heard.
pub type Told = Pin<Box<dyn Future<Output = Result<Option<Vec<u8>>, String>> + Send>>;

/// Rebuilds state.
pub struct StateRecoveryManager<E, C, B> {
    context: E,
    chain: C,
    source: B,
    checkpoints: SnapshotStore<E>,
    /// The state before the first batch, from which everything can be rebuilt.
    genesis: Box<dyn Fn() -> Snapshot + Send + Sync>,
    diffs: Option<Diffs>,
}

impl<E: Storage + Clock + Spawner, C: Chain, B: BatchSource + Clone + 'static> StateRecoveryManager<E, C, B> {
    /// Over these sources. `genesis` makes the state before the first batch.
    pub fn new(
        context: E,
        chain: C,
        source: B,
        checkpoints: SnapshotStore<E>,
        genesis: impl Fn() -> Snapshot + Send + Sync + 'static,
    ) -> Self {
        StateRecoveryManager { context, chain, source, checkpoints, genesis: Box::new(genesis), diffs: None }
    }

    /// The same, going by diffs as far as they lead and L1 has made batches final, since a proof that L1 took is all that vouches for such a step. Each
    /// diff must be of the header that L1 has, and lead to that header's state root.
    #[must_use]
    pub fn with_diffs(self, diffs: Diffs) -> Self {
        StateRecoveryManager { diffs: Some(diffs), ..self }
    }

    /// What L1 says.
    pub const fn chain(&self) -> &C {
        &self.chain
    }

    /// Where bytes come from.
    pub const fn source(&self) -> &B {
        &self.source
    }

    /// Where checkpoints are.
    pub const fn checkpoints(&self) -> &SnapshotStore<E> {
        &self.checkpoints
    }

    /// The state as it was committed up to an L1 block, from the newest valid checkpoint and data availability.
    pub async fn recover_from_l1(
        &self,
        block: u64,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Recovered, RecoveryError> {
        self.recover(Target::L1Block(block), executor, progress).await
    }

    /// The state of a root, with nothing of this node: from genesis, L1's headers and data availability alone.
    pub async fn recover_from_da(
        &self,
        root: Digest,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Recovered, RecoveryError> {
        let batch = self.find(Target::Root(root)).await?;
        self.replay((self.genesis)(), Vec::new(), batch, executor, progress).await
    }

    /// The state at a target: newest valid checkpoint, then data availability, then L1's word for each step.
    pub async fn recover(
        &self,
        target: Target,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Recovered, RecoveryError> {
        let batch = self.find(target).await?;
        let (snapshot, rejected) = self.begin_at(batch, executor).await?;
        self.replay(snapshot, rejected, batch, executor, progress).await
    }

    /// Writes the state of a shadow as a checkpoint.
    pub async fn create_checkpoint(
        &self,
        shadow: &Shadow,
        epoch: Epoch,
        block: L1Block,
    ) -> Result<SnapshotHead, SnapshotError> {
        let head = SnapshotHead { header: *shadow.header(), epoch, block, leaves: shadow.map().len() as u64 };
        self.checkpoints.write(&head, shadow.map().iter()).await?;
        Ok(head)
    }

    /// The bytes of some batches, each checked against its header: a part of history without the state.
    pub async fn recover_range(
        &self,
        first: BatchNumber,
        last: BatchNumber,
        mut take: impl FnMut(&BatchHeader, Vec<u8>),
    ) -> Result<(), RecoveryError> {
        let mut number = first;
        while number <= last {
            let batch = self.batch(number, Target::Batch(number)).await?;
            match fetch_checked(&self.source, &batch.header).await? {
                Ok(bytes) => take(&batch.header, bytes),
                Err(finding) => {
                    let reached = BatchNumber::new(number.get().saturating_sub(1));
                    return Err(RecoveryError::Wrong { reached, finding: Box::new(finding) });
                }
            }
            number = number.next();
        }
        Ok(())
    }

    /// The batches that ended within a range of time.
    pub async fn range_of_time(&self, from: Time, to: Time) -> Result<(BatchNumber, BatchNumber), RecoveryError> {
        let last = self.find(Target::Time(to)).await?;
        let before = match Time::new(from.get().saturating_sub(1)) {
            Some(before) => self.find(Target::Time(before)).await.unwrap_or_default(),
            None => BatchNumber::default(),
        };
        Ok((before.next(), last))
    }

    async fn batch(&self, number: BatchNumber, target: Target) -> Result<CommittedBatch, RecoveryError> {
        let found = self.chain.batch(number).await?;
        match found {
            Some(batch) => Ok(batch),
            None => Err(RecoveryError::NoSuchBatch { target, tip: self.chain.tip().await? }),
        }
    }

    /// The batch that a target means. Blocks and times ascend with batches, so they are found by halving; roots are looked for backwards.
    pub async fn find(&self, target: Target) -> Result<BatchNumber, RecoveryError> {
        let tip = self.chain.tip().await?;
        let none = RecoveryError::NoSuchBatch { target, tip };
        match target {
            Target::Batch(number) if number <= tip => Ok(number),
            Target::Batch(_) => Err(none),
            Target::L1Block(block) => self.last_that(tip, target, |batch| batch.block.number <= block).await,
            Target::Time(time) => self.last_that(tip, target, |batch| batch.header.last_time <= time).await,
            Target::Root(root) => {
                let mut number = tip.get();
                let end = number.saturating_sub(SEARCH_MAX);
                while number > end {
                    let batch = self.batch(BatchNumber::new(number), target).await?;
                    if batch.header.state_root_after == root {
                        return Ok(batch.header.number);
                    }
                    number -= 1;
                }
                let is_genesis = (self.genesis)().head.header.state_root_after == root;
                if is_genesis { Ok(BatchNumber::default()) } else { Err(none) }
            }
        }
    }

    async fn last_that(
        &self,
        tip: BatchNumber,
        target: Target,
        fits: impl Fn(&CommittedBatch) -> bool,
    ) -> Result<BatchNumber, RecoveryError> {
        // `low` fits (genesis always does), `high` does not.
        let (mut low, mut high) = (0, tip.get().saturating_add(1));
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let batch = self.batch(BatchNumber::new(middle), target).await?;
            if fits(&batch) { low = middle } else { high = middle }
        }
        Ok(BatchNumber::new(low))
    }

    /// The newest whole checkpoint that is not after a batch and lies on L1's chain; else genesis.
    async fn begin_at(
        &self,
        batch: BatchNumber,
        executor: &impl Executor,
    ) -> Result<(Snapshot, Vec<Rejected>), RecoveryError> {
        let mut on_chain = Vec::new();
        for head in self.checkpoints.list().await? {
            let number = head.header.number;
            if number <= batch
                && let Some(held) = self.chain.batch(number).await?
                && held.header == head.header
            {
                on_chain.push(head);
            }
        }
        let (found, rejected) = self.checkpoints.newest(|head| on_chain.contains(head), executor).await?;
        Ok((found.unwrap_or_else(|| (self.genesis)()), rejected))
    }

    async fn replay(
        &self,
        snapshot: Snapshot,
        rejected: Vec<Rejected>,
        target: BatchNumber,
        executor: &impl Executor,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Recovered, RecoveryError> {
        let begun_at = snapshot.head.header.number;
        let (epoch, block) = (snapshot.head.epoch, snapshot.head.block);
        let begun: SystemTime = self.context.current();
        let Quick { mut shadow, by_diffs, useless_diff } = self.by_diffs(snapshot, target, executor).await?;
        let mut report = Report::default();
        let after = shadow.header().number;
        let mut audit = Audit::new(&self.context, &self.chain, &self.source, after, Some(target)).await?;
        while shadow.header().number < target {
            let held = shadow.header().number;
            let is_known = audit.step(&mut shadow, executor, &mut report).await?;
            if let Some(finding) = report.findings.first() {
                return Err(RecoveryError::Wrong { reached: held, finding: Box::new(finding.clone()) });
            }
            if !is_known {
                let tip = self.chain.tip().await?;
                return Err(RecoveryError::NoSuchBatch { target: Target::Batch(target), tip });
            }
            let reached = shadow.header().number;
            let elapsed = self.context.current().duration_since(begun).unwrap_or_default();
            progress(Progress { batch: reached, target, commands: report.commands, elapsed });
            if reached < target && report.batches.is_multiple_of(RECOVERY_CHECKPOINT_BATCHES) {
                let at = self.batch(reached, Target::Batch(reached)).await?.block;
                self.create_checkpoint(&shadow, epoch, at.max(block)).await?;
            }
        }
        Ok(Recovered { shadow, begun_at, rejected, report, by_diffs, useless_diff })
    }

    /// As far towards a batch as diffs lead; without any, where the snapshot is.
    async fn by_diffs(
        &self,
        snapshot: Snapshot,
        target: BatchNumber,
        executor: &impl Executor,
    ) -> Result<Quick, RecoveryError> {
        let Some(source) = &self.diffs else {
            return Ok(Quick { shadow: Shadow::from_snapshot(snapshot), by_diffs: 0, useless_diff: None });
        };
        let Snapshot { head, leaves, mut map } = snapshot;
        let (mut header, mut by_diffs, mut useless_diff) = (head.header, 0, None);
        while header.number < target {
            let number = header.number.next();
            let CommittedBatch { header: committed, stage, .. } = self.batch(number, Target::Batch(number)).await?;
            if stage < Stage::Final {
                break;
            }
            let diff = match source(number).await {
                Ok(Some(diff)) => diff,
                Ok(None) => break,
                Err(why) => {
                    useless_diff = Some((number, why));
                    break;
                }
            };
            let useless = match diff_header(&diff) {
                Ok(claimed) if claimed != committed => "it is of another batch than L1 has".to_owned(),
                Ok(_) => match apply_diff(&mut map, &diff, executor) {
                    Ok(reached) => {
                        (header, by_diffs) = (reached, by_diffs + 1);
                        continue;
                    }
                    Err(error) => {
                        if let DiffError::After { .. } | DiffError::Order(_) = error {
                            // These leaves were a map already, so they are one again; everything since was in vain.
                            map = Map::from_sorted(&leaves, executor).unwrap_or_default();
                            (header, by_diffs) = (head.header, 0);
                        }
                        error.to_string()
                    }
                },
                Err(error) => error.to_string(),
            };
            useless_diff = Some((number, useless));
            break;
        }
        let index = OrderIndex::of_leaves(map.iter());
        Ok(Quick { shadow: Shadow::new(map, index, header), by_diffs, useless_diff })
    }
}

/// How far diffs led.
struct Quick {
    shadow: Shadow,
    by_diffs: u64,
    useless_diff: Option<(BatchNumber, String)>,
}
