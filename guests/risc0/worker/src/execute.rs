//! One execution.

use std::fmt;

use ashlar_guest::{GuestError, words_to_bytes};
use ashlar_guest_hints::prepare;
use ashlar_types::to_bytes;
use risc0_circuit_rv32im::execute::Segment;

use crate::machine::{Count, Program, Ran};

/// Rows of a segment, as a power of two, where nothing else is asked for: what is proven in little memory.
pub const SEGMENT_PO2: u32 = 18;

/// Why there is no result.
#[derive(Debug)]
pub enum ExecuteError {
    /// The check itself fails, without any machine.
    Refused(GuestError),
    /// The machine stopped.
    Machine(String),
    /// The machine did not come to the public values that plain code comes to.
    Differs {
        /// What plain code says.
        expected: Vec<u8>,
        /// What the machine said.
        got: Vec<u8>,
        /// With which code it halted, if it did.
        code: Option<u16>,
    },
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the guest refuses this: {error}"),
            Self::Machine(error) => write!(f, "the execution stopped: {error}"),
            Self::Differs { expected, got, code } => {
                write!(f, "the machine ended with {code:?} and {got:02x?}, plain code says {expected:02x?}")
            }
        }
    }
}

impl std::error::Error for ExecuteError {}

/// What came of an execution.
pub struct Executed {
    /// The bytes of the public values.
    pub public_values: Vec<u8>,
    /// What it used.
    pub count: Count,
    /// What a prover needs; nothing if that was not asked for.
    pub segments: Vec<Segment>,
}

impl fmt::Debug for Executed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executed")
            .field("public_values", &self.public_values)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// Each input as the guest reads it: how many words, then the words.
fn input(packed: &[u64], hints: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for words in [packed, hints] {
        // The guest's memory is of 32 bits; an input that is longer than it can say is not what it reads.
        bytes.extend(u32::try_from(words.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(words_to_bytes(words));
    }
    bytes
}

/// Runs a program over packed inputs, in segments of at most `2^po2` rows, and compares what it says with what plain code says.
pub fn execute(program: &Program, packed: &[u64], po2: u32, keep: bool) -> Result<Executed, ExecuteError> {
    let (values, hints) = prepare(packed).map_err(ExecuteError::Refused)?;
    let ran = program.run(input(packed, &hints), po2, keep);
    let Ran { journal, code, count, segments } = ran.map_err(|error| ExecuteError::Machine(format!("{error:#}")))?;
    let expected = to_bytes(&values);
    if code != Some(0) || journal != expected {
        return Err(ExecuteError::Differs { expected, got: journal, code });
    }
    Ok(Executed { public_values: journal, count, segments })
}
