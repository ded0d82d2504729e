//! What can be wrong with a proof.

use core::fmt;

use crate::hash::Digest;
use crate::key::Key;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// Another version of the format.
    Version {
        /// The version this code reads.
        expected: u8,
        /// The version that was found.
        got: u8,
    },
    /// Not a proof of the kind that was asked for.
    Kind {
        /// The byte.
        got: u8,
    },
    /// The bytes end too early.
    Truncated {
        /// The bytes needed next.
        expected: usize,
        /// The bytes left.
        got: usize,
    },
    /// Bytes follow the proof.
    Trailing {
        /// How many.
        got: usize,
    },
    /// A leaf with no words, or too many.
    ValueLength {
        /// The number of words.
        got: u8,
    },
    /// More steps than allowed.
    Steps {
        /// The most allowed.
        max: u8,
        /// The steps announced.
        got: u8,
    },
    /// The position of a step is not below that of the step before.
    PositionOrder {
        /// The position it must be below.
        below: u8,
        /// The position of the step.
        got: u8,
    },
    /// A step of one neighbour is not under the node where the neighbours part.
    Position {
        /// The position it must be greater than.
        above: u8,
        /// The position of the step.
        got: u8,
    },
    /// The leaves that are shown do not enclose the key.
    Outside {
        /// The key that was asked for.
        key: Key,
        /// The leaf that should be before it.
        left: Option<Key>,
        /// The leaf that should be at or after it.
        right: Option<Key>,
    },
    /// The proof hashes up to another root.
    Root {
        /// The root that was given.
        expected: Digest,
        /// The root of the proof.
        got: Digest,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { expected, got } => write!(f, "proof version {got}, this code reads {expected}"),
            Self::Kind { got } => write!(f, "proof kind {got} is not the one asked for"),
            Self::Truncated { expected, got } => write!(f, "{expected} more bytes are needed, {got} are left"),
            Self::Trailing { got } => write!(f, "{got} bytes follow the proof"),
            Self::ValueLength { got } => write!(f, "a leaf of {got} words"),
            Self::Steps { max, got } => write!(f, "{got} steps, at most {max} are allowed"),
            Self::PositionOrder { below, got } => write!(f, "position {got} is not below {below}"),
            Self::Position { above, got } => write!(f, "position {got} is not above {above}"),
            Self::Outside { key, left, right } => write!(f, "{key:?} is not between {left:?} and {right:?}"),
            Self::Root { expected, got } => write!(f, "the proof is of root {got:?}, not {expected:?}"),
        }
    }
}

impl core::error::Error for ProofError {}
