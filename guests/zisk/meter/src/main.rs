//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use ashlar_guest_meter::{Case, Figures, exit, run};
use ashlar_zisk_meter::{ExecuteError, cases, execute};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    exit(run("ashlar-zisk-meter PROGRAM [SNAPSHOT]", &arguments, cases(), figures))
}

fn figures(elf: &[u8], case: &Case) -> Result<Figures, ExecuteError> {
    let count = execute(elf, &case.packed)?.count;
    let per_command = ("steps_per_command", count.steps / case.commands);
    Ok([per_command].into_iter().chain(count.parts()).collect())
}
