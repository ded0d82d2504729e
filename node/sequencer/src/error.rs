//! Why a node ends, and what whoever runs it should do.

use std::sync::Arc;

use ashlar_replica::{JournalError, SnapshotError};
use ashlar_types::Sequence;
use ashlar_types::sign::SignatureError;
use commonware_runtime::Error as RuntimeError;

/// Why a node does not start, or has stopped.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// No snapshot can be used, as they are: what is stored is damaged, or is not there.
    #[error("the snapshot cannot be used: {why}")]
    Snapshot {
        /// Why, and what to do.
        why: String,
    },
    /// What the journal holds cannot have been acknowledged by this program.
    #[error("the journal's record at command {at} does not replay: {what}; it was written by another program or exchange", at = .at.get())]
    Replay {
        /// Where.
        at: Sequence,
        /// What is wrong.
        what: &'static str,
    },
    /// A part that holds durable state failed.
    #[error("{part} failed: {why}; nothing more is accepted; repair it and start again")]
    Durable {
        /// Which part.
        part: &'static str,
        /// What happened.
        why: String,
    },
    /// The node's key cannot sign.
    #[error("the node's key cannot sign: {0}")]
    Key(#[from] SignatureError),
    /// A task ended that never should.
    #[error("the {task} ended by itself; this is a bug of Ashlar")]
    Ended {
        /// Which.
        task: &'static str,
    },
    /// What another task of the node stopped for.
    #[error(transparent)]
    First(Arc<NodeError>),
    /// The configuration cannot work.
    #[error("the configuration cannot work: {why}")]
    Config {
        /// Every reason, one per line.
        why: String,
    },
    /// A batch could not be built from what was executed.
    #[error(
        "batch {number} cannot be built: {why}; this is a bug of Ashlar, and the journal has everything it takes to find it"
    )]
    Batch {
        /// Which.
        number: u64,
        /// Why.
        why: String,
    },
}

impl NodeError {
    /// What was said of a snapshot. A disk that fails says nothing about what is on it, and whoever rebuilt the state for that might give up what is
    /// whole.
    pub(crate) fn of_snapshot(error: SnapshotError) -> NodeError {
        match &error {
            SnapshotError::Disk { source, .. } if !is_damage(source) => {
                NodeError::Durable { part: "the store of snapshots", why: error.to_string() }
            }
            _ => NodeError::Snapshot { why: error.to_string() },
        }
    }
}

/// Whether a disk gave what is on it, and that is no file of the runtime any more.
const fn is_damage(error: &RuntimeError) -> bool {
    matches!(
        error,
        RuntimeError::BlobCorrupt(..)
            | RuntimeError::BlobLayoutMismatch { .. }
            | RuntimeError::BlobVersionMismatch { .. }
            | RuntimeError::BlobInsufficientLength
            | RuntimeError::InvalidChecksum
    )
}
