//! Recovery of a whole history from L1's headers and half of the stores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use ashlar_batch::{BatchHeader, Signatures, codec};
use ashlar_coding::Expansion;
use ashlar_da::{Availability, Disk, Store};
use ashlar_replica::{CanonicalEntry, L1Block, SnapshotStore};
use ashlar_sync::{
    AcceptedProof, BatchSource, Chain, CommittedBatch, SourceError, Stage, StateRecoveryManager, Target,
};
use ashlar_types::{BatchNumber, InboxIndex, Input};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

use super::history::History;
use crate::threads::{Threads, available};

/// Stores that the batches are spread over, and those that are left.
const STORES: usize = 4;
const LEFT: [usize; 2] = [0, 3];

/// What was measured.
pub struct Recovered {
    /// From nothing to the verified state.
    pub seconds: f64,
    /// The dump of every leaf, which was compared byte by byte.
    pub dump_bytes: u64,
}

/// What L1 says, in memory: the network is not measured.
#[derive(Clone)]
struct Headers {
    batches: Vec<BatchHeader>,
    inbox: BTreeMap<u64, CanonicalEntry>,
}

impl Headers {
    fn of(history: &History) -> Result<Headers> {
        let mut inbox = BTreeMap::new();
        for (_, bytes) in &history.batches {
            for timed in codec::decode_all(bytes)?.inputs {
                if let Input::Inbox { index, time, entry } = timed.input {
                    inbox.insert(index.get(), CanonicalEntry { index, time, entry });
                }
            }
        }
        Ok(Headers { batches: history.batches.iter().map(|(header, _)| *header).collect(), inbox })
    }
}

impl Chain for Headers {
    async fn head(&self) -> Result<L1Block, SourceError> {
        Ok(L1Block::default())
    }

    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(BatchNumber::new(self.batches.len() as u64))
    }

    async fn batch(&self, number: BatchNumber) -> Result<Option<CommittedBatch>, SourceError> {
        let place = number.get().checked_sub(1).map(|place| place as usize);
        let header = place.and_then(|place| self.batches.get(place)).copied();
        let held = |header: BatchHeader| {
            let block = L1Block { number: number.get(), ..L1Block::default() };
            CommittedBatch { header, hash: header.hash(), block, stage: Stage::Final }
        };
        Ok(header.map(held))
    }

    async fn inbox(&self, index: InboxIndex) -> Result<Option<CanonicalEntry>, SourceError> {
        Ok(self.inbox.get(&index.get()).cloned())
    }

    async fn proofs(&self, _: BatchNumber) -> Result<Vec<AcceptedProof>, SourceError> {
        Ok(Vec::new())
    }
}

#[derive(Clone)]
struct Stores(Arc<Availability>);

impl BatchSource for Stores {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.0.fetch(header).await.ok().map(|fetched| fetched.bytes))
    }
}

/// Publishes the history, and recovers it from two of four stores.
pub fn measure(history: &History) -> Result<Recovered> {
    let folder = std::env::temp_dir().join(format!("ashlar-bench-recover-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let headers = Headers::of(history)?;
    let genesis = (history.begin.0.clone(), history.begin.1);
    let measured = runtime::Runner::new(config).start(|context| async move {
        let store =
            |number: usize| Box::new(Disk::new(context.child("store"), format!("da-{number}"))) as Box<dyn Store>;
        let all = Availability::new((0..STORES).map(store).collect(), Expansion::Double, STORES)?;
        for (header, bytes) in &history.batches {
            // Nobody signed this flow, and replaying needs no signatures.
            all.publish(header.number, bytes, &Signatures::new()).await?;
        }
        drop(all);
        let left = Availability::new(LEFT.into_iter().map(store).collect(), Expansion::Double, LEFT.len())?;
        let left = Stores(Arc::new(left));
        let snapshots = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let last = BatchNumber::new(headers.batches.len() as u64);
        let begin = History { begin: genesis, batches: Vec::new(), end: Vec::new(), commands: 0 };
        let snapshot = begin.genesis()?;
        let leaves = snapshot.leaves.clone();
        let head = snapshot.head;
        let manager = StateRecoveryManager::new(context.child("recovery"), headers, left, snapshots, move || {
            // What was verified once is verified again by whoever replays from it.
            ashlar_replica::Snapshot::of_leaves(head, leaves.clone(), &Threads(1))
                .unwrap_or_else(|error| unreachable!("it was made of these leaves: {error}"))
        });
        let started = Instant::now();
        let recovered = manager
            .recover(Target::Batch(last), &Threads(available()), &mut |_| ())
            .await
            .map_err(|error| anyhow!("the recovery failed: {error}"))?;
        let seconds = started.elapsed().as_secs_f64();
        ensure!(recovered.shadow.header().state_root_after == history.last_root()?, "another root was recovered");
        let (ours, theirs) = (dump(recovered.shadow.map().iter()), dump(view(history)));
        ensure!(ours == theirs, "another state was recovered");
        Ok(Recovered { seconds, dump_bytes: ours.len() as u64 })
    });
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn view(history: &History) -> impl Iterator<Item = (ashlar_state::Key, &[u64])> {
    history.end.iter().map(|(key, value)| (*key, value.words()))
}

/// Every leaf, byte by byte.
fn dump<'a>(leaves: impl Iterator<Item = (ashlar_state::Key, &'a [u64])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, words) in leaves {
        bytes.extend(key.to_bytes());
        words.iter().for_each(|word| bytes.extend(word.to_be_bytes()));
    }
    bytes
}
