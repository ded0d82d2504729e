use std::fmt;

use ashlar_batch::merkle::ProofError;
use ashlar_batch::{Hash, LinkError};

/// Why something is not proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LightError {
    /// The public values are of another exchange or version than the headers.
    WrongPublicValues,
    /// Two headers do not follow each other.
    Link(LinkError),
    /// The headers are not those that the proof speaks of.
    Stretch {
        /// What differs.
        what: &'static str,
        /// As the proof says.
        expected: Hash,
        /// As the headers are.
        got: Hash,
    },
    /// The proof speaks of more or fewer batches than there are headers.
    Count {
        /// As the proof says.
        expected: u64,
        /// Headers there are.
        got: u64,
    },
    /// There is no such header in the stretch.
    NoHeader {
        /// The place that was asked for.
        index: usize,
    },
    /// A receipt, withdrawal or row is not under its root.
    Path(ProofError),
    /// A leaf is not under the state's root.
    State(ashlar_state::ProofError),
    /// The receipt is not that of what is claimed.
    Claim {
        /// What differs.
        what: &'static str,
    },
}

impl fmt::Display for LightError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongPublicValues => {
                write!(f, "the public values are of another exchange or version than the headers")
            }
            Self::Link(error) => write!(f, "the headers do not follow each other: {error}"),
            Self::Stretch { what, expected, got } => {
                write!(f, "the {what} of the headers is {got:?}, where the proof says {expected:?}")
            }
            Self::Count { expected, got } => write!(f, "{got} headers for a proof of {expected} batches"),
            Self::NoHeader { index } => write!(f, "there is no header at {index} in this stretch"),
            Self::Path(error) => write!(f, "it is not in the batch: {error}"),
            Self::State(error) => write!(f, "it is not in the state: {error}"),
            Self::Claim { what } => write!(f, "the receipt says something else of {what}"),
        }
    }
}

impl std::error::Error for LightError {}

impl From<LinkError> for LightError {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

impl From<ProofError> for LightError {
    fn from(error: ProofError) -> Self {
        Self::Path(error)
    }
}

impl From<ashlar_state::ProofError> for LightError {
    fn from(error: ashlar_state::ProofError) -> Self {
        Self::State(error)
    }
}
