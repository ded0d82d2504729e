//! Reads and compares the files of `vectors/types`: lines `name=hex`, comments after `#`.
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

/// Set to `1`, it makes the files say what the code says. The change then shows in review.
const REGENERATE: &str = "ASHLAR_REGENERATE_VECTORS";

fn path(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "vectors", "types", file].iter().collect()
}

/// The lines of a file. A file that is not there fails the test.
pub fn read(file: &str) -> BTreeMap<String, Vec<u8>> {
    let text = std::fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("vectors/types/{file}: {error}"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, hex) = line.split_once('=').unwrap_or_else(|| panic!("vectors/types/{file}: no `=` in {line}"));
            (name.to_owned(), bytes(hex))
        })
        .collect()
}

/// Fails unless the file holds exactly these lines in this order, or writes them if that was asked for.
pub fn compare(file: &str, about: &str, lines: &[(String, Vec<u8>)]) {
    let mut text: String = about.lines().map(|line| format!("# {line}\n")).collect();
    text.push('\n');
    for (name, value) in lines {
        writeln!(text, "{name}={}", hex(value)).unwrap();
    }
    if std::env::var(REGENERATE).is_ok_and(|value| value == "1") {
        std::fs::write(path(file), &text).unwrap();
    }
    let frozen = std::fs::read_to_string(path(file)).unwrap_or_default();
    for (frozen, line) in frozen.lines().zip(text.lines()) {
        assert_eq!(frozen, line, "vectors/types/{file} (set {REGENERATE}=1 only to change the protocol)");
    }
    assert_eq!(frozen, text, "vectors/types/{file} has more or fewer lines (set {REGENERATE}=1 to add new ones)");
}

pub fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "an odd number of digits: {hex}");
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect(hex)).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
