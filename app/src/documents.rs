//! What the documents say, tried: every command parses, every example of JSON is JSON, every alarm has its runbook.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser as _;
use serde_json::Value;

use crate::arguments::Arguments;

/// The folder of everything.
fn home() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The pages for people: what is at the top and in `docs/`, by name and text.
fn pages() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| home().join(name)).into();
    let listed = fs::read_dir(home().join("docs")).expect("is listed").map(|entry| entry.expect("is listed").path());
    paths.extend(listed.filter(|path| path.extension().is_some_and(|end| end == "md")));
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).expect("is read"))
    };
    paths.into_iter().map(read).collect()
}

/// The fenced blocks of a page in one of these languages, lines that end in `\` joined with the next.
fn blocks(text: &str, languages: &[&str]) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<(bool, String)>);
    for line in text.lines().map(str::trim_start) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((languages.contains(&language), String::new())),
            (Some((is_wanted, block)), Some(_)) => {
                found.extend(is_wanted.then(|| std::mem::take(block)));
                open = None;
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found.into_iter().map(|block| block.replace("\\\n", " ")).collect()
}

/// The arguments of a line that runs the binary, as a shell would part them.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.trim().trim_start_matches("$ ");
    let line = line.split(" #").next().unwrap_or_default();
    let rest = match line.strip_prefix("cargo run ") {
        Some(rest) => rest.split_once("-- ").map_or("", |(_, rest)| rest),
        None if line == "ashlar" => "",
        None => line.strip_prefix("ashlar ")?,
    };
    let rest = rest.split([';', '|', '>', '<']).next().unwrap_or_default();
    let words = rest.split_whitespace().map(|word| word.trim_matches(['\'', '"']).to_owned());
    Some(std::iter::once("ashlar".to_owned()).chain(words).collect())
}

#[test]
fn every_command_in_the_documents_is_one() {
    let mut tried = 0;
    for (page, text) in pages() {
        for block in blocks(&text, &["sh", "console", "bash"]) {
            for words in block.lines().filter_map(arguments) {
                // A place that the reader fills in.
                let words = words.into_iter().map(|word| {
                    if word.contains('…') { "0x00000000000000000000000000000000000000aa".into() } else { word }
                });
                let words: Vec<String> = words.collect();
                if let Err(error) = Arguments::try_parse_from(&words) {
                    let is_help = error.exit_code() == 0;
                    assert!(is_help, "{page}: {}: {error}", words.join(" "));
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried} commands were found");
}

#[test]
fn every_example_of_json_is_json() {
    let mut tried = 0;
    for (page, text) in pages() {
        for block in blocks(&text, &["json"]) {
            // A block is one value, or one on each line.
            let whole: Result<Value, _> = serde_json::from_str(&block);
            let is_lines = block.lines().all(|line| serde_json::from_str::<Value>(line).is_ok());
            assert!(whole.is_ok() || is_lines, "{page}: {block}");
            tried += 1;
        }
    }
    assert!(tried >= 5, "{tried} blocks were found");
}

/// A heading as a link names it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

#[test]
fn every_alarm_has_its_runbook() {
    let rules = fs::read_to_string(home().join("ops/prometheus-rules.yml")).expect("is there");
    let runbooks = fs::read_to_string(home().join("docs/runbooks.md")).expect("is there");
    let chapters: Vec<String> = runbooks.lines().filter_map(|line| line.strip_prefix("## ")).map(anchor).collect();
    let named: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: docs/runbooks.md#")).collect();
    let alarms = rules.lines().filter(|line| line.trim().starts_with("- alert: ")).count();
    assert!(alarms > 10 && named.len() == alarms, "{} of {alarms} alarms name a chapter", named.len());
    for chapter in named {
        assert!(chapters.iter().any(|known| known == chapter), "there is no chapter {chapter} in {chapters:?}");
    }
}
