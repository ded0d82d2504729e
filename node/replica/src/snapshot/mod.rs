//! Snapshots: the whole state at the end of a batch, from which a start takes seconds instead of a replay of history.
//!
//! 1. A snapshot is its header, by a checksum, and its leaves, by the state root in that header: a changed byte anywhere is
//!    noticed when it is loaded (SPEC J-14).
//! 2. The beginning is written last: what was not finished has none, and is no snapshot (SPEC J-15).
//! 3. Writing one reads a map that the live engine does not touch, and only ever holds a window of it as bytes.

mod bytes;
mod store;

pub use bytes::SnapshotHead;
pub use store::{Rejected, Snapshot, SnapshotStore};

use ashlar_batch::merkle::Digest;
use ashlar_exchange::RestoreError;
use ashlar_state::MapError;
use ashlar_types::{BatchNumber, DecodeError};
use commonware_runtime::Error as RuntimeError;

/// Why a snapshot could not be written or loaded.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The disk failed; the snapshots that were there still are.
    #[error("could not {action}: {source}; free or repair the disk, then take the snapshot again")]
    Disk {
        /// What was being done.
        action: &'static str,
        /// What the runtime said.
        source: RuntimeError,
    },
    /// It was never finished, or its beginning is damaged.
    #[error("the snapshot has no whole beginning: it was not finished or is damaged; an older one is used")]
    Beginning,
    /// Written by another version.
    #[error("the snapshot is of version {got} and this program reads {expected}; use the release that wrote it")]
    Version {
        /// What this program reads.
        expected: u16,
        /// What it met.
        got: u16,
    },
    /// Its leaves cannot be read.
    #[error("the leaves of the snapshot end or change at byte {offset}: {source}; an older one is used")]
    Leaf {
        /// Where.
        offset: u64,
        /// Why.
        source: DecodeError,
    },
    /// Its leaves do not ascend.
    #[error("the leaves of the snapshot are out of order: {0}; an older one is used")]
    Order(MapError),
    /// Its leaves are not those of the root that it names.
    #[error("the leaves of the snapshot have root {got:?} and its header says {expected:?}; an older one is used")]
    Root {
        /// By its header.
        expected: Digest,
        /// By its leaves.
        got: Digest,
    },
    /// Its leaves are those of no state.
    #[error("{0}")]
    State(RestoreError),
    /// It is what changed since another one, which is gone or has no whole beginning.
    #[error("the snapshot holds what changed since the one of batch {}, which is gone or has no whole beginning; an older one is used", .number.get())]
    Base {
        /// The batch of the other one.
        number: BatchNumber,
    },
    /// There is none that is whole.
    #[error("no whole snapshot is here")]
    Missing,
}
