//! One execution, beside plain code.

use std::fmt;

use ashlar_guest::{GuestError, words_to_bytes};
use ashlar_openvm_machine::{Executed, MachineError};
use ashlar_types::to_bytes;
use sha2::{Digest, Sha256};

/// Why there is no result.
#[derive(Debug)]
pub enum ExecuteError {
    /// The check itself fails, without any machine.
    Refused(GuestError),
    /// The machine stopped.
    Machine(MachineError),
    /// The machine did not come to the public values that plain code comes to.
    Differs {
        /// The SHA-256 of what plain code says.
        expected: [u8; 32],
        /// What the machine revealed.
        got: Vec<u8>,
    },
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the guest refuses this: {error}"),
            Self::Machine(error) => write!(f, "{error}"),
            Self::Differs { expected, got } => {
                write!(f, "the machine revealed {got:02x?}, where plain code comes to {expected:02x?}")
            }
        }
    }
}

impl std::error::Error for ExecuteError {}

/// What is known of packed inputs before any machine runs.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The bytes of the public values.
    pub public_values: Vec<u8>,
    /// The machine's input: what was packed, and the hints.
    pub items: Vec<Vec<u8>>,
}

/// Runs plain code over packed inputs.
pub fn prepare(packed: &[u64]) -> Result<Prepared, ExecuteError> {
    let (values, hints) = ashlar_guest_hints::prepare(packed).map_err(ExecuteError::Refused)?;
    Ok(Prepared { public_values: to_bytes(&values), items: vec![words_to_bytes(packed), words_to_bytes(&hints)] })
}

/// Whether the machine says what plain code does.
pub fn compare(public_values: &[u8], executed: &Executed) -> Result<(), ExecuteError> {
    let expected: [u8; 32] = Sha256::digest(public_values).into();
    if executed.revealed != expected {
        return Err(ExecuteError::Differs { expected, got: executed.revealed.clone() });
    }
    Ok(())
}
