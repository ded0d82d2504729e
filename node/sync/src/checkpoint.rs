//! When checkpoints are taken, and which are kept.

use ashlar_replica::{Epoch, L1Block, Shadow, SnapshotError, SnapshotHead, SnapshotStore};
use ashlar_types::{BatchNumber, Time};
use commonware_runtime::Storage;

/// How many checkpoints there are, and how old they may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckpointPolicy {
    /// Batches between two.
    pub every_batches: u64,
    /// How many of the newest stay.
    pub keep: usize,
}

impl Default for CheckpointPolicy {
    fn default() -> CheckpointPolicy {
        CheckpointPolicy { every_batches: 64, keep: 3 }
    }
}

/// Takes and retains checkpoints of the map that the state updater owns, beside the running engine.
#[derive(Clone, Debug)]
pub struct CheckpointManager<E> {
    store: SnapshotStore<E>,
    policy: CheckpointPolicy,
    last: Option<SnapshotHead>,
}

impl<E: Storage> CheckpointManager<E> {
    /// Over a store, going on after its newest checkpoint.
    pub async fn open(store: SnapshotStore<E>, policy: CheckpointPolicy) -> Result<Self, SnapshotError> {
        let last = store.list().await?.pop();
        Ok(CheckpointManager { store, policy, last })
    }

    /// Where checkpoints are.
    pub const fn store(&self) -> &SnapshotStore<E> {
        &self.store
    }

    /// The newest checkpoint.
    pub const fn last(&self) -> Option<&SnapshotHead> {
        self.last.as_ref()
    }

    /// How much time of the exchange has passed since the newest one.
    pub fn age_ms(&self, now: Time) -> Option<u64> {
        self.last.map(|last| now.get().saturating_sub(last.header.last_time.get()))
    }

    /// Whether one is due at the end of a batch.
    pub fn is_due(&self, batch: BatchNumber) -> bool {
        let last = self.last.map_or(0, |last| last.header.number.get());
        batch.get() >= last.saturating_add(self.policy.every_batches)
    }

    /// Takes one of a state, and removes those that the policy keeps no longer. What is at or below `finalized` is kept at least once, so that a reorganisation
    /// always finds one to go back to.
    pub async fn take(
        &mut self,
        shadow: &Shadow,
        epoch: Epoch,
        block: L1Block,
        finalized: BatchNumber,
    ) -> Result<SnapshotHead, SnapshotError> {
        let head = SnapshotHead { header: *shadow.header(), epoch, block, leaves: shadow.map().len() as u64 };
        self.store.write(&head, shadow.map().iter()).await?;
        self.last = Some(head);
        let heads = self.store.list().await?;
        let newest = heads.len().saturating_sub(self.policy.keep.max(1));
        let mut kept: Vec<SnapshotHead> = heads.iter().skip(newest).copied().collect();
        let last_final = heads.iter().rev().find(|head| head.header.number <= finalized);
        kept.extend(last_final);
        self.store.retain(|head| kept.contains(head)).await?;
        Ok(head)
    }
}
