//! From the inputs of a batch to its header and its evidence.
//!
//! 1. A batch is captured whole, or refused and nothing has changed.
//! 2. What is captured is what a guest accepts: the same questions are asked in the same order (SPEC U-4, U-7).
//! 3. Nothing here decides what is in a batch. Whoever orders inputs leaves out what a guest would refuse.

mod captured;
mod error;
mod record;
mod threads;

pub use captured::{Answers, Captured};
pub use error::CaptureError;
pub use threads::Threads;

use ashlar_batch::codec::encode;
use ashlar_batch::merkle::Digest;
use ashlar_batch::{Batch, BatchHeader, Hash, Signatures, Timed, data_root};
use ashlar_exchange::{Genesis, LeafStore, OrderIndex};
use ashlar_guest::VERSION;
use ashlar_state::{Executor, Iter, Key, Map, Overlay, Serial, Sha256Node, Value};
use ashlar_types::{Deployment, Sequence, WithdrawalIndex};

use record::{Recorded, record};

/// The authenticated state of an exchange, batch by batch.
#[derive(Debug)]
pub struct Capture {
    deployment: Deployment,
    map: Map<Sha256Node>,
    index: OrderIndex,
}

/// What a batch says: its bytes, and what is computed from them.
struct Said {
    bytes: Vec<u8>,
    data_root: Digest,
    commitment: Hash,
}

/// Half of the work.
enum Half<'a, F> {
    Bytes { batch: &'a Batch, commit: Option<F>, done: Option<Result<Said, CaptureError>> },
    Run { work: Option<Work<'a>>, done: Option<Box<Result<Recorded, CaptureError>>> },
}

/// What running needs.
struct Work<'a> {
    map: &'a Map<Sha256Node>,
    index: &'a mut OrderIndex,
    parent: &'a BatchHeader,
    batch: &'a Batch,
}

impl<F: FnOnce(&[u8]) -> Hash> Half<'_, F> {
    fn run(&mut self) {
        match self {
            Self::Bytes { batch, commit, done } => *done = commit.take().map(|commit| said(batch, commit)),
            Self::Run { work, done } => {
                *done = work.take().map(|work| Box::new(record(work.map, work.index, work.parent, &work.batch.inputs)));
            }
        }
    }
}

fn said(batch: &Batch, commit: impl FnOnce(&[u8]) -> Hash) -> Result<Said, CaptureError> {
    let bytes = encode(batch).map_err(CaptureError::Batch)?;
    let data_root = data_root(&bytes).map_err(CaptureError::Batch)?;
    let commitment = commit(&bytes);
    Ok(Said { bytes, data_root, commitment })
}

fn of_state(digest: ashlar_state::Digest) -> Digest {
    // Both crates keep a digest as seven words of which the last byte is zero.
    Digest::from_words(*digest.words()).unwrap_or(Digest::EMPTY)
}

impl Capture {
    /// A new exchange, and the header that stands before its first batch.
    pub fn new(deployment: Deployment, genesis: &Genesis) -> (Capture, BatchHeader) {
        let (mut map, mut index) = (Map::new(), OrderIndex::new());
        let mut store = LeafStore::open(Overlay::new(&map), &mut index);
        genesis.write(&mut store);
        let changes = store.close().0.into_changes();
        // Recorded changes ascend, so a map takes them.
        let _ = map.apply(&changes, &Serial);
        let capture = Capture { deployment, map, index };
        let header = BatchHeader::genesis(VERSION, deployment.exchange_id(), capture.root(), genesis.time);
        (capture, header)
    }

    /// The exchange that these leaves are, in the order of their keys. Compare [`Capture::root`] with the header that it should be the state of.
    pub fn from_leaves(
        deployment: Deployment,
        leaves: &[(Key, Value)],
        executor: &impl Executor,
    ) -> Result<Capture, CaptureError> {
        let map = Map::from_sorted(leaves, executor).map_err(CaptureError::Leaves)?;
        let index = OrderIndex::of_leaves(map.iter());
        Ok(Capture { deployment, map, index })
    }

    /// Where the exchange settles.
    pub const fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// The root of the state.
    pub fn root(&self) -> Digest {
        of_state(self.map.root())
    }

    /// The map, for proofs and snapshots.
    pub const fn map(&self) -> &Map<Sha256Node> {
        &self.map
    }

