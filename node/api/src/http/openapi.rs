//! The OpenAPI document, made from the table of endpoints, and a page that shows it.

use axum::Json;
use axum::response::Html;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, Method, Shape, endpoints};
use crate::schema::{ClientSays, ErrorBody, ServerSays};

/// The document.
pub fn document() -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = SchemaGenerator::new(settings);
    let error = generator.subschema_for::<ErrorBody>();
    generator.subschema_for::<ClientSays>();
    generator.subschema_for::<ServerSays>();
    let mut paths: Map<String, Value> = Map::new();
    for endpoint in endpoints() {
        let operation = operation(endpoint, &mut generator, &error.clone().to_value());
        let method = match endpoint.method {
            Method::Get => "get",
            Method::Post => "post",
        };
        let path = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        if let Value::Object(path) = path {
            path.insert(method.into(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Ashlar",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
            "description": "A provable exchange. Numbers that count are strings of decimal digits; bytes are hexadecimal. \
                The stream at /v1/stream takes ClientSays and answers ServerSays, one JSON text each.",
        },
        "paths": paths,
        "components": { "schemas": generator.take_definitions(true) },
    })
}

fn operation(endpoint: &Endpoint, generator: &mut SchemaGenerator, error: &Value) -> Value {
    let mut parameters = path_parameters(endpoint.path);
    if let Some(query) = endpoint.query.and_then(|query| query.schema) {
        parameters.extend(query_parameters(query, generator));
    }
    let mut operation = json!({
        "operationId": operation_id(endpoint),
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": {
            "200": { "description": "The answer.", "content": content(&endpoint.answer, generator) },
            "default": { "description": "An error.", "content": { "application/json": { "schema": error } } },
        },
        "x-example": endpoint.example.path,
    });
    if let (Some(body), Value::Object(fields)) = (endpoint.body, &mut operation) {
        let mut content = content(&body, generator);
        let example = endpoint.example.body.and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let (Some(example), Some(Value::Object(media))) = (example, content.get_mut(body.media_type)) {
            media.insert("example".into(), example);
        }
        fields.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}

fn operation_id(endpoint: &Endpoint) -> String {
    let words = endpoint.path.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let verb = if endpoint.method == Method::Get { "get" } else { "post" };
    std::iter::once(verb).chain(words.filter(|word| *word != "v1")).collect::<Vec<_>>().join("_")
}

fn content(shape: &Shape, generator: &mut SchemaGenerator) -> Value {
    let schema = match shape.schema {
        Some(schema) => schema(generator).to_value(),
        None => json!({ "type": "string" }),
    };
    json!({ shape.media_type: { "schema": schema } })
}

/// What stands in braces: decimal digits, or an address.
fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let schema = |name: &str| match name {
        "address" => json!({ "type": "string", "pattern": "^0x[0-9a-fA-F]{40}$" }),
        "market" => json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX }),
        "account" => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        _ => json!({ "type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$" }),
    };
    names.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": schema(name) })).collect()
}

/// The fields of a query's schema, each as a parameter.
fn query_parameters(
    schema: fn(&mut SchemaGenerator) -> schemars::Schema,
    generator: &mut SchemaGenerator,
) -> Vec<Value> {
    let reference = schema(generator).to_value();
    let name =
        reference.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    // The fields become parameters, so the object itself has no place in the document.
    let Some(object) = generator.definitions_mut().remove(name) else { return Vec::new() };
    let required: Vec<&str> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let fields = object.get("properties").and_then(Value::as_object).into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| {
        let description = schema.get("description").cloned().unwrap_or_default();
        json!({
            "name": name, "in": "query", "required": required.contains(&name.as_str()),
            "description": description, "schema": schema,
        })
    };
    fields.map(parameter).collect()
}

pub(super) async fn serve() -> Json<Value> {
    Json(document())
}

pub(super) async fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}
