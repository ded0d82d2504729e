//! What can be wrong with a witness.

use core::fmt;

use crate::key::Key;
use crate::rows::Fault;

/// Why a witness proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessError {
    /// A section does not divide into records.
    Ragged {
        /// Which section.
        section: Section,
        /// Its length.
        got: usize,
    },
    /// A section does not have as many items as another one says.
    Count {
        /// Which section.
        section: Section,
        /// What the other section says.
        expected: usize,
        /// What is there.
        got: usize,
    },
    /// The key of this row is not greater than the one before.
    KeyOrder {
        /// The row.
        row: usize,
    },
    /// A row claims more words than a value can have.
    ValueLength {
        /// The row.
        row: usize,
        /// The claimed length.
        got: u8,
    },
    /// Execution found a fault.
    Fault(Fault),
    /// Execution did not ask for every hint.
    HintsUnused {
        /// How many it asked for.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// An operation that is neither a position, nor an opaque subtree, nor a row.
    Operation {
        /// Which operation.
        index: usize,
        /// The byte.
        got: u8,
    },
    /// A join without two subtrees to join.
    JoinMissing {
        /// Which operation.
        index: usize,
    },
    /// More open subtrees than a trie can have.
    TooDeep {
        /// Which operation.
        index: usize,
    },
    /// The operations do not end in one trie.
    Unjoined {
        /// How many subtrees are left.
        got: usize,
    },
    /// The byte in which a position is hashed is not zero in an opaque digest.
    DigestTail {
        /// Which operation.
        index: usize,
    },
    /// A node lies above another one whose position is not greater.
    PositionOrder {
        /// Which operation.
        index: usize,
        /// The position of the node.
        position: u8,
        /// The position of the child.
        child: u8,
    },
    /// Two opaque subtrees are joined: nothing shows where, and nobody asked.
    JoinOpaque {
        /// Which operation.
        index: usize,
    },
    /// A node that the old trie does not have is not supported by a row on both sides.
    Unsupported {
        /// Which operation.
        index: usize,
    },
    /// The rows on both sides of a node do not part at its position.
    Parting {
        /// Which operation.
        index: usize,
        /// The position of the node.
        position: u8,
        /// The last key on the left.
        left: Key,
        /// The first key on the right.
        right: Key,
    },
    /// A row stands on the wrong side of a node.
    Side {
        /// Which operation.
        index: usize,
        /// The position of the node.
        position: u8,
        /// The key of the row.
        key: Key,
    },
}

/// A part of a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Keys of the rows.
    Keys,
    /// Lengths of the old values.
    Lens,
    /// Words of the old values.
    Words,
    /// Hints for execution.
    Hints,
    /// Operations of the proof.
    Ops,
    /// Opaque digests.
    Digests,
}

impl fmt::Display for WitnessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ragged { section, got } => write!(f, "{section:?}: {got} does not divide into records"),
            Self::Count { section, expected, got } => write!(f, "{section:?}: expected {expected}, got {got}"),
            Self::KeyOrder { row } => write!(f, "the key of row {row} does not ascend"),
            Self::ValueLength { row, got } => write!(f, "row {row} claims {got} words"),
            Self::Fault(fault) => write!(f, "execution: {fault}"),
            Self::HintsUnused { expected, got } => write!(f, "{got} hints for {expected} questions"),
            Self::Operation { index, got } => write!(f, "operation {index}: unknown code {got}"),
            Self::JoinMissing { index } => write!(f, "operation {index}: nothing to join"),
            Self::TooDeep { index } => write!(f, "operation {index}: too many open subtrees"),
            Self::Unjoined { got } => write!(f, "{got} subtrees are left instead of one"),
            Self::DigestTail { index } => write!(f, "operation {index}: the digest's last byte is not zero"),
            Self::PositionOrder { index, position, child } => {
                write!(f, "operation {index}: position {position} above position {child}")
            }
            Self::JoinOpaque { index } => write!(f, "operation {index}: joins two opaque subtrees"),
            Self::Unsupported { index } => write!(f, "operation {index}: no row shows where the new node belongs"),
            Self::Parting { index, position, left, right } => {
                write!(f, "operation {index}: {left:?} and {right:?} do not part at {position}")
            }
            Self::Side { index, position, key } => {
                write!(f, "operation {index}: {key:?} is on the wrong side of position {position}")
            }
        }
    }
}

impl core::error::Error for WitnessError {}

/// Why bytes are not a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WitnessBytesError {
    /// Another version of the format.
    Version {
        /// The version this code reads.
        expected: u32,
        /// The version that was found.
        got: u32,
    },
    /// A section is longer than allowed.
    Limit {
        /// Which section.
        section: Section,
        /// The most items allowed.
        max: u32,
        /// The items announced.
        got: u32,
    },
    /// There are fewer or more bytes than announced.
    Length {
        /// The bytes announced.
        expected: u64,
        /// The bytes there are.
        got: u64,
    },
}

impl fmt::Display for WitnessBytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { expected, got } => write!(f, "witness version {got}, this code reads {expected}"),
            Self::Limit { section, max, got } => write!(f, "{section:?}: {got} items, at most {max} are allowed"),
            Self::Length { expected, got } => write!(f, "{got} bytes where {expected} are announced"),
        }
    }
}

impl core::error::Error for WitnessBytesError {}
