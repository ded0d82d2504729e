//! Built batches and their progress on disk.
//!
//! Progress is written over and over, and a write can be torn at any byte. So it has two places, written in turns: of the one before there is always a
//! whole one left.
//!
//! Storage gives a blob to one at a time and turns everybody else away. So all who read and write batches of one node share one shelf, and wait for each other.

use std::sync::Arc;

use ashlar_api::door::{Pending, Stage};
use ashlar_batch::Hash;
use ashlar_settlement::Noted;
use ashlar_settlement::inbox::InboxMark;
use ashlar_types::{BatchNumber, ExchangeId};
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};
use tokio::sync::Mutex;

use super::books::Stored;
use super::progress::Progress;
use super::sealed::Sealed;
use crate::error::NodeError;
use crate::limits::NOTED_BATCHES_MAX;

/// Bytes of a hash.
const HASH_BYTES: u64 = 32;

/// Where batches are stored, one blob each, and one for its progress. Its clones are the same shelf.
#[derive(Debug)]
pub struct Shelf<E> {
    context: Arc<E>,
    partition: Arc<str>,
    /// Whoever has a blob open holds it.
    open: Arc<Mutex<()>>,
}

impl<E> Clone for Shelf<E> {
    fn clone(&self) -> Shelf<E> {
        Shelf { context: self.context.clone(), partition: self.partition.clone(), open: self.open.clone() }
    }
}

impl<E: Storage> Stored for Shelf<E> {
    fn sealed(&self, number: BatchNumber) -> Pending<Result<Option<Arc<Sealed>>, NodeError>> {
        let shelf = self.clone();
        Box::pin(async move {
            let found = shelf.get(number).await;
            let found = found.inspect_err(|error| tracing::error!(%error, "a stored batch cannot be fetched"));
            found.map(|sealed| sealed.map(Arc::new))
        })
    }

    fn diff(&self, number: BatchNumber) -> Pending<Result<Option<Vec<u8>>, NodeError>> {
        let shelf = self.clone();
        Box::pin(async move { shelf.get_diff(number).await })
    }
}

impl<E: Storage> Shelf<E> {
    /// The shelf in a partition of its own. There must be one of a partition at a time; whoever else needs it clones it.
    pub fn new(context: E, partition: &str) -> Shelf<E> {
        Shelf { context: Arc::new(context), partition: format!("{partition}-batches").into(), open: Arc::default() }
    }

