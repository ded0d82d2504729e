//! Cycles of SP1's guest, counted by its executor, which is a program of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::figures::Figure;

/// The guest as it is committed.
const PROGRAM: &[u8] = include_bytes!("../../../../guests/sp1/program.elf");
const METER: &str = "ashlar-sp1-meter";
const BUILD: &str = "cargo build --release --manifest-path guests/sp1/Cargo.toml -p ashlar-sp1-meter";

/// What every kind of command costs, in batches of many sizes.
pub fn count(named: Option<&Path>) -> Result<Vec<Figure>> {
    let meter = find(named)?;
    let program = std::env::temp_dir().join(format!("ashlar-guest-{}.elf", std::process::id()));
    fs::write(&program, PROGRAM).with_context(|| format!("{} cannot be written", program.display()))?;
    let ran = Command::new(&meter).arg(&program).output();
    // What cannot be removed now is in a folder that the system empties.
    let _ = fs::remove_file(&program);
    let ran = ran.with_context(|| format!("{} cannot be started", meter.display()))?;
    ensure!(ran.status.success(), "{}: {}", meter.display(), String::from_utf8_lossy(&ran.stderr).trim());
    let mut figures = Vec::new();
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        figures.extend(figures_of(line).with_context(|| format!("{} says {line:?}", meter.display()))?);
    }
    Ok(figures)
}

fn find(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        ensure!(path.is_file(), "{} is no file; build it with `{BUILD}`", path.display());
        return Ok(path.to_owned());
    }
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(|folder| folder.join(METER)));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let cached = cache.map(|cache| cache.join("ashlar/target/guests-sp1/release").join(METER));
    let built = PathBuf::from("guests/sp1/target/release").join(METER);
    let places: Vec<_> = beside.into_iter().chain([built]).chain(cached).collect();
    match places.iter().find(|place| place.is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!("SP1's executor is not built; build it with `{BUILD}`, or name it with --meter PATH"),
    }
}

/// A line is a case: its name says the flow or the kind of command, how many are signed at once, how many there are.
fn figures_of(line: &str) -> Result<Vec<Figure>> {
    let case: Value = serde_json::from_str(line)?;
    let name = case["name"].as_str().context("a case without a name")?;
    let number = |key: &str| case[key].as_u64().with_context(|| format!("{key} is no number"));
    let parts: Vec<&str> = name.split('/').collect();
    let (kind, at_once) = match parts.as_slice() {
        [_, kind, at_once, ..] => (*kind, at_once.trim_start_matches("at-once=").parse().unwrap_or(1)),
        _ => (name, 1_u64),
    };
    let commands = number("commands")?;
    let asked = parts.last().and_then(|part| part.strip_prefix("commands=")?.parse().ok());
    let figure = |metric, value: u64| {
        let figure = Figure::new("prove", metric, value as f64, "1").at("backend", "sp1").at("kind", kind);
        let figure = figure.at("batch", asked.unwrap_or(commands)).at("bulk", at_once > 1);
        figure.at("at_once", at_once).at("commands", commands)
    };
    Ok(vec![
        figure("cycles_per_command", number("cycles_per_command")?),
        figure("ie_per_command", number("ie_per_command")?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_reads_as_figures_with_the_agreed_keys() {
        let snapshot = include_str!("../../../../guests/sp1/cycles.json");
        let mut read = Vec::new();
        for line in snapshot.lines() {
            read.extend(figures_of(line).expect("a case"));
        }
        let texts: Vec<_> = read.iter().map(|figure| serde_json::to_string(figure).expect("JSON")).collect();
        let has = |words: &[&str]| texts.iter().any(|text| words.iter().all(|word| text.contains(word)));
        assert!(has(&["cycles_per_command", r#""kind":"place""#, r#""batch":512"#, r#""bulk":true"#]), "{texts:?}");
        assert!(has(&[
            "ie_per_command",
            r#""kind":"mixed""#,
            r#""batch":1000"#,
            r#""bulk":false"#,
            r#""backend":"sp1""#
        ]));
        assert!(figures_of("{}").is_err() && figures_of("cycles").is_err());
    }
}