    /// Every leaf in the order of keys: what [`Capture::from_leaves`] takes.
    pub fn leaves(&self) -> Iter<'_, Sha256Node> {
        self.map.iter()
    }

    /// Captures the batch that these inputs are, after the batch of `parent`, with a signature for each message. Which version it is of is L1's
    /// to say (SPEC S-20). The DA commitment is computed from the bytes of the batch, by whoever knows how it will be published.
    pub fn capture(
        &mut self,
        parent: &BatchHeader,
        version: u32,
        inputs: Vec<Timed>,
        signatures: &Signatures,
        commit: impl FnOnce(&[u8]) -> Hash + Send,
        executor: &impl Executor,
    ) -> Result<Captured, CaptureError> {
        self.check_parent(parent, version, &inputs)?;
        let batch = Batch { first_sequence: parent.next_sequence, inputs };
        let messages = batch.messages();
        if messages != signatures.len() {
            return Err(CaptureError::Signatures { expected: messages, got: signatures.len() });
        }
        // Two halves that share nothing: what the batch says, and what it does.
        let mut halves = [
            Half::Bytes { batch: &batch, commit: Some(commit), done: None },
            Half::Run {
                work: Some(Work { map: &self.map, index: &mut self.index, parent, batch: &batch }),
                done: None,
            },
        ];
        executor.for_each(&mut halves, Half::run);
        let [Half::Bytes { done: Some(said), .. }, Half::Run { done: Some(ran), .. }] = halves else {
            return Err(CaptureError::Executor);
        };
        let (said, ran) = match (said, *ran) {
            (Ok(said), Ok(ran)) => (said, ran),
            (Err(error), Ok(ran)) => {
                ran.undo(&mut self.index);
                return Err(error);
            }
            (_, Err(error)) => return Err(error),
        };
        // Words of a leaf are those of a value.
        let before = |(key, _): &(Key, Option<Value>)| self.map.get(key).and_then(|words| Value::new(words).ok());
        let before = ran.changes.iter().map(before).collect();
        self.map.apply(&ran.changes, executor).map_err(CaptureError::Leaves)?;
        let header = self.header(parent, version, &batch, &said, signatures, &ran);
        Ok(Captured {
            deployment: self.deployment,
            parent: *parent,
            header,
            batch: said.bytes,
            signatures: signatures.as_bytes().to_vec(),
            witness: ran.witness,
            lists: ran.lists,
            changes: ran.changes,
            before,
            answers: ran.answers,
        })
    }

    fn check_parent(&self, parent: &BatchHeader, version: u32, inputs: &[Timed]) -> Result<(), CaptureError> {
        if parent.exchange_id != self.deployment.exchange_id() {
            return Err(CaptureError::Parent { what: "exchange" });
        }
        // What a guest asks: not below the version from which on its rules hold (U-2), and never back (B-28).
        let least = parent.version.max(VERSION);
        if version < least {
            return Err(CaptureError::Version { least, got: version });
        }
        if parent.state_root_after != self.root() {
            return Err(CaptureError::Root { expected: parent.state_root_after, got: self.root() });
        }
        let first = inputs.first().map_or(parent.last_time, |input| input.time);
        if first < parent.last_time {
            return Err(CaptureError::Time { expected: parent.last_time.get(), got: first.get() });
        }
        Ok(())
    }

    fn header(
        &self,
        parent: &BatchHeader,
        version: u32,
        batch: &Batch,
        said: &Said,
        signatures: &Signatures,
        ran: &Recorded,
    ) -> BatchHeader {
        let times = batch.inputs.first().zip(batch.inputs.last());
        let (first_time, last_time) =
            times.map_or((parent.last_time, parent.last_time), |(first, last)| (first.time, last.time));
        BatchHeader {
            version,
            exchange_id: parent.exchange_id,
            number: parent.number.next(),
            parent_hash: parent.hash(),
            state_root_before: parent.state_root_after,
            state_root_after: self.root(),
            data_root: said.data_root,
            da_commitment: said.commitment,
            signatures_root: signatures.root(),
            receipts_root: ran.roots.receipts,
            withdrawals_root: ran.roots.withdrawals,
            withdrawals_next: WithdrawalIndex::new(ran.clock.withdrawals),
            inbox_next: ran.inbox.next,
            inbox_hash: ran.inbox.hash,
            first_sequence: parent.next_sequence,
            next_sequence: Sequence::new(ran.clock.next_sequence),
            first_time,
            last_time,
        }
    }
}
