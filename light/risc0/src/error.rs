use std::fmt;

use crate::image::Image;

/// Why something is not proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RiscZeroError {
    /// The bytes are no proof of the kind that was asked for.
    Malformed {
        /// What is wrong with them.
        reason: String,
    },
    /// The proof is of another program.
    WrongImage {
        /// Which it should be of.
        expected: Image,
        /// Which it says it is of.
        got: Image,
    },
    /// The proof says something else.
    WrongPublicValues {
        /// The SHA-256 of what it should say.
        expected: [u8; 32],
        /// What it says that it commits to.
        got: [u8; 32],
    },
    /// The proof is made as it should be, and does not prove what it says.
    Rejected {
        /// What the verifier says.
        reason: String,
    },
}

impl fmt::Display for RiscZeroError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { reason } => write!(f, "the bytes are no such proof: {reason}"),
            Self::WrongImage { expected, got } => {
                write!(f, "the proof is of image {got}, where {expected} is expected")
            }
            Self::WrongPublicValues { expected, got } => {
                let hex = |hash: &[u8; 32]| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                write!(
                    f,
                    "the proof commits to values that hash to {}, the given ones hash to {}",
                    hex(got),
                    hex(expected)
                )
            }
            Self::Rejected { reason } => write!(f, "the proof proves nothing: {reason}"),
        }
    }
}

impl std::error::Error for RiscZeroError {}

impl RiscZeroError {
    pub(crate) fn malformed(reason: impl fmt::Display) -> RiscZeroError {
        RiscZeroError::Malformed { reason: reason.to_string() }
    }

    pub(crate) fn rejected(reason: impl fmt::Display) -> RiscZeroError {
        RiscZeroError::Rejected { reason: reason.to_string() }
    }
}
