//! What programs cost, written down a line of JSON for each case, and compared with what was written down before.

use std::fmt::Display;
use std::fs;
use std::process::ExitCode;

use crate::case::Case;

/// What a case cost: numbers with their names, in the order in which they are written down. They are of the whole batch but for those that say
/// otherwise.
pub type Figures = Vec<(&'static str, u64)>;

/// Does what the arguments of a meter say: `PROGRAM` prints what each case costs, `PROGRAM SNAPSHOT` compares and never writes. Others are
/// answered with how it is used.
pub fn run<E: Display>(
    usage: &str,
    arguments: &[String],
    mut cases: impl Iterator<Item = Case>,
    measure: impl Fn(&[u8], &Case) -> Result<Figures, E>,
) -> Result<(), String> {
    let (program, snapshot) = match arguments {
        [program] => (program, None),
        [program, snapshot] => (program, Some(snapshot)),
        _ => return Err(format!("usage: {usage}")),
    };
    let elf = read(program)?;
    let line = |case: &Case| {
        let figures = measure(&elf, case).map_err(|error| format!("{}: {error}", case.name))?;
        Ok::<_, String>(line_of(case, &figures))
    };
    let Some(snapshot) = snapshot else {
        return cases.try_for_each(|case| {
            println!("{}", line(&case)?);
            Ok(())
        });
    };
    let text = String::from_utf8(read(snapshot)?).map_err(|error| format!("{snapshot}: {error}"))?;
    let measured = cases.map(|case| Ok((line(&case)?, case.name)));
    if compare(measured, &text)? {
        return Ok(());
    }
    Err(format!("{snapshot} is not what the program costs; look at what changed, then replace it on purpose"))
}

/// A whole file.
pub fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path}: {error}"))
}

/// How a meter ends.
pub fn exit(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn line_of(case: &Case, figures: &Figures) -> String {
    let figures: String = figures.iter().map(|(name, number)| format!(",\"{name}\":{number}")).collect();
    format!("{{\"name\":\"{}\",\"commands\":{}{figures}}}", case.name, case.commands)
}

/// Whether the lines are those of the snapshot, all of them and no others. Says so of each, as a test does.
fn compare(measured: impl Iterator<Item = Result<(String, String), String>>, snapshot: &str) -> Result<bool, String> {
    let mut expected = snapshot.lines();
    let (mut passed, mut failed) = (0, 0);
    for one in measured {
        let (got, name) = one?;
        let expected = expected.next().unwrap_or("nothing");
        if got == expected {
            println!("{name} ... ok");
            passed += 1;
        } else {
            println!("{name} ... FAILED\n  expected {expected}\n  got      {got}");
            failed += 1;
        }
    }
    for left in expected {
        println!("nothing was measured ... FAILED\n  expected {left}");
        failed += 1;
    }
    println!("test result: {}. {passed} passed; {failed} failed; 0 ignored", if failed == 0 { "ok" } else { "FAILED" });
    Ok(failed == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(names: &[&str]) -> Vec<Result<(String, String), String>> {
        let case = |name: &&str| Case { name: (*name).to_owned(), commands: 2, packed: Vec::new() };
        names.iter().map(case).map(|case| Ok((line_of(&case, &vec![("steps", 7)]), case.name))).collect()
    }

    #[test]
    fn a_snapshot_is_every_line_of_it_and_no_other() {
        let (a, b) = (r#"{"name":"a","commands":2,"steps":7}"#, r#"{"name":"b","commands":2,"steps":7}"#);
        let is_same = |snapshot: &str| compare(lines(&["a", "b"]).into_iter(), snapshot).expect("measured");
        assert!(is_same(&format!("{a}\n{b}\n")));
        for other in [format!("{a}\n"), format!("{a}\n{b}\n{a}\n"), format!("{b}\n{a}\n"), b.replace('7', "8")] {
            assert!(!is_same(&other), "{other}");
        }
        let failing = [Err::<(String, String), _>("a: it stopped".to_owned())];
        assert!(compare(failing.into_iter(), a).is_err());
    }
}
