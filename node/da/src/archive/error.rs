use ashlar_batch::Hash;
use ashlar_batch::merkle::Digest;
use ashlar_types::{BatchNumber, DecodeError};

use super::hex;
use crate::pack::PackError;

/// Why an archive does not do what it is asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Batches are archived one after the other.
    #[error("batch {} does not follow batch {}, the last in the archive", .got.get(), .last.get())]
    Order {
        /// The last that is there.
        last: BatchNumber,
        /// The one that was given.
        got: BatchNumber,
    },
    /// A batch of the right number follows another one than the last that is there.
    #[error(
        "batch {} comes after a batch of hash {}, and the last in the archive has hash {}: L1 took back what was archived, or \
         this is the archive of another exchange; begin a new one in another folder",
        .number.get(),
        word(.got),
        word(.last)
    )]
    Parent {
        /// The batch that was given.
        number: BatchNumber,
        /// The hash of the header that the archive ends with.
        last: Hash,
        /// The hash that the batch gives of the one before it.
        got: Hash,
    },
    /// The bytes are not those of the header.
    #[error("the bytes of batch {} have root {got:?} and the header says {expected:?}", .number.get())]
    DataRoot {
        /// The batch.
        number: BatchNumber,
        /// What the header says.
        expected: Digest,
        /// What the bytes have.
        got: Digest,
    },
    /// The signatures are not those of the header.
    #[error("the signatures of batch {} have another root than the header says", .0.get())]
    Signatures(BatchNumber),
    /// It was archived, and what is kept of it is damaged.
    #[error("what {place} keeps of batch {} is damaged: {why}; `ashlar archive repair` restores it from stores", .number.get())]
    Damaged {
        /// The batch.
        number: BatchNumber,
        /// Where.
        place: String,
        /// How that was seen.
        why: String,
    },
    /// The archive was made with another branching.
    #[error("the archive's index has {kept} children a node, not {asked}; open it with that many")]
    Branching {
        /// With how many it was made.
        kept: u16,
        /// With how many it was opened.
        asked: u16,
    },
    /// A place for segments failed.
    #[error("{place} failed to {action} {name}: {why}")]
    Objects {
        /// Which place.
        place: String,
        /// What it was doing.
        action: &'static str,
        /// With what.
        name: String,
        /// What was said.
        why: String,
    },
    /// The catalog failed or holds what it should not.
    #[error("the archive's catalog failed: {0}; check the disk")]
    Catalog(String),
}

impl From<DecodeError> for ArchiveError {
    fn from(error: DecodeError) -> ArchiveError {
        Self::Catalog(error.to_string())
    }
}

fn word(hash: &Hash) -> String {
    format!("0x{}", hex(&hash.0))
}

/// Names a failure of the catalog.
pub(super) fn catalog<E: Into<redb::Error>>(error: E) -> ArchiveError {
    ArchiveError::Catalog(error.into().to_string())
}

/// Names what a segment turned out to hold.
pub(super) fn damaged(number: BatchNumber, place: &str, why: impl ToString) -> ArchiveError {
    ArchiveError::Damaged { number, place: place.to_owned(), why: why.to_string() }
}

impl From<PackError> for ArchiveError {
    fn from(error: PackError) -> ArchiveError {
        Self::Catalog(error.to_string())
    }
}
