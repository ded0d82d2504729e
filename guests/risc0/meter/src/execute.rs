//! One execution.

use std::fmt;

use ashlar_guest::{GuestError, words_to_bytes};
use ashlar_guest_hints::prepare;
use ashlar_types::to_bytes;
use risc0_zkos_v1compat::V1COMPAT_ELF;
use sha2::{Digest, Sha256};

use crate::machine::{Count, Machine, MachineError, Ran};

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
        /// With which code it ended.
        code: u32,
    },
    /// The program bound its proof to something else than what it said.
    Unbound {
        /// What a verifier asks for.
        expected: [u8; 32],
        /// What a proof would be bound to.
        got: [u8; 32],
    },
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the guest refuses this: {error}"),
            Self::Machine(error) => write!(f, "{error}"),
            Self::Differs { expected, got, code } => {
                write!(f, "the machine ended with code {code} and {got:02x?}, plain code says {expected:02x?}")
            }
            Self::Unbound { expected, got } => {
                write!(f, "a proof would be bound to {got:02x?}, and a verifier asks for {expected:02x?}")
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

/// Runs a program over packed inputs and compares what it says with what plain code says.
pub fn execute(elf: &[u8], packed: &[u64]) -> Result<Executed, ExecuteError> {
    let (values, hints) = prepare(packed).map_err(ExecuteError::Refused)?;
    let machine = Machine::new(elf, V1COMPAT_ELF, input(packed, &hints));
    let Ran { code, journal, output, count } = machine.and_then(Machine::run).map_err(ExecuteError::Machine)?;
    let expected = to_bytes(&values);
    if code != 0 || journal != expected {
        return Err(ExecuteError::Differs { expected, got: journal, code });
    }
    let expected = bound(&journal);
    if output != expected {
        return Err(ExecuteError::Unbound { expected, got: output });
    }
    Ok(Executed { public_values: journal, count })
}

/// What a verifier asks of a proof: RISC Zero's hash of an output with this journal, which rests on no other proof.
fn bound(journal: &[u8]) -> [u8; 32] {
    let parts: [&[u8]; 4] = [&Sha256::digest("risc0.Output"), &Sha256::digest(journal), &[0; 32], &2_u16.to_le_bytes()];
    Sha256::digest(parts.concat()).into()
}
