use core::fmt;

use ashlar_batch::BatchError;
use ashlar_batch::merkle::{Digest, ProofError};

use crate::{DaCommitment, Row};

/// Why coded data, or a part of it, is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodingError {
    /// No code has so many data rows.
    DataRows {
        /// The most there can be.
        max: usize,
        /// How many were asked for.
        got: usize,
    },
    /// No row has this length.
    RowBytes {
        /// The length.
        got: usize,
    },
    /// Something is not as long as the layout says.
    Length {
        /// Bytes by the layout.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A manifest belongs to another commitment, or its numbers do not fit each other.
    Manifest {
        /// The commitment that is trusted.
        expected: DaCommitment,
        /// The one that the manifest leads to.
        got: DaCommitment,
    },
    /// A manifest's combination has another count of entries than its code has data rows.
    Entries {
        /// Data rows.
        expected: usize,
        /// Entries.
        got: usize,
    },
    /// The data is not the data of the header.
    DataRoot {
        /// The root that is trusted.
        expected: Digest,
        /// The root of the data.
        got: Digest,
    },
    /// A chunk stands where its layout has no row.
    NoSuchPlace {
        /// The place.
        place: u32,
    },
    /// A chunk holds another row than was asked for.
    OtherRow {
        /// The row it holds.
        row: Row,
        /// The position that was asked for.
        asked: u32,
    },
    /// Bytes that no commitment of rows ends in.
    NoCommitment,
    /// A chunk's proof is for a tree of another height.
    Height {
        /// Levels by the layout.
        expected: usize,
        /// Levels of the proof.
        got: usize,
    },
    /// A chunk is not under the commitment.
    Proof(ProofError),
    /// A row is committed to and is not what the code makes of the data: its publisher cheated.
    NotCoded {
        /// Which row.
        row: Row,
    },
    /// Too few rows to restore the data.
    TooFew {
        /// Rows that are needed.
        need: usize,
        /// Rows there are.
        have: usize,
    },
    /// The restored rows are not rows of a batch.
    Batch(BatchError),
    /// The engine refused what the layout allows.
    Engine,
}

impl fmt::Display for CodingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataRows { max, got } => write!(f, "{got} data rows; a code has 1 to {max}"),
            Self::RowBytes { got } => {
                write!(f, "a row of {got} bytes; rows have a power of two of bytes within the limits")
            }
            Self::Length { expected, got } => write!(f, "{got} bytes where the layout says {expected}"),
            Self::Manifest { expected, got } => {
                write!(f, "the manifest is of commitment {got:?} and not of {expected:?}; take it from another store")
            }
            Self::Entries { expected, got } => {
                write!(f, "the combination has {got} entries and the code {expected} data rows")
            }
            Self::DataRoot { expected, got } => {
                write!(f, "the data has root {got:?} and the header says {expected:?}; the commitment is of other data")
            }
            Self::NoSuchPlace { place } => write!(f, "no row stands at place {place} of this layout"),
            Self::OtherRow { row, asked } => {
                write!(f, "the chunk holds row {} and {asked} was asked for; ask again or elsewhere", row.get())
            }
            Self::NoCommitment => f.write_str("these 32 bytes are no commitment to rows; take another scheme"),
            Self::Height { expected, got } => {
                write!(f, "the chunk's proof has {got} levels and the commitment's tree {expected}")
            }
            Self::Proof(error) => write!(f, "the chunk is not under the commitment: {error}"),
            Self::NotCoded { row } => {
                write!(f, "row {} is committed to but not coded from the data; the publisher is at fault", row.get())
            }
            Self::TooFew { need, have } => {
                write!(f, "{have} rows of the {need} that are needed; fetch {} more", need.saturating_sub(*have))
            }
            Self::Batch(error) => write!(f, "the restored rows are no batch: {error}"),
            Self::Engine => f.write_str("the engine refused rows that the layout allows; this is a bug"),
        }
    }
}

impl core::error::Error for CodingError {}

impl From<ProofError> for CodingError {
    fn from(error: ProofError) -> CodingError {
        Self::Proof(error)
    }
}

impl From<BatchError> for CodingError {
    fn from(error: BatchError) -> CodingError {
        Self::Batch(error)
    }
}
