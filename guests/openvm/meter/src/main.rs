//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes; `meter PROGRAM --chips CASE` prints the rows of each chip.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::{env, fs};

use ashlar_openvm_machine::{Executed, Machine};
use ashlar_openvm_meter::{Case, Count, cases, compare, prepare};

/// Memory that a segment may take: of a machine of 16 GiB.
const SEGMENT_BYTES_MAX: usize = 6 << 30;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [program] => print(program),
        [program, option, case] if option == "--chips" => chips(program, case),
        [program, snapshot] => against(program, snapshot),
        _ => Err("usage: ashlar-openvm-meter PROGRAM [SNAPSHOT | --chips CASE]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn machine(program: &str) -> Result<Machine, String> {
    let elf = fs::read(program).map_err(|error| format!("{program}: {error}"))?;
    Machine::new(&elf, SEGMENT_BYTES_MAX).map_err(|error| error.to_string())
}

fn execute(machine: &Machine, case: &Case) -> Result<Executed, String> {
    let failed = |error: String| format!("{}: {error}", case.name);
    let prepared = prepare(&case.packed).map_err(|error| failed(error.to_string()))?;
    let executed = machine.execute(&prepared.items).map_err(|error| failed(error.to_string()))?;
    compare(&prepared.public_values, &executed).map_err(|error| failed(error.to_string()))?;
    Ok(executed)
}

/// A case and what it cost, as a line of JSON. Numbers are of the whole batch but for those that say otherwise.
fn line(machine: &Machine, case: &Case) -> Result<String, String> {
    let count = Count::of(&execute(machine, case)?);
    let parts: String =
        count.cells.iter().map(|(name, cells)| format!(",\"{}_cells\":{cells}", name.replace(' ', "_"))).collect();
    Ok(format!(
        "{{\"name\":\"{}\",\"commands\":{},\"cycles_per_command\":{},\"cells_per_command\":{},\"cycles\":{},\"segments\":{}{parts}}}",
        case.name,
        case.commands,
        count.cycles / case.commands,
        count.total() / case.commands,
        count.cycles,
        count.segments,
    ))
}

fn print(program: &str) -> Result<(), String> {
    let machine = machine(program)?;
    for case in cases() {
        println!("{}", line(&machine, &case)?);
    }
    Ok(())
}

fn chips(program: &str, name: &str) -> Result<(), String> {
    let machine = machine(program)?;
    let case = cases().find(|case| case.name == name).ok_or_else(|| format!("{name} is no case"))?;
    for (chip, (rows, width)) in execute(&machine, &case)?.rows {
        println!("{:>12} cells, {rows:>9} rows of {width:>4}: {chip}", rows * width);
    }
    Ok(())
}

fn against(program: &str, snapshot: &str) -> Result<(), String> {
    let machine = machine(program)?;
    let snapshot_text = fs::read_to_string(snapshot).map_err(|error| format!("{snapshot}: {error}"))?;
    let mut expected = snapshot_text.lines();
    let (mut passed, mut failed) = (0, 0);
    for case in cases() {
        let got = line(&machine, &case)?;
        let expected = expected.next().unwrap_or("nothing");
        if got == expected {
            println!("{} ... ok", case.name);
            passed += 1;
        } else {
            println!("{} ... FAILED\n  expected {expected}\n  got      {got}", case.name);
            failed += 1;
        }
    }
    println!("test result: {}. {passed} passed; {failed} failed; 0 ignored", if failed == 0 { "ok" } else { "FAILED" });
    if failed == 0 && expected.next().is_none() {
        return Ok(());
    }
    Err(format!("{snapshot} is not what the program costs; look at what changed, then replace it on purpose"))
}
