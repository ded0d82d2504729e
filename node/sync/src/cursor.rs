//! How far each layer has come.
//!
//! Nothing keeps cursors: they are read off what a node records of each batch, durably and after what it describes (SPEC Y-1, Y-2). So they cannot
//! say anything else than the records do, whatever a crash tore.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_types::{BatchNumber, Sequence};

/// Where a layer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The last batch that this layer has.
    pub batch: BatchNumber,
    /// The hash of its header.
    pub header: Hash,
    /// The state after it.
    pub root: Digest,
    /// The first command after it.
    pub next: Sequence,
    /// The L1 block in which it was committed; nothing while it is only here.
    pub block: Option<u64>,
}

impl Cursor {
    /// At a batch.
    pub fn at(header: &BatchHeader, block: Option<u64>) -> Cursor {
        Cursor {
            batch: header.number,
            header: header.hash(),
            root: header.state_root_after,
            next: header.next_sequence,
            block,
        }
    }
}

/// All three layers. A layer without a batch stands nowhere yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Cursors {
    /// What this node has executed and keeps.
    pub local: Option<Cursor>,
    /// What is proven on L1.
    pub proven: Option<Cursor>,
    /// What is committed on L1.
    pub l1: Option<Cursor>,
    /// What nothing takes back.
    pub finalized: Option<Cursor>,
}

impl Cursors {
    /// Each with its name, from the one that is furthest to the one that stays.
    pub const fn named(&self) -> [(&'static str, Option<Cursor>); 4] {
        [("local", self.local), ("l1", self.l1), ("proven", self.proven), ("final", self.finalized)]
    }
}
