//! Snapshots at the ends of batches, so that a start replays little and the journal can forget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ashlar_api::door::BatchKey;
use ashlar_prover::Capture;
use ashlar_replica::{SnapshotError, SnapshotHead};
use ashlar_sync::{CheckpointManager, Stays};
use ashlar_types::{InboxIndex, Sequence};
use commonware_runtime::Storage;
use tokio::sync::{mpsc, watch};

use super::books::Books;
use crate::error::NodeError;
use crate::keep::Executed;

/// What L1 never takes back, as far as that is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sure {
    /// The last such block.
    pub block: u64,
    /// The inbox entry after the last one that was consumed and stays.
    pub inbox: InboxIndex,
}

/// Where the newest one stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Newest {
    /// The time of the exchange there.
    pub time_ms: u64,
    /// The command after it.
    pub next: Sequence,
}

impl Newest {
    /// Of this one.
    pub fn of(head: &SnapshotHead) -> Newest {
        Newest { time_ms: head.header.last_time.get(), next: head.sequence() }
    }
}

/// Makes them.
pub(crate) struct Checkpoints<E> {
    pub manager: CheckpointManager<E>,
    /// Whether the operator wants one now.
    pub wanted: Arc<AtomicBool>,
    /// Told of each.
    pub newest: watch::Sender<Newest>,
    /// Whoever holds the journal. It may be gone, when the node stops.
    pub keeper: mpsc::WeakSender<Executed>,
    /// What L1 never takes back; nothing without an L1.
    pub sure: Option<watch::Receiver<Option<Sure>>>,
}

impl<E: Storage> Checkpoints<E> {
    /// Makes one of the state after a batch, if it is time.
    pub async fn consider(&mut self, head: SnapshotHead, capture: &Capture, books: &Books) -> Result<(), NodeError> {
        if !self.manager.is_due(head.sequence()) && !self.wanted.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let is_increment = self.manager.take(head, capture.map()).await.map_err(failed)?;
        self.newest.send_replace(Newest::of(&head));
        tracing::info!(command = head.sequence().get(), is_increment, "a checkpoint was made");
        let stays = match self.sure.as_ref().map(|sure| *sure.borrow()) {
            None => Stays::Everything,
            Some(sure) => sure.and_then(|sure| below(sure, books)).unwrap_or(Stays::Unknown),
        };
        let Some(oldest) = self.manager.retain(stays).await.map_err(failed)? else { return Ok(()) };
        if let Some(keeper) = self.keeper.upgrade() {
            // If it is gone, or has no room, the journal is kept as it is until the next time: while what is in the journal is executed again nobody
            // listens yet, and whoever waited for that here would be waited for by what has to end first.
            let _ = keeper.try_send(Executed::Prune(oldest.sequence()));
        }
        Ok(())
    }
}

/// What stays, if it is known with which batch the blocks that stay end.
fn below(Sure { block, inbox }: Sure, books: &Books) -> Option<Stays> {
    let batch = books.batch(BatchKey::L1Block(block))?.number;
    Some(Stays::Below { block, inbox, batch })
}

fn failed(error: SnapshotError) -> NodeError {
    NodeError::Durable { part: "the store of snapshots", why: error.to_string() }
}