    /// Stores a built batch; when this is done it is durable.
    pub async fn put(&self, sealed: &Sealed) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        self.write(b'b', sealed.header().number, sealed.to_bytes()).await
    }

    /// Stores what a batch changed, for who follows the state and not the commands; when this is done it is durable.
    pub async fn put_diff(&self, number: BatchNumber, diff: Vec<u8>) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        let opened = self.context.open(&self.partition, &name_of(b'd', number)).await;
        let (blob, length) = opened.map_err(|error| failed("open a diff", &error))?;
        if length > diff.len() as u64 {
            // What stood there was of another order.
            blob.resize(0).await.map_err(|error| failed("cut a diff", &error))?;
        }
        blob.write_at(0, diff, WriteOptions::SYNC).await.map_err(|error| failed("write a diff", &error))
    }

    /// What a batch changed, if that is stored. It may be torn: whoever applies it sees that.
    pub async fn get_diff(&self, number: BatchNumber) -> Result<Option<Vec<u8>>, NodeError> {
        let _open = self.open.lock().await;
        self.read(b'd', number).await
    }

    /// Stores how far a batch has come; when this is done it is durable.
    pub async fn put_progress(&self, number: BatchNumber, progress: &Progress) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        let turn = self.newest(number).await?.map_or(0, |(turn, _)| turn.wrapping_add(1));
        let opened = self.context.open(&self.partition, &name_of(b'p', number)).await;
        let (blob, _) = opened.map_err(|error| failed("open a batch", &error))?;
        let written = blob.write_at(place_of(turn), progress.to_bytes(turn), WriteOptions::SYNC).await;
        written.map_err(|error| failed("write a batch", &error))
    }

    /// The batches that are stored, in their order. One that is not whole was being written when the node stopped, and is left out.
    pub async fn numbers(&self) -> Result<Vec<BatchNumber>, NodeError> {
        self.listed(b'b').await
    }

    /// What is written down here of what L1 did, for a client of L1 that starts before the node. Batches of other exchanges say nothing of this one.
    pub async fn noted(&self, exchange: ExchangeId) -> Result<Noted, NodeError> {
        let mut noted = Noted::default();
        let mut final_batches = 0;
        for number in self.numbers().await?.into_iter().rev() {
            let Some(Progress { header, stage: Stage::Final, .. }) = self.progress(number).await? else { continue };
            if header.exchange_id != exchange {
                continue;
            }
            noted.finalized = noted.finalized.max(number.get());
            let mark = InboxMark { next: header.inbox_next.get(), hash: header.inbox_hash.0 };
            if noted.inbox.last() != Some(&mark) {
                noted.inbox.push(mark);
            }
            final_batches += 1;
            if final_batches == NOTED_BATCHES_MAX {
                break;
            }
        }
        Ok(noted)
    }

    /// A batch, if it is stored and whole.
    pub async fn get(&self, number: BatchNumber) -> Result<Option<Sealed>, NodeError> {
        let read = {
            let _open = self.open.lock().await;
            self.read(b'b', number).await?
        };
        let Some(bytes) = read else { return Ok(None) };
        match Sealed::from_bytes(&bytes) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) => {
                tracing::warn!(batch = number.get(), %error, "a stored batch cannot be read; it is built anew");
                Ok(None)
            }
        }
    }

    /// How far a batch had come.
    pub async fn progress(&self, number: BatchNumber) -> Result<Option<Progress>, NodeError> {
        let _open = self.open.lock().await;
        Ok(self.newest(number).await?.map(|(_, progress)| progress))
    }

    /// The last progress that was written whole, and its turn.
    async fn newest(&self, number: BatchNumber) -> Result<Option<(u64, Progress)>, NodeError> {
        let Some(bytes) = self.read(b'p', number).await? else { return Ok(None) };
        let places = bytes.chunks(Progress::BYTES_MAX).take(2);
        Ok(places.filter_map(Progress::from_bytes).max_by_key(|(turn, _)| *turn))
    }

    /// Forgets a batch.
    pub async fn remove(&self, number: BatchNumber) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        for kind in [b'b', b'd', b'p'] {
            match self.context.remove(&self.partition, Some(&name_of(kind, number))).await {
                Ok(()) | Err(RuntimeError::BlobMissing(..) | RuntimeError::PartitionMissing(_)) => {}
                Err(error) => return Err(failed("remove a batch", &error)),
            }
        }
        Ok(())
    }

    /// Remembers a header that was given up for another one of its number; when this is done it is durable. A reorganisation of L1 can bring its commit
    /// back.
    pub async fn note_given_up(&self, number: BatchNumber, header: Hash) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        let opened = self.context.open(&self.partition, &name_of(b'g', number)).await;
        let (blob, length) = opened.map_err(|error| failed("open what was given up", &error))?;
        // What is behind the last whole hash was being written when the node stopped.
        let end = length - length % HASH_BYTES;
        let written = blob.write_at(end, header.0.to_vec(), WriteOptions::SYNC).await;
        written.map_err(|error| failed("write what was given up", &error))
    }

    /// The headers that were given up for others of their numbers.
    pub async fn given_up(&self) -> Result<Vec<Hash>, NodeError> {
        let _open = self.open.lock().await;
        let mut all = Vec::new();
        for number in self.listed(b'g').await? {
            let bytes = self.read(b'g', number).await?.unwrap_or_default();
            all.extend(bytes.as_chunks().0.iter().copied().map(Hash));
        }
        Ok(all)
    }

    /// Forgets what was given up of batches up to this one, which L1 will not take back any more.
    pub async fn forget_given_up(&self, upto: BatchNumber) -> Result<(), NodeError> {
        let _open = self.open.lock().await;
        for number in self.listed(b'g').await?.into_iter().take_while(|number| *number <= upto) {
            match self.context.remove(&self.partition, Some(&name_of(b'g', number))).await {
                Ok(()) | Err(RuntimeError::BlobMissing(..) | RuntimeError::PartitionMissing(_)) => {}
                Err(error) => return Err(failed("remove what was given up", &error)),
            }
        }
        Ok(())
    }

    /// The numbers of which there is something of this kind, ascending.
    async fn listed(&self, kind: u8) -> Result<Vec<BatchNumber>, NodeError> {
        let names = match self.context.scan(&self.partition).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => return Ok(Vec::new()),
            Err(error) => return Err(failed("list the batches", &error)),
        };
        let mut numbers: Vec<_> = names.iter().filter_map(|name| number_of(kind, name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    async fn write(&self, kind: u8, number: BatchNumber, bytes: Vec<u8>) -> Result<(), NodeError> {
        let opened = self.context.open(&self.partition, &name_of(kind, number)).await;
        let (blob, _) = opened.map_err(|error| failed("open a batch", &error))?;
        let written = blob.write_at(0, bytes, WriteOptions::SYNC).await;
        written.map_err(|error| failed("write a batch", &error))
    }

    async fn read(&self, kind: u8, number: BatchNumber) -> Result<Option<Vec<u8>>, NodeError> {
        let opened = self.context.open(&self.partition, &name_of(kind, number)).await;
        let (blob, length) = opened.map_err(|error| failed("open a batch", &error))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(None);
        }
        let read = blob.read_at(0, length, ReadOptions::default()).await;
        let bytes = read.map_err(|error| failed("read a batch", &error))?;
        Ok(Some(bytes.coalesce().as_ref().to_vec()))
    }
}

