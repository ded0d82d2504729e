//! One execution.

use std::fmt;
use std::sync::Arc;

use ashlar_guest::{GuestError, words_to_bytes};
use ashlar_guest_hints::prepare;
use ashlar_types::to_bytes;
use sp1_core_executor::{GasEstimatingVMEnum, MinimalExecutorEnum, Program, RiscvAirId, SP1CoreOpts};

use crate::count::Count;

/// Why there is no result.
#[derive(Debug)]
pub enum ExecuteError {
    /// The check itself fails, without any machine.
    Refused(GuestError),
    /// The file is no program for this machine.
    Program(String),
    /// The machine stopped.
    Machine(String),
    /// The machine did not come to the public values that plain code comes to.
    Differs {
        /// What plain code says.
        expected: Vec<u8>,
        /// What the machine said.
        got: Vec<u8>,
        /// With which code it ended.
        exit_code: u32,
    },
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(error) => write!(f, "the guest refuses this: {error}"),
            Self::Program(error) => write!(f, "the program cannot be read: {error}"),
            Self::Machine(error) => write!(f, "the execution stopped: {error}"),
            Self::Differs { expected, got, exit_code } => {
                write!(f, "the machine ended with code {exit_code} and {got:02x?}, plain code says {expected:02x?}")
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

/// Words that the shard touches for the first time, or again after a circuit has written them.
fn words_touched(counter: &GasEstimatingVMEnum<'_>) -> u64 {
    let chips = match counter {
        GasEstimatingVMEnum::Supervisor(counter) => &counter.gas_calculator.system_chips_counts,
        GasEstimatingVMEnum::User(counter) => &counter.gas_calculator.system_chips_counts,
    };
    chips[RiscvAirId::MemoryLocal]
}

/// Runs a program over packed inputs and compares what it says with what plain code says.
pub fn execute(elf: &[u8], packed: &[u64]) -> Result<Executed, ExecuteError> {
    let (values, hints) = prepare(packed).map_err(ExecuteError::Refused)?;
    let program = Program::from(elf).map_err(|error| ExecuteError::Program(error.to_string()))?;
    let program = Arc::new(program);
    let options = SP1CoreOpts::default();
    let mut machine = MinimalExecutorEnum::new(program.clone(), false, Some(options.gas_trace_chunk_threshold));
    machine.with_input(&words_to_bytes(packed));
    machine.with_input(&words_to_bytes(&hints));
    let mut count = Count::default();
    while let Some(chunk) = machine.execute_chunk() {
        let mut counter = GasEstimatingVMEnum::new(&chunk, program.clone(), [0; 4], options.clone());
        count += Count::of(&counter.execute().map_err(|error| ExecuteError::Machine(error.to_string()))?);
        count.words += words_touched(&counter);
    }
    let (expected, exit_code) = (to_bytes(&values), machine.exit_code());
    let got = machine.into_public_values_stream();
    if exit_code != 0 || got != expected {
        return Err(ExecuteError::Differs { expected, got, exit_code });
    }
    Ok(Executed { public_values: got, count })
}
