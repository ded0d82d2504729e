//! An L1, sources of data and a node's own files, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ashlar_batch::{BatchHeader, Hash, codec};
use ashlar_replica::{CanonicalEntry, L1Block};
use ashlar_sync::{AcceptedProof, BatchSource, Chain, CommittedBatch, Cursor, Cursors, Local, SourceError, Stage};
use ashlar_types::{BatchNumber, InboxIndex, Input};

use crate::world::History;

/// What all of them show; tests change it.
#[derive(Clone, Default)]
pub struct World {
    pub committed: Vec<CommittedBatch>,
    pub inbox: Vec<CanonicalEntry>,
    pub proofs: Vec<AcceptedProof>,
    pub data: BTreeMap<Hash, Vec<u8>>,
    pub kept: Vec<(BatchHeader, Vec<u8>)>,
    /// How many of the kept batches the node has recorded as committed, proven and final.
    pub recorded: (usize, usize, usize),
    /// The node's disk does not give back the bytes of its batches.
    pub unread: bool,
    pub fetched: u64,
}

/// A handle on it.
#[derive(Clone, Default)]
pub struct Sim(pub Arc<Mutex<World>>);

pub fn block(number: u64) -> L1Block {
    L1Block { number, hash: Hash([number as u8; 32]) }
}

impl Sim {
    /// Batch `n` is committed in block `10 n`.
    pub fn of(history: &History) -> Sim {
        let mut world = World { kept: history.batches.clone(), ..World::default() };
        for (header, bytes) in &history.batches {
            let at = block(10 * header.number.get());
            let committed = CommittedBatch { header: *header, hash: header.hash(), block: at, stage: Stage::Committed };
            world.committed.push(committed);
            world.data.insert(header.hash(), bytes.clone());
            for timed in codec::decode_all(bytes).expect("a batch").inputs {
                if let Input::Inbox { index, time, entry } = timed.input {
                    world.inbox.push(CanonicalEntry { index, time, entry });
                }
            }
        }
        Sim(Arc::new(Mutex::new(world)))
    }

    pub fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.0.lock().expect("not poisoned"))
    }
}

fn place(number: BatchNumber) -> Option<usize> {
    number.get().checked_sub(1).map(|place| place as usize)
}

impl Chain for Sim {
    async fn head(&self) -> Result<L1Block, SourceError> {
        Ok(self.change(|world| world.committed.last().map_or(block(0), |last| last.block)))
    }

    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(BatchNumber::new(self.change(|world| world.committed.len() as u64)))
    }

    async fn batch(&self, number: BatchNumber) -> Result<Option<CommittedBatch>, SourceError> {
        Ok(self.change(|world| world.committed.get(place(number)?).copied()))
    }

    async fn inbox(&self, index: InboxIndex) -> Result<Option<CanonicalEntry>, SourceError> {
        Ok(self.change(|world| world.inbox.get(index.get() as usize).cloned()))
    }

    async fn proofs(&self, first: BatchNumber) -> Result<Vec<AcceptedProof>, SourceError> {
        Ok(self.change(|world| world.proofs.iter().filter(|proof| proof.first == first).copied().collect()))
    }
}

impl BatchSource for Sim {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        Ok(self.change(|world| {
            world.fetched += 1;
            world.data.get(&header.hash()).cloned()
        }))
    }
}

impl World {
    fn cursor(&self, batches: usize) -> Option<Cursor> {
        let (header, _) = self.kept.get(batches.checked_sub(1)?)?;
        Some(Cursor::at(header, Some(10 * header.number.get())))
    }
}

impl Local for Sim {
    async fn cursors(&self) -> Result<Cursors, SourceError> {
        Ok(self.change(|world| {
            let (l1, proven, finalized) = world.recorded;
            let [local, l1, proven, finalized] = [world.kept.len(), l1, proven, finalized].map(|at| world.cursor(at));
            Cursors { local, proven, l1, finalized }
        }))
    }

    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(BatchNumber::new(self.change(|world| world.kept.len() as u64)))
    }

    async fn header(&self, number: BatchNumber) -> Result<Option<BatchHeader>, SourceError> {
        Ok(self.change(|world| world.kept.get(place(number)?).map(|(header, _)| *header)))
    }

    async fn bytes(&self, number: BatchNumber) -> Result<Option<Vec<u8>>, SourceError> {
        if self.change(|world| world.unread) {
            let why = "the disk does not read; check it".to_owned();
            return Err(SourceError { is_transient: false, why });
        }
        Ok(self.change(|world| world.kept.get(place(number)?).map(|(_, bytes)| bytes.clone())))
    }
}
