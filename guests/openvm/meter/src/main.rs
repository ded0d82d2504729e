//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes.
#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::env;
use std::process::ExitCode;

use ashlar_guest_meter::{Case, Figures, exit, run};
use ashlar_openvm_machine::{Machine, SEGMENT_BYTES};
use ashlar_openvm_meter::{Count, ExecuteError, cases, compare, prepare};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // Made once, since that takes longer than most executions.
    let machine = OnceCell::new();
    let measure = |elf: &[u8], case: &Case| {
        let machine = machine.get_or_init(|| Machine::new(elf, SEGMENT_BYTES).map_err(|error| error.to_string()));
        figures(machine.as_ref().map_err(Clone::clone)?, case).map_err(|error| error.to_string())
    };
    exit(run("ashlar-openvm-meter PROGRAM [SNAPSHOT]", &arguments, cases(), measure))
}

fn figures(machine: &Machine, case: &Case) -> Result<Figures, ExecuteError> {
    let prepared = prepare(&case.packed)?;
    let executed = machine.execute(&prepared.items).map_err(ExecuteError::Machine)?;
    compare(&prepared.public_values, &executed)?;
    let count = Count::of(&executed);
    let mut figures = vec![
        ("instructions_per_command", count.instructions / case.commands),
        ("cells_per_command", count.cells() / case.commands),
        ("instructions", count.instructions),
        ("segments", count.segments),
    ];
    figures.extend(count.parts());
    Ok(figures)
}
