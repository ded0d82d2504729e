//! Where an execution spends its cycles, by looking now and then.

use std::collections::BTreeMap;
use std::sync::Arc;

use ashlar_guest::words_to_bytes;
use ashlar_guest_hints::prepare;
use sp1_core_executor::{MinimalExecutorEnum, Program};

use crate::execute::ExecuteError;

/// Memory accesses between two looks.
const STRIDE: u64 = 512;

/// How often the execution was seen at each address of the program. Of a program with its symbols, `addr2line` names the places.
pub fn samples(elf: &[u8], packed: &[u64]) -> Result<BTreeMap<u64, u64>, ExecuteError> {
    let (_, hints) = prepare(packed).map_err(ExecuteError::Refused)?;
    let program = Program::from(elf).map_err(|error| ExecuteError::Program(error.to_string()))?;
    let mut machine = MinimalExecutorEnum::new(Arc::new(program), false, Some(STRIDE));
    machine.with_input(&words_to_bytes(packed));
    machine.with_input(&words_to_bytes(&hints));
    let mut seen = BTreeMap::new();
    while machine.execute_chunk().is_some() {
        *seen.entry(machine.pc()).or_default() += 1;
    }
    Ok(seen)
}
