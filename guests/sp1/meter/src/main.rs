//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes; `meter PROGRAM --where CASE` prints how often an execution
//! was seen at which address.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::{env, fs};

use ashlar_sp1_meter::{Case, Executed, cases, execute, samples};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [program] => print(program),
        [program, option, case] if option == "--where" => places(program, case),
        [program, snapshot] => compare(program, snapshot),
        _ => Err("usage: ashlar-sp1-meter PROGRAM [SNAPSHOT | --where CASE]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path}: {error}"))
}

/// A case and what it cost, as a line of JSON. Numbers are of the whole batch but for those that say otherwise.
fn line(elf: &[u8], case: &Case) -> Result<String, String> {
    let Executed { count, .. } = execute(elf, &case.packed).map_err(|error| format!("{}: {error}", case.name))?;
    let of_each = |total: u64| total / case.commands;
    Ok(format!(
        "{{\"name\":\"{}\",\"commands\":{},\"cycles_per_command\":{},\"ie_per_command\":{},\"cycles\":{},\"sha256_blocks\":{},\
         \"keccaks\":{},\"point_adds\":{},\"point_doubles\":{},\"multiplies\":{},\"words\":{}}}",
        case.name,
        case.commands,
        of_each(count.cycles),
        of_each(count.instruction_equivalents()),
        count.cycles,
        count.sha256_blocks,
        count.keccaks,
        count.point_adds,
        count.point_doubles,
        count.multiplies,
        count.words,
    ))
}

fn print(program: &str) -> Result<(), String> {
    let elf = read(program)?;
    for case in cases() {
        println!("{}", line(&elf, &case)?);
    }
    Ok(())
}

fn places(program: &str, name: &str) -> Result<(), String> {
    let elf = read(program)?;
    let case = cases().find(|case| case.name == name).ok_or_else(|| format!("{name} is no case"))?;
    for (address, times) in samples(&elf, &case.packed).map_err(|error| error.to_string())? {
        println!("{address:#x} {times}");
    }
    Ok(())
}

fn compare(program: &str, snapshot: &str) -> Result<(), String> {
    let elf = read(program)?;
    let snapshot_text = String::from_utf8(read(snapshot)?).map_err(|error| format!("{snapshot}: {error}"))?;
    let mut expected = snapshot_text.lines();
    let (mut passed, mut failed) = (0, 0);
    for case in cases() {
        let got = line(&elf, &case)?;
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
