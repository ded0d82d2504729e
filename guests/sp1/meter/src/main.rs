//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes; `meter PROGRAM --where CASE` prints how often an execution
//! was seen at which address.
#![forbid(unsafe_code)]

use std::env;
use std::process::ExitCode;

use ashlar_guest_meter::{Case, Figures, exit, read, run};
use ashlar_sp1_meter::{Count, ExecuteError, cases, execute, samples};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    exit(match arguments.as_slice() {
        [program, option, case] if option == "--where" => places(program, case),
        _ => run("ashlar-sp1-meter PROGRAM [SNAPSHOT | --where CASE]", &arguments, cases(), figures),
    })
}

fn figures(elf: &[u8], case: &Case) -> Result<Figures, ExecuteError> {
    let count = execute(elf, &case.packed)?.count;
    let Count { cycles, sha256_blocks, keccaks, point_adds, point_doubles, multiplies, words } = count;
    Ok(vec![
        ("cycles_per_command", cycles / case.commands),
        ("ie_per_command", count.instruction_equivalents() / case.commands),
        ("cycles", cycles),
        ("sha256_blocks", sha256_blocks),
        ("keccaks", keccaks),
        ("point_adds", point_adds),
        ("point_doubles", point_doubles),
        ("multiplies", multiplies),
        ("words", words),
    ])
}

fn places(program: &str, name: &str) -> Result<(), String> {
    let elf = read(program)?;
    let case = cases().find(|case| case.name == name).ok_or_else(|| format!("{name} is no case"))?;
    for (address, times) in samples(&elf, &case.packed).map_err(|error| error.to_string())? {
        println!("{address:#x} {times}");
    }
    Ok(())
}
