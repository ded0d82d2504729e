//! Snapshots at the ends of batches, so that a start replays little and the journal can forget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ashlar_prover::Capture;
use ashlar_replica::{SnapshotError, SnapshotHead, SnapshotStore};
use ashlar_types::Sequence;
use commonware_runtime::Storage;
use tokio::sync::mpsc;

use crate::error::NodeError;
use crate::keep::Executed;

/// Snapshots that are kept: the newest, and one to fall back to.
const KEPT: usize = 2;

/// Makes them.
pub(crate) struct Checkpoints<E> {
    pub store: SnapshotStore<E>,
    /// Commands after which there is a new one.
    pub every: u64,
    /// Whether the operator wants one now.
    pub wanted: Arc<AtomicBool>,
    /// Where the last one stands.
    pub last: Sequence,
    /// Whoever holds the journal. It may be gone, when the node stops.
    pub keeper: mpsc::WeakSender<Executed>,
}

impl<E: Storage> Checkpoints<E> {
    /// Makes one of the state after a batch, if it is time.
    pub async fn consider(&mut self, mut head: SnapshotHead, capture: &Capture) -> Result<(), NodeError> {
        let is_due = head.sequence().get().saturating_sub(self.last.get()) >= self.every;
        if !is_due && !self.wanted.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        head.leaves = capture.leaves().count() as u64;
        self.store.write(&head, capture.leaves()).await.map_err(failed)?;
        self.last = head.sequence();
        let heads = self.store.list().await.map_err(failed)?;
        let Some(oldest) = heads.iter().rev().nth(KEPT - 1) else { return Ok(()) };
        self.store.retain(|head| head.sequence() >= oldest.sequence()).await.map_err(failed)?;
        if let Some(keeper) = self.keeper.upgrade() {
            // If it is gone the journal is kept for the next start.
            let _ = keeper.send(Executed::Prune(oldest.sequence())).await;
        }
        tracing::info!(command = head.sequence().get(), "a checkpoint was made");
        Ok(())
    }
}

fn failed(error: SnapshotError) -> NodeError {
    NodeError::Durable { part: "the store of snapshots", why: error.to_string() }
}