/// Where the writing of a turn goes.
const fn place_of(turn: u64) -> u64 {
    (turn % 2) * Progress::BYTES_MAX as u64
}

fn name_of(kind: u8, number: BatchNumber) -> Vec<u8> {
    let mut name = vec![kind];
    name.extend(number.get().to_be_bytes());
    name
}

fn number_of(kind: u8, name: &[u8]) -> Option<BatchNumber> {
    let number = name.strip_prefix(&[kind])?;
    Some(BatchNumber::new(u64::from_be_bytes(number.try_into().ok()?)))
}

fn failed(what: &str, error: &RuntimeError) -> NodeError {
    NodeError::Durable { part: "the store of batches", why: format!("could not {what}: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batch::BatchHeader;
    use ashlar_types::InboxIndex;
    use commonware_runtime::{Runner, Spawner, Supervisor, deterministic};

    fn progress(stage: Stage) -> Progress {
        Progress::plain(BatchNumber::new(3), stage)
    }

    #[test]
    fn whoever_reads_a_batch_keeps_nobody_else_from_it() {
        deterministic::Runner::seeded(2).start(|context| async move {
            let number = BatchNumber::new(3);
            let shelf = Shelf::new(context.child("shelf"), "shared");
            shelf.put_progress(number, &progress(Stage::Built)).await.expect("written");
            let reading = (0..8).map(|_| {
                let shelf = shelf.clone();
                context.child("reader").spawn(move |_| async move {
                    for _ in 0..32 {
                        assert!(shelf.progress(number).await.expect("it is not turned away").is_some());
                    }
                })
            });
            let reading: Vec<_> = reading.collect();
            for _ in 0..32 {
                shelf.put_progress(number, &progress(Stage::Published)).await.expect("it is not turned away");
            }
            for reader in reading {
                reader.await.expect("it ends well");
            }
        });
    }

    #[test]
    fn what_is_noted_of_l1_is_what_final_batches_say() {
        deterministic::Runner::seeded(4).start(|context| async move {
            let shelf = Shelf::new(context.child("shelf"), "noted");
            let ours = progress(Stage::Built).header.exchange_id;
            assert_eq!(shelf.noted(ours).await.expect("read"), Noted::default());
            let mark = |next: u64| InboxMark { next, hash: [next as u8; 32] };
            for (number, entries, stage) in
                [(1, 2, Stage::Final), (2, 2, Stage::Final), (3, 5, Stage::Final), (4, 6, Stage::Proven)]
            {
                let mut progress = Progress::plain(BatchNumber::new(number), stage);
                let (inbox_next, inbox_hash) = (InboxIndex::new(entries), Hash(mark(entries).hash));
                progress.header = BatchHeader { inbox_next, inbox_hash, ..progress.header };
                shelf.write(b'b', BatchNumber::new(number), vec![1]).await.expect("written");
                shelf.put_progress(BatchNumber::new(number), &progress).await.expect("written");
            }
            let noted = shelf.noted(ours).await.expect("read");
            assert_eq!(noted, Noted { finalized: 3, inbox: vec![mark(5), mark(2)] });
            let others = shelf.noted(ExchangeId([9; 32])).await.expect("read");
            assert_eq!(others, Noted::default(), "of another exchange nothing is known");
        });
    }

    #[test]
    fn what_was_given_up_is_known_until_it_is_forgotten() {
        deterministic::Runner::seeded(3).start(|context| async move {
            let shelf = Shelf::new(context.child("shelf"), "given-up");
            let number = BatchNumber::new;
            assert_eq!(shelf.given_up().await.expect("read"), []);
            for (of, byte) in [(4, 1), (5, 2), (4, 3)] {
                shelf.note_given_up(number(of), Hash([byte; 32])).await.expect("written");
            }
            assert_eq!(shelf.given_up().await.expect("read"), [1, 3, 2].map(|byte| Hash([byte; 32])));
            assert_eq!(shelf.numbers().await.expect("read"), [], "they are no batches");
            // A write that was torn is as if it had not been begun.
            let (blob, length) = context.open("given-up-batches", &name_of(b'g', number(5))).await.expect("there");
            blob.write_at(length, vec![9; 7], WriteOptions::SYNC).await.expect("written");
            drop(blob);
            shelf.note_given_up(number(5), Hash([4; 32])).await.expect("written");
            assert_eq!(shelf.given_up().await.expect("read"), [1, 3, 2, 4].map(|byte| Hash([byte; 32])));
            shelf.forget_given_up(number(4)).await.expect("removed");
            assert_eq!(shelf.given_up().await.expect("read"), [2, 4].map(|byte| Hash([byte; 32])));
        });
    }

    async fn overwrite(context: &deterministic::Context, number: BatchNumber, turn: u64, bytes: Vec<u8>) {
        let (blob, _) = context.open("torn-batches", &name_of(b'p', number)).await.expect("there");
        blob.write_at(place_of(turn), bytes, WriteOptions::SYNC).await.expect("written");
    }

    #[test]
    fn a_torn_write_of_progress_leaves_the_one_before() {
        deterministic::Runner::seeded(1).start(|context| async move {
            let number = BatchNumber::new(3);
            let shelf = Shelf::new(context.child("shelf"), "torn");
            let stages = [Stage::Built, Stage::Published, Stage::Committed, Stage::Published, Stage::Committed];
            for (turn, stage) in (0..).zip(stages) {
                shelf.put_progress(number, &progress(stage)).await.expect("written");
                assert_eq!(shelf.progress(number).await.expect("read"), Some(progress(stage)), "the newest counts");
                let whole = progress(stage).to_bytes(turn);
                // The next write would go to the other place; what is torn here is what was just written.
                for cut in [0, 1, 100, whole.len() - 1] {
                    let mut torn = whole.clone();
                    torn[cut..].fill(0xee);
                    overwrite(&context, number, turn, torn).await;
                    let before = usize::try_from(turn).ok().and_then(|turn| stages.get(turn.wrapping_sub(1)));
                    assert_eq!(shelf.progress(number).await.expect("read"), before.map(|before| progress(*before)));
                }
                overwrite(&context, number, turn, whole).await;
            }
        });
    }
}
