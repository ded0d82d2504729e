//! Where a node goes on from: a snapshot and the journal after it, or the genesis.

use ashlar_batch::BatchHeader;
use ashlar_exchange::HotStore;
use ashlar_prover::{Capture, Threads};
use ashlar_replica::{Journal, L1Block, Rejected, Snapshot, SnapshotHead, SnapshotStore};
use ashlar_state::Executor;
use commonware_runtime::{Clock, Storage};

use super::line::BUILDER_THREADS;
use crate::config::Config;
use crate::error::NodeError;

/// Where a node begins.
pub(super) struct Begin {
    pub store: HotStore,
    pub capture: Capture,
    pub parent: BatchHeader,
    pub block: L1Block,
}

/// The newest snapshot from which the journal goes on for as many commands as are to be shown, or else the newest from which it goes on, or the genesis.
pub(super) async fn begin<E: Storage + Clock>(
    config: &Config,
    snapshots: &SnapshotStore<E>,
    journal: &Journal<E>,
    shown: u64,
) -> Result<Begin, NodeError> {
    let id = config.deployment.exchange_id();
    let within = journal.first_sequence()..=journal.next_sequence();
    let wanted = |head: &SnapshotHead| head.header.exchange_id == id && within.contains(&head.sequence());
    let threads = Threads(BUILDER_THREADS);
    let bad = |why: String| NodeError::Snapshot { why };
    let shows = |head: &SnapshotHead| {
        wanted(head) && journal.next_sequence().get().saturating_sub(head.sequence().get()) >= shown
    };
    let (found, unread) = match newest(snapshots, &shows, &threads).await? {
        (None, _) if shown > 0 && (journal.first_sequence().get() > 0 || journal.next_sequence().get() > shown) => {
            newest(snapshots, &wanted, &threads).await?
        }
        found => found,
    };
    if let Some(snapshot) = found {
        let capture = Capture::from_leaves(config.deployment, &snapshot.leaves, &threads);
        return Ok(Begin {
            store: snapshot.hot_store(config.store).map_err(|error| bad(error.to_string()))?,
            capture: capture.map_err(|error| bad(error.to_string()))?,
            parent: snapshot.head.header,
            block: snapshot.head.block,
        });
    }
    if journal.first_sequence().get() > 0 {
        if let Some(unread) = unread {
            return Err(unread);
        }
        return Err(bad("there is none that is whole, and the journal has forgotten the beginning; recover from L1 and data availability".to_owned()));
    }
    let mut store = HotStore::new(config.store);
    config.genesis.write(&mut store);
    let (capture, parent) = Capture::new(config.deployment, &config.genesis);
    Ok(Begin { store, capture, parent, block: L1Block::default() })
}

/// The newest that is whole and wanted, and what the disk said of those that it did not give: whether one of them is whole nobody knows.
pub(super) async fn newest<E: Storage>(
    snapshots: &SnapshotStore<E>,
    wanted: impl Fn(&SnapshotHead) -> bool,
    executor: &impl Executor,
) -> Result<(Option<Snapshot>, Option<NodeError>), NodeError> {
    let (newest, rejected) = snapshots.newest(wanted, executor).await.map_err(NodeError::of_snapshot)?;
    let mut unread = None;
    for Rejected { name, error } in rejected {
        tracing::warn!(name, %error, "a snapshot was passed over");
        let error = NodeError::of_snapshot(error);
        if matches!(error, NodeError::Durable { .. }) {
            unread = unread.or(Some(error));
        }
    }
    Ok((newest, unread))
}

#[cfg(test)]
mod tests {
    use ashlar_exchange::Genesis;
    use ashlar_prover::Capture;
    use ashlar_replica::{Epoch, L1Block};
    use ashlar_state::Serial;
    use ashlar_types::{Address, Deployment, Time};
    use commonware_runtime::{Blob as _, Runner, Supervisor, WriteOptions, deterministic};
    use commonware_utils::Probability;

    use super::*;

    #[test]
    fn a_disk_that_does_not_read_says_nothing_about_what_is_on_it() {
        deterministic::Runner::seeded(1).start(|context| async move {
            let deployment = Deployment { chain_id: 1, settlement: Address([5; 20]) };
            let genesis = Genesis { house_owner: Address([6; 20]), time: Time::new(1_000).expect("a time") };
            let (capture, header) = Capture::new(deployment, &genesis);
            let leaves = capture.leaves().count() as u64;
            let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves };
            let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
            store.write(&head, capture.leaves()).await.expect("written");
            let look = async || newest(&store, |_| true, &Serial).await;
            let faults = context.storage_fault_config();

            faults.write().open_rate = Probability::new(1, 1);
            let (found, unread) = look().await.expect("the folder is there");
            assert!(found.is_none() && matches!(unread, Some(NodeError::Durable { .. })), "{unread:?}");
            faults.write().open_rate = None;
            faults.write().scan_rate = Probability::new(1, 1);
            assert!(matches!(look().await, Err(NodeError::Durable { .. })));
            faults.write().scan_rate = None;
            let (found, unread) = look().await.expect("a good disk");
            assert!(found.is_some() && unread.is_none(), "{unread:?}");

            // What is damaged is read, and is not whole.
            let name = context.scan("snapshots").await.expect("there").remove(0);
            let (blob, length) = context.open("snapshots", &name).await.expect("there");
            blob.write_at(length - 1, vec![0xff], WriteOptions::SYNC).await.expect("written");
            drop(blob);
            let (found, unread) = look().await.expect("a good disk");
            assert!(found.is_none() && unread.is_none(), "{unread:?}");
        });
    }
}
