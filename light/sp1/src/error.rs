use std::fmt;

use crate::program::Program;

/// Why something is not proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sp1Error {
    /// These 32 bytes are the hash of no program's key.
    NoProgram {
        /// The bytes.
        got: [u8; 32],
    },
    /// The bytes are no proof of the kind that was asked for.
    Malformed {
        /// What is wrong with them.
        reason: String,
    },
    /// The proof is of another program.
    WrongProgram {
        /// Which it should be of.
        expected: Program,
        /// Which it says it is of.
        got: Program,
    },
    /// The proof says something else.
    WrongPublicValues {
        /// The SHA-256 of what it should say.
        expected: [u8; 32],
        /// What it commits to.
        got: [u8; 32],
    },
    /// The proof is made as it should be, and does not prove anything.
    Rejected {
        /// What the verifier says.
        reason: String,
    },
}

impl fmt::Display for Sp1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProgram { got } => {
                write!(f, "0x")?;
                got.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                write!(f, " is the hash of no program's key; take it from where the program is committed or deployed")
            }
            Self::Malformed { reason } => write!(f, "the bytes are no such proof: {reason}"),
            Self::WrongProgram { expected, got } => {
                write!(f, "the proof is of program {got}, where {expected} is expected")
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

impl std::error::Error for Sp1Error {}

impl Sp1Error {
    pub(crate) fn malformed(reason: impl fmt::Display) -> Sp1Error {
        Sp1Error::Malformed { reason: reason.to_string() }
    }
}
