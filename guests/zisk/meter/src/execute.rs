//! One execution.

use std::fmt;

use ashlar_guest::{GuestError, words_to_bytes};
use ashlar_guest_hints::prepare;
use ashlar_types::to_bytes;

use crate::machine::{Count, Machine, MachineError};

/// Why there is no result.
#[derive(Debug)]
pub enum ExecuteError {
    /// The check itself fails, without any machine.
    Refused(GuestError),
    /// The machine came to nothing.
    Machine(MachineError),
    /// The machine did not come to the public values that plain code comes to.
    Differs {
        /// What plain code says.
        expected: Vec<u8>,
        /// What the machine said.
        got: Vec<u8>,
    },
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the guest refuses this: {error}"),
            Self::Machine(error) => write!(f, "{error}"),
            Self::Differs { expected, got } => {
                write!(f, "the machine said {got:02x?}, plain code says {expected:02x?}")
            }
        }
    }
}

impl std::error::Error for ExecuteError {}

/// What came of an execution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Executed {
    /// The bytes of the public values.
    pub public_values: Vec<u8>,
    /// What it used.
    pub count: Count,
}

/// Each input as the guest reads it: how many bytes, then the words.
fn input(packed: &[u64], hints: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for words in [packed, hints] {
        bytes.extend((8 * words.len() as u64).to_le_bytes());
        bytes.extend(words_to_bytes(words));
    }
    bytes
}

/// Runs a program over packed inputs and compares what it says with what plain code says.
pub fn execute(elf: &[u8], packed: &[u64]) -> Result<Executed, ExecuteError> {
    let (values, hints) = prepare(packed).map_err(ExecuteError::Refused)?;
    let expected = to_bytes(&values);
    let machine = Machine::new(elf, &input(packed, &hints));
    let ran = machine.and_then(|machine| machine.run(expected.len()));
    let (got, count) = ran.map_err(ExecuteError::Machine)?;
    if got != expected {
        return Err(ExecuteError::Differs { expected, got });
    }
    Ok(Executed { public_values: got, count })
}
