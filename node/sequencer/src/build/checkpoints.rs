//! Snapshots at the ends of batches, so that a start replays little and the journal can forget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ashlar_api::door::BatchKey;
use ashlar_prover::Capture;
use ashlar_replica::{SnapshotError, SnapshotHead, SnapshotStore};
use ashlar_types::{InboxIndex, Sequence};
use commonware_runtime::Storage;
use tokio::sync::{mpsc, watch};

use super::books::Books;
use crate::error::NodeError;
use crate::keep::Executed;

/// Snapshots that are kept: the newest, and one to fall back to.
const KEPT: usize = 2;

/// What L1 never takes back, as far as that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sure {
    /// The last such block.
    pub block: u64,
    /// The inbox entry after the last one that was consumed and stays.
    pub inbox: InboxIndex,
}

/// Makes them.
pub(crate) struct Checkpoints<E> {
    pub store: SnapshotStore<E>,
    /// Commands after which there is a new one.
    pub every: u64,
    /// Whether the operator wants one now.
    pub wanted: Arc<AtomicBool>,
    /// Where the last one stands.
    pub last: Sequence,
    /// Told the time of the exchange at each.
    pub time_ms: watch::Sender<u64>,
    /// Whoever holds the journal. It may be gone, when the node stops.
    pub keeper: mpsc::WeakSender<Executed>,
    /// What L1 never takes back; nothing without an L1.
    pub sure: Option<watch::Receiver<Option<Sure>>>,
}

impl<E: Storage> Checkpoints<E> {
    /// Makes one of the state after a batch, if it is time.
    pub async fn consider(
        &mut self,
        mut head: SnapshotHead,
        capture: &Capture,
        books: &Books,
    ) -> Result<(), NodeError> {
        let is_due = head.sequence().get().saturating_sub(self.last.get()) >= self.every;
        if !is_due && !self.wanted.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        head.leaves = capture.leaves().count() as u64;
        self.store.write(&head, capture.leaves()).await.map_err(failed)?;
        self.last = head.sequence();
        self.time_ms.send_replace(head.header.last_time.get());
        let heads = self.store.list().await.map_err(failed)?;
        tracing::info!(command = head.sequence().get(), "a checkpoint was made");
        let Some(oldest) = self.oldest_needed(&heads, books) else { return Ok(()) };
        self.store.retain(|head| head.sequence() >= oldest.sequence()).await.map_err(failed)?;
        if let Some(keeper) = self.keeper.upgrade() {
            // If it is gone the journal is kept for the next start.
            let _ = keeper.send(Executed::Prune(oldest.sequence())).await;
        }
        Ok(())
    }

    /// The oldest that is kept: one to fall back to, and one that rests on nothing that L1 can still take back and ends with a batch that L1 holds
    /// for good, so that every batch that it does not hold can be built anew. None if such a one is not there, or is not known: then everything is
    /// kept as far as it goes.
    fn oldest_needed(&self, heads: &[SnapshotHead], books: &Books) -> Option<SnapshotHead> {
        let second = *heads.iter().rev().nth(KEPT - 1)?;
        let Some(sure) = &self.sure else { return Some(second) };
        let Sure { block, inbox } = (*sure.borrow())?;
        let committed = books.batch(BatchKey::L1Block(block))?.number;
        let stays = |head: &&SnapshotHead| {
            head.block.number <= block && head.header.inbox_next <= inbox && head.header.number <= committed
        };
        let sure = heads.iter().rev().find(stays)?;
        Some(if sure.sequence() < second.sequence() { *sure } else { second })
    }
}

fn failed(error: SnapshotError) -> NodeError {
    NodeError::Durable { part: "the store of snapshots", why: error.to_string() }
}
