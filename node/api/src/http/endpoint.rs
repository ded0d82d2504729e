//! The table of endpoints.

use axum::routing::MethodRouter;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;

use super::state::Api;
use super::{account, market, message, node, proof, rpc, settled};

/// How an endpoint is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// It changes nothing.
    Get,
    /// It may.
    Post,
}

/// What is sent or answered, as a schema and as a test reads it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its media type.
    pub media_type: &'static str,
    /// Its schema, if it is JSON.
    pub schema: Option<fn(&mut SchemaGenerator) -> Schema>,
    /// Whether bytes are one.
    pub reads: fn(&[u8]) -> Result<(), String>,
}

impl Shape {
    /// JSON of this type.
    pub const fn json<T: JsonSchema + DeserializeOwned>() -> Shape {
        Shape {
            media_type: "application/json",
            schema: Some(|generator| generator.subschema_for::<T>()),
            reads: reads::<T>,
        }
    }

    /// Some bytes.
    pub const fn bytes() -> Shape {
        Shape { media_type: "application/octet-stream", schema: None, reads: |_| Ok(()) }
    }

    /// Some text.
    pub const fn text(media_type: &'static str) -> Shape {
        Shape {
            media_type,
            schema: None,
            reads: |bytes| std::str::from_utf8(bytes).map(drop).map_err(|e| e.to_string()),
        }
    }
}

fn reads<T: DeserializeOwned>(bytes: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<T>(bytes).map(drop).map_err(|error| error.to_string())
}

/// A request that a test sends to a market of two accounts, and what comes back.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// Path and query.
    pub path: &'static str,
    /// The body; in one that is signed, `SIGNATURE` stands for what the sender puts there.
    pub body: Option<&'static str>,
}

impl Example {
    /// Without a body.
    pub const fn get(path: &'static str) -> Example {
        Example { path, body: None }
    }

    /// With a body.
    pub const fn post(path: &'static str, body: &'static str) -> Example {
        Example { path, body: Some(body) }
    }
}

/// One endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// How it is asked.
    pub method: Method,
    /// Where.
    pub path: &'static str,
    /// To what it belongs.
    pub tag: &'static str,
    /// What it is for, one sentence.
    pub summary: &'static str,
    /// What may stand after the question mark.
    pub query: Option<Shape>,
    /// What is sent.
    pub body: Option<Shape>,
    /// What is answered.
    pub answer: Shape,
    /// How to ask.
    pub example: Example,
    /// What answers.
    pub route: fn() -> MethodRouter<Api>,
}

/// Every endpoint.
pub fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    [
        market::ENDPOINTS,
        account::ENDPOINTS,
        message::ENDPOINTS,
        settled::ENDPOINTS,
        proof::ENDPOINTS,
        node::ENDPOINTS,
        rpc::ENDPOINTS,
    ]
    .into_iter()
    .flatten()
}
