//! What a node that orders begins with: its own folder, if that is whole; otherwise what L1 and published data give. Never the beginning of the
//! exchange while L1 holds batches of it: a node that ordered a second beginning would sign contradictions.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ashlar_batch::BatchHeader;
use ashlar_contracts::abi::ISettlement;
use ashlar_replica::{SnapshotError, SnapshotStore};
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::rpc::RpcL1;
use ashlar_state::Serial;
use ashlar_sync::Target;
use commonware_runtime::{Error as RuntimeError, Storage, Supervisor as _, tokio as runtime};

use super::origin;
use crate::config::NodeSettings;
use crate::follow::folder;
use crate::rebuild::contract::ask;
use crate::rebuild::{Opened, SNAPSHOTS, Sources, into_snapshots};

/// Where a node stores the batches that it built.
const BATCHES: &str = "ashlar-batches";
/// Attempts to read an L1 that leaves its chain meanwhile.
const ATTEMPTS: u32 = 5;

/// Rebuilds the state in a folder in which nothing was executed, if L1 holds batches already. A folder that holds a journal or batches of its own
/// is left as it is: what was acknowledged may be nowhere else.
pub async fn from_l1_if_empty(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings) -> Result<()> {
    if folder::is_begun(context).await? || holds_batches(context).await? {
        return Ok(());
    }
    let at = BlockAt::Latest;
    let committed = ask(l1, at, settings.l1.settlement, &ISettlement::committedCall {}).await?;
    if committed == 0 {
        return Ok(());
    }
    tracing::warn!(
        committed,
        "this folder is empty and L1 holds batches; the state is rebuilt before anything is ordered"
    );
    from_l1(context, l1, settings, Beyond::Goes).await.with_context(|| {
        format!(
            "{} is empty, L1 holds {committed} batches, and their state cannot be rebuilt; a second beginning is never ordered: \
             name stores that have the data with source.folders or source.custodians, or recover into the folder with `ashlar recover`",
            settings.data.display()
        )
    })
}

/// What becomes of checkpoints beside L1's chain or beyond it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Beyond {
    /// They are of an order that nothing here remembers.
    Goes,
    /// The journal has that order: what is whole stays.
    StaysIfWhole,
}

