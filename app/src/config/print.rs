//! The configuration as it is in force: a file that can be read again, with the layer of each value beside it.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{ALL, Key};
use super::layers::{Layers, Said};
use super::reader::HIDDEN;

/// As a file; with `help`, each key says what it means.
pub fn toml(layers: &Layers, help: bool) -> String {
    let mut out = String::new();
    let mut table = "";
    for key in ALL {
        let (of, name) = key.name.split_once('.').unwrap_or(("", key.name));
        if of != table {
            let gap = if table.is_empty() { "" } else { "\n" };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{gap}[{of}]");
            table = of;
        }
        if help {
            let _ = writeln!(out, "# {}", key.help);
        }
        let _ = match layers.get(key) {
            Some(said) if key.is_secret => writeln!(out, "{name} = \"{HIDDEN}\"  # {}", said.origin),
            Some(said) => writeln!(out, "{name} = {}  # {}", literal(said), said.origin),
            None => writeln!(out, "# {name} is not set; {} would", key.variable()),
        };
    }
    out
}

/// As an object by key, each with its value and layer.
pub fn json(layers: &Layers) -> Value {
    let entry = |key: &&Key| {
        let said = layers.get(key)?;
        let value = match said.values.as_slice() {
            _ if key.is_secret => json!(HIDDEN),
            [one] => json!(one),
            all => json!(all),
        };
        Some((key.name.to_owned(), json!({ "value": value, "layer": said.origin.to_string() })))
    };
    Value::Object(ALL.iter().filter_map(entry).collect::<Map<_, _>>())
}

fn literal(said: &Said) -> String {
    match said.values.as_slice() {
        [one] => word(one),
        all => format!("[{}]", all.iter().map(|value| word(value)).collect::<Vec<_>>().join(", ")),
    }
}

/// Numbers and flags as they are, everything else as a text.
fn word(value: &str) -> String {
    let is_number = !value.is_empty() && value.len() < 19 && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = is_number && (value == "0" || !value.starts_with('0'));
    if is_plain || value == "true" || value == "false" { value.to_owned() } else { Value::from(value).to_string() }
}
