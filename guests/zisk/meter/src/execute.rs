//! One execution.

use std::fmt;

use ashlar_guest::{GuestError, words_to_bytes};
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

/// What a run starts from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prepared {
    /// What plain code says, as bytes.
    pub public_values: Vec<u8>,
    /// What the guest reads, to the last byte: what ZisK's tools take as the file of a program's inputs.
    pub input: Vec<u8>,
}

/// Runs plain code over packed inputs, and puts them where the guest reads them: how many bytes each has, then its words.
pub fn prepare(packed: &[u64]) -> Result<Prepared, ExecuteError> {
    let (values, hints) = ashlar_guest_hints::prepare(packed).map_err(ExecuteError::Refused)?;
    let mut input = Vec::new();
    for words in [packed, &hints] {
        input.extend((8 * words.len() as u64).to_le_bytes());
        input.extend(words_to_bytes(words));
    }
    Ok(Prepared { public_values: to_bytes(&values), input })
}

/// Runs a program over what was prepared and compares what it says with what plain code says.
pub fn run(elf: &[u8], prepared: &Prepared) -> Result<Executed, ExecuteError> {
    let expected = &prepared.public_values;
    let machine = Machine::new(elf, &prepared.input);
    let ran = machine.and_then(|machine| machine.run(expected.len()));
    let (got, count) = ran.map_err(ExecuteError::Machine)?;
    if got != *expected {
        return Err(ExecuteError::Differs { expected: expected.clone(), got });
    }
    Ok(Executed { public_values: got, count })
}

/// Both, one after the other.
pub fn execute(elf: &[u8], packed: &[u64]) -> Result<Executed, ExecuteError> {
    run(elf, &prepare(packed)?)
}