/// Leaves a snapshot of the newest committed batch: from the newest checkpoint that is whole and lies on L1's chain, then from whichever stores have
/// the data, then from L1's own copy of it.
pub async fn from_l1(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings, beyond: Beyond) -> Result<()> {
    let begun = Instant::now();
    let mut attempt = 1;
    let opened = loop {
        let opened = Opened::read(origin(l1, settings).await?, &sources(settings)?).await;
        match opened {
            Err(why) if attempt < ATTEMPTS => tracing::warn!(%why, attempt, "L1 could not be read; trying again"),
            opened => break opened.context("reading L1")?,
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let recovered = into_snapshots(context, &opened, Target::Batch(opened.history.last()), None, &mut |_| ()).await?;
    for passed in &recovered.rejected {
        tracing::warn!(name = passed.name, error = %passed.error, "a checkpoint was passed over");
    }
    let header = *recovered.shadow.header();
    clear(&SnapshotStore::new(context.child("snapshots"), SNAPSHOTS), &header, beyond).await?;
    tracing::warn!(
        batch = header.number.get(),
        checkpoint = recovered.begun_at.get(),
        replayed = recovered.report.batches,
        took = ?begun.elapsed(),
        "the state was rebuilt from a checkpoint, published data and L1"
    );
    Ok(())
}

/// Removes checkpoints beside L1's chain or beyond the batch of this header.
async fn clear<E: Storage>(
    snapshots: &SnapshotStore<E>,
    last: &BatchHeader,
    beyond: Beyond,
) -> Result<(), SnapshotError> {
    let mut whole = BTreeSet::new();
    if beyond == Beyond::StaysIfWhole {
        for head in snapshots.list().await? {
            match snapshots.load(&head, &Serial).await {
                // What the disk does not give may be whole.
                Ok(_) | Err(SnapshotError::Disk { .. }) => {
                    whole.insert(head.header.hash());
                }
                Err(_) => {}
            }
        }
    }
    let stays = |header: &BatchHeader| header == last || header.number < last.number || whole.contains(&header.hash());
    snapshots.retain(|head| stays(&head.header)).await.map(drop)
}

/// Whether there are batches in the folder of this runtime. That it cannot be looked at does not say that there are none.
async fn holds_batches(context: &impl Storage) -> Result<bool> {
    match context.scan(BATCHES).await {
        Ok(names) => Ok(!names.is_empty()),
        Err(RuntimeError::PartitionMissing(_)) => Ok(false),
        Err(error) => Err(error).context("the folder of batches cannot be read"),
    }
}

/// Wherever data may be: the stores that are read, those that this node publishes to, and the calldata of commits.
fn sources(settings: &NodeSettings) -> Result<Sources> {
    let own = (0..settings.da_folders).map(|number| settings.data.join(format!("da-{number}")));
    let folders: Vec<_> = settings.source.folders.iter().cloned().chain(own.filter(|folder| folder.is_dir())).collect();
    let mut custodians = settings.source.custodians.clone();
    custodians.extend(settings.da_custodians.iter().filter(|url| !settings.source.custodians.contains(url)).cloned());
    let l1 = &settings.l1;
    let url = l1.endpoints.first().context("l1.endpoints names nobody")?;
    let stores = (folders.as_slice(), custodians.as_slice());
    let sources = Sources::of_node(url, l1.settlement, stores, l1.deployed_block, l1.house_owner, l1.genesis_ms);
    Ok(sources.with_calldata(settings.source.calldata))
}

#[cfg(test)]
mod tests {
    use ashlar_exchange::Genesis;
    use ashlar_prover::Capture;
    use ashlar_replica::{Epoch, L1Block, SnapshotHead};
    use ashlar_types::{Address, BatchNumber, Deployment, Time};
    use commonware_runtime::{Blob as _, Runner as _, WriteOptions, deterministic};

    use super::*;

    /// Checkpoints of these batches, all of them of one state.
    async fn checkpoints(store: &SnapshotStore<deterministic::Context>, numbers: &[u64]) -> BatchHeader {
        let deployment = Deployment { chain_id: 1, settlement: Address([5; 20]) };
        let genesis = Genesis { house_owner: Address([6; 20]), time: Time::new(1_000).expect("a time") };
        let (capture, header) = Capture::new(deployment, &genesis);
        let leaves = capture.leaves().count() as u64;
        for number in numbers {
            let header = BatchHeader { number: BatchNumber::new(*number), ..header };
            let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves };
            store.write(&head, capture.leaves()).await.expect("written");
        }
        header
    }

    #[test]
    fn a_checkpoint_that_is_whole_stays_where_the_journal_goes_on_from_it() {
        for (beyond, left) in [(Beyond::StaysIfWhole, &[1, 2, 3, 5][..]), (Beyond::Goes, &[1, 2])] {
            deterministic::Runner::seeded(1).start(|context| async move {
                let store = SnapshotStore::new(context.child("snapshots"), SNAPSHOTS);
                let header = checkpoints(&store, &[1, 2, 3, 4, 5]).await;
                let mut names = context.scan(SNAPSHOTS).await.expect("there");
                names.sort_unstable();
                let (blob, length) = context.open(SNAPSHOTS, &names[3]).await.expect("there");
                blob.write_at(length - 1, vec![0xff], WriteOptions::SYNC).await.expect("written");
                drop(blob);
                let last = BatchHeader { number: BatchNumber::new(2), ..header };
                clear(&store, &last, beyond).await.expect("a good disk");
                let kept = store.list().await.expect("read");
                assert_eq!(kept.iter().map(|head| head.header.number.get()).collect::<Vec<_>>(), left);
            });
        }
    }

    #[test]
    fn a_folder_that_cannot_be_looked_at_is_not_taken_for_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = runtime::Config::new().with_storage_directory(folder.path());
        runtime::Runner::new(config).start(|context| async move {
            assert!(!holds_batches(&context).await.expect("there is none yet"));
            std::fs::write(folder.path().join(BATCHES), "a file in its place").expect("written");
            assert!(holds_batches(&context).await.is_err());
        });
    }
}
