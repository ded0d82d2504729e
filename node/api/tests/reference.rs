//! docs/api-reference.md is what the schema says. `ASHLAR_REFERENCE=write` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use ashlar_api::http::document;
use serde_json::{Map, Value};

const HEAD: &str = "\
# API reference

Made from the schema that the node serves at `/openapi.json`; a test compares the two. How things hang together, what is signed and what errors mean
is in [api.md](api.md).

";

#[test]
fn the_reference_is_what_the_schema_says() {
    let made = reference(&document());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api-reference.md");
    if std::env::var("ASHLAR_REFERENCE").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &made).expect("is written");
    }
    let kept = std::fs::read_to_string(&path).expect("docs/api-reference.md is there");
    let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "docs/api-reference.md is not what the schema says: {differs:?}; ASHLAR_REFERENCE=write cargo test -p ashlar-api --test reference"
    );
}

fn reference(document: &Value) -> String {
    let mut out = HEAD.to_owned();
    out.push_str("## Endpoints\n");
    for (path, methods) in object(&document["paths"]) {
        for (method, operation) in object(methods) {
            endpoint(&mut out, path, method, operation);
        }
    }
    out.push_str("\n## Types\n");
    for (name, schema) in object(&document["components"]["schemas"]) {
        let _ = write!(out, "\n### {name}\n\n{}\n", sentence(schema));
        shape(&mut out, schema);
    }
    out
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE).iter()
}

/// What it is, on one line.
fn sentence(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn endpoint(out: &mut String, path: &str, method: &str, operation: &Value) {
    let summary = operation["summary"].as_str().unwrap_or_default();
    let _ = write!(out, "\n### `{} {path}`\n\n{summary}\n\n", method.to_uppercase());
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let needed = if parameter["required"] == true { "" } else { ", may be left out" };
        let (name, place) =
            (parameter["name"].as_str().unwrap_or_default(), parameter["in"].as_str().unwrap_or_default());
        let _ = writeln!(out, "- `{name}` in the {place}{needed}: {}", kind(&parameter["schema"]));
    }
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    if !body.is_null() {
        let _ = writeln!(out, "- body: {}", kind(body));
    }
    for (media_type, content) in object(&operation["responses"]["200"]["content"]) {
        let what = if content["schema"].is_null() { format!("`{media_type}`") } else { kind(&content["schema"]) };
        let _ = writeln!(out, "- answer: {what}");
    }
}

/// A type in words, with links to those that have a name.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        if let Some(of) = schema[several].as_array() {
            return of.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(word) = schema["const"].as_str() {
        return format!("`{word}`");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words
            .iter()
            .map(|word| format!("`{}`", word.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
    }
    match &schema["type"] {
        Value::String(word) if word == "array" => match schema["prefixItems"].as_array() {
            Some(items) => format!("[{}]", items.iter().map(kind).collect::<Vec<_>>().join(", ")),
            None => format!("list of {}", kind(&schema["items"])),
        },
        Value::String(word) => word.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    }
}

fn shape(out: &mut String, schema: &Value) {
    if let Some(variants) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        for variant in variants {
            let tag = object(&variant["properties"]).find_map(|(_, field)| field["const"].as_str());
            let name = tag.map_or_else(|| kind(variant), |tag| format!("`{tag}`"));
            let fields: Vec<String> = object(&variant["properties"])
                .filter(|(_, field)| field["const"].is_null())
                .map(|(name, field)| format!("`{name}`: {}", kind(field)))
                .collect();
            let (about, with) = (sentence(variant), fields.join(", "));
            let colon = if about.is_empty() { "" } else { ": " };
            let with = if with.is_empty() { String::new() } else { format!(" With {with}.") };
            let _ = writeln!(out, "\n- {name}{colon}{about}{with}");
        }
        return;
    }
    let properties: Vec<_> = object(&schema["properties"]).collect();
    if properties.is_empty() {
        let _ = writeln!(out, "\n{}", kind(schema));
        return;
    }
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    out.push_str("\n| field | type | what |\n|---|---|---|\n");
    for (name, field) in properties {
        let optional = if needed.contains(&name.as_str()) { "" } else { " (may be left out)" };
        let _ = writeln!(out, "| `{name}` | {}{optional} | {} |", kind(field), sentence(field).replace('|', "\\|"));
    }
}
