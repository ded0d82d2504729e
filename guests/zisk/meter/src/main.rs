//! Prints what the guest costs as JSON, one case a line, or compares it with the snapshot.
//!
//! `meter PROGRAM` prints; `meter PROGRAM SNAPSHOT` compares and never writes.
#![forbid(unsafe_code)]

use std::process::ExitCode;
use std::{env, fs};

use ashlar_zisk_meter::{Case, Executed, cases, execute};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [program] => print(program),
        [program, snapshot] => compare(program, snapshot),
        _ => Err("usage: ashlar-zisk-meter PROGRAM [SNAPSHOT]".to_owned()),
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
    let executed = execute(elf, &case.packed).map_err(|error| format!("{}: {error}", case.name))?;
    let Executed { count, .. } = executed;
    Ok(format!(
        "{{\"name\":\"{}\",\"commands\":{},\"steps_per_command\":{},\"steps\":{},\"sha256_blocks\":{},\"keccaks\":{},\"point_adds\":{},\
         \"point_doubles\":{},\"multiplies\":{}}}",
        case.name,
        case.commands,
        count.steps / case.commands,
        count.steps,
        count.sha256_blocks,
        count.keccaks,
        count.point_adds,
        count.point_doubles,
        count.multiplies,
    ))
}

fn print(program: &str) -> Result<(), String> {
    let elf = read(program)?;
    for case in cases() {
        println!("{}", line(&elf, &case)?);
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
