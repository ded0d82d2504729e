//! Every block of JSON in docs/api.md is read as the type that the schema has for it, so the page and the schema say the same.

use std::path::Path;

use ashlar_api::admin::LogLine;
use ashlar_api::schema::{AnswerView, BatchView, ClientSays, CustodyView, ServerSays, SubmitBody};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The fenced blocks of JSON of the page.
fn blocks(text: &str) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), None::<String>);
    for line in text.lines() {
        match (&mut open, line.trim()) {
            (None, "```json") => open = Some(String::new()),
            (Some(_), "```") => found.extend(open.take()),
            (Some(block), _) => *block += &format!("{line}\n"),
            (None, _) => {}
        }
    }
    found
}

/// What is left out of long bytes is filled in: `0x01…` stands for some bytes.
fn filled(block: &str) -> String {
    let mut text = String::new();
    for (place, part) in block.split('"').enumerate() {
        let quote = if place == 0 { "" } else { "\"" };
        let whole = if part.starts_with("0x") && part.ends_with('…') { "0x00" } else { part };
        text += &format!("{quote}{whole}");
    }
    text
}

/// Reads a value as a type, and sees that nothing of it was passed over: every field of the example comes back.
fn read<T: DeserializeOwned + Serialize>(value: &Value) -> Result<(), String> {
    let read: T = serde_json::from_value(value.clone()).map_err(|error| error.to_string())?;
    let again = serde_json::to_value(&read).map_err(|error| error.to_string())?;
    covers(&again, value, "")
}

/// Whether everything that the example says is there.
fn covers(whole: &Value, example: &Value, path: &str) -> Result<(), String> {
    match (whole, example) {
        (Value::Object(whole), Value::Object(example)) => example.iter().try_for_each(|(name, value)| {
            let path = format!("{path}.{name}");
            covers(whole.get(name).ok_or_else(|| format!("{path} is no field"))?, value, &path)
        }),
        (Value::Array(whole), Value::Array(example)) if whole.len() == example.len() => {
            whole.iter().zip(example).try_for_each(|(whole, example)| covers(whole, example, path))
        }
        (whole, example) if whole == example => Ok(()),
        (whole, example) => Err(format!("{path} is read as {whole}, and the page says {example}")),
    }
}

fn of_the_schema(value: &Value) -> Result<&'static str, String> {
    let has = |name: &str| value.get(name).is_some();
    if has("op") {
        read::<ClientSays>(value).map(|()| "stream, asked")
    } else if has("receipts") && has("place") {
        read::<AnswerView>(value).map(|()| "answer")
    } else if has("message") && has("signature") {
        read::<SubmitBody>(value).map(|()| "message")
    } else if has("stores") {
        read::<CustodyView>(value).map(|()| "custody")
    } else if has("stage") {
        read::<BatchView>(value).map(|()| "batch")
    } else if has("level") {
        read::<LogLine>(value).map(|()| "log")
    } else if has("type") {
        read::<ServerSays>(value).map(|()| "stream, told")
    } else {
        Err("no type of the schema begins like it; say in this test which it is".to_owned())
    }
}

#[test]
fn every_example_of_the_page_is_what_the_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api.md");
    let page = std::fs::read_to_string(path).expect("docs/api.md is there");
    let mut kinds = Vec::new();
    for block in blocks(&page) {
        let text = filled(&block);
        let values: Vec<Value> = match serde_json::from_str(&text) {
            Ok(value) => vec![value],
            // Or one on each line.
            Err(_) => text
                .lines()
                .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
                .collect(),
        };
        for value in values {
            kinds.push(of_the_schema(&value).unwrap_or_else(|why| panic!("{why}, in {value}")));
        }
    }
    for kind in ["answer", "batch", "custody", "log", "message", "stream, asked", "stream, told"] {
        assert!(kinds.contains(&kind), "no block is of kind {kind}: {kinds:?}");
    }
    assert!(kinds.len() >= 18, "{kinds:?}");
}
