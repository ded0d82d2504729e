//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use ashlar_guest_meter::{Case, Figures, exit, run};
use ashlar_risc0_meter::{Count, ExecuteError, cases, execute};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    exit(run("ashlar-risc0-meter PROGRAM [SNAPSHOT]", &arguments, cases(), figures))
}

fn figures(elf: &[u8], case: &Case) -> Result<Figures, ExecuteError> {
    let Count { guest, kernel, big_numbers, big_number_steps, input_bytes } = execute(elf, &case.packed)?.count;
    Ok(vec![
        ("steps_per_command", (guest + kernel + big_number_steps) / case.commands),
        ("guest", guest),
        ("kernel", kernel),
        ("big_numbers", big_numbers),
        ("big_number_steps", big_number_steps),
        ("input_bytes", input_bytes),
    ])
}
