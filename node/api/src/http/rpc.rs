//! JSON-RPC 2.0: settlement as an Ethereum client asks for it. Numbers are hexadecimal there, as Ethereum has them.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use ashlar_types::{BatchNumber, Sequence};

use super::endpoint::{Endpoint, Example, Method, Shape};
use super::node::health_view;
use super::settled::{batch_view, inbox_view, proof_view, tip_view, withdrawal_view};
use super::state::Api;
use crate::door::{BatchKey, Stage};
use crate::schema::{ApiError, Code, ErrorView, Hex};

/// Calls that one request may hold.
const CALLS_MAX: usize = 64;

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::Post,
    path: "/rpc",
    tag: "rpc",
    summary: "JSON-RPC 2.0, one call or up to 64: ashlar_batchNumber, ashlar_getBatchByNumber, ashlar_getBatchByBlock, ashlar_getBatchBySequence, ashlar_getL1MessageProof, ashlar_getL1Message, ashlar_getCommandProof, ashlar_exchangeId, ashlar_tip, ashlar_health, eth_chainId.",
    query: None,
    body: Some(Shape::json::<OneOrMany<Call>>()),
    answer: Shape::json::<OneOrMany<Answer>>(),
    example: Example::post("/rpc", r#"{"jsonrpc":"2.0","id":1,"method":"ashlar_batchNumber","params":[]}"#),
    route: || post(serve),
}];

/// What JSON-RPC lets stand for itself or in a list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several, answered in their order.
    Many(Vec<T>),
}

/// A call.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `2.0`.
    jsonrpc: String,
    /// Comes back with the answer.
    #[serde(default)]
    id: Value,
    /// What is asked.
    method: String,
    /// Of what.
    #[serde(default)]
    params: Vec<Value>,
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// `2.0`.
    jsonrpc: String,
    /// As the caller named it.
    id: Value,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    /// Why it is not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<RpcError>,
}

/// An error as JSON-RPC has it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RpcError {
    /// The number that JSON-RPC has for it, or -32000.
    code: i64,
    /// What happened.
    message: String,
    /// The same as the other servers say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<ErrorView>,
}

enum Failed {
    UnknownMethod(String),
    Params(String),
    Api(ApiError),
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Failed {
        Failed::Api(error)
    }
}

impl Failed {
    fn to_error(&self) -> RpcError {
        match self {
            Failed::UnknownMethod(name) => {
                RpcError { code: -32_601, message: format!("there is no method {name:?}; see /docs"), data: None }
            }
            Failed::Params(why) => RpcError { code: -32_602, message: why.clone(), data: None },
            Failed::Api(error) => {
                RpcError { code: -32_000, message: error.0.message.clone(), data: Some(error.0.clone()) }
            }
        }
    }
}

async fn serve(State(api): State<Api>, body: Result<Bytes, axum::extract::rejection::BytesRejection>) -> Response {
    let Ok(body) = body else {
        return ApiError::new(Code::TooLarge, "the body is too large or did not come whole; send less at once")
            .into_response();
    };
    let refuse = |code: i64, message: String| {
        let error = Some(RpcError { code, message, data: None });
        Json(Answer { jsonrpc: "2.0".into(), id: Value::Null, result: None, error }).into_response()
    };
    let value: Value = match serde_json::from_slice(&body) {
        Ok(value) => value,
        Err(error) => return refuse(-32_700, format!("the body is not JSON: {error}")),
    };
    let Value::Array(calls) = value else { return Json(answer(&api, value).await).into_response() };
    if calls.is_empty() || calls.len() > CALLS_MAX {
        return refuse(-32_600, format!("{} calls at once; send 1 to {CALLS_MAX}", calls.len()));
    }
    let mut answers = Vec::with_capacity(calls.len());
    for call in calls {
        answers.push(answer(&api, call).await);
    }
    Json(answers).into_response()
}

async fn answer(api: &Api, value: Value) -> Answer {
    let id = value.get("id").cloned().unwrap_or(Value::Null);
    let failed = |code: i64, message: String| Some(RpcError { code, message, data: None });
    let (result, error) = match serde_json::from_value::<Call>(value) {
        Err(error) => (None, failed(-32_600, format!("no call: {error}"))),
        Ok(call) if call.jsonrpc != "2.0" => (None, failed(-32_600, "`jsonrpc` must be \"2.0\"".into())),
        Ok(call) => match dispatch(api, &call).await {
            Ok(result) => (Some(result), None),
            Err(error) => (None, Some(error.to_error())),
        },
    };
    Answer { jsonrpc: "2.0".into(), id, result, error }
}

async fn dispatch(api: &Api, call: &Call) -> Result<Value, Failed> {
    let one = || match call.params.as_slice() {
        [number] => quantity(number),
        other => Err(Failed::Params(format!("{} parameters; give one number", other.len()))),
    };
    let batch = |key: BatchKey, name: String| async move { batch_view(api, key, &name).await.map_err(Failed::from) };
    let value = match call.method.as_str() {
        "ashlar_batchNumber" => {
            let tip = api.door().tip().await.map_err(ApiError::from)?;
            let built = tip.batches.iter().find(|(stage, _)| *stage == Stage::Built);
            json!(hex_number(built.map_or(0, |(_, number)| number.get())))
        }
        "ashlar_getBatchByNumber" => {
            let number = one()?;
            json!(batch(BatchKey::Number(BatchNumber::new(number)), number.to_string()).await?)
        }
        "ashlar_getBatchByBlock" => {
            let block = one()?;
            json!(batch(BatchKey::L1Block(block), format!("committed up to L1 block {block}")).await?)
        }
        "ashlar_getBatchBySequence" => {
            let sequence = one()?;
            json!(batch(BatchKey::Sequence(Sequence::new(sequence)), format!("with command {sequence}")).await?)
        }
        "ashlar_getL1MessageProof" => json!(withdrawal_view(api, one()?).await?),
        "ashlar_getL1Message" => json!(inbox_view(api, one()?).await?),
        "ashlar_getCommandProof" => json!(proof_view(api, one()?).await?),
        "ashlar_exchangeId" => json!(Hex::of(&api.venue().deployment.exchange_id().0)),
        "ashlar_tip" => json!(tip_view(api).await?),
        "ashlar_health" => json!(health_view(api)),
        "eth_chainId" => json!(hex_number(api.venue().deployment.chain_id)),
        other => return Err(Failed::UnknownMethod(other.chars().take(64).collect())),
    };
    Ok(value)
}

fn hex_number(number: u64) -> String {
    format!("0x{number:x}")
}

/// A number as Ethereum writes it, `0x1f`, or as JSON does.
fn quantity(value: &Value) -> Result<u64, Failed> {
    let number = match value {
        Value::String(text) => text.strip_prefix("0x").and_then(|digits| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            if plain { u64::from_str_radix(digits, 16).ok() } else { None }
        }),
        Value::Number(number) => number.as_u64(),
        _ => None,
    };
    number.ok_or_else(|| Failed::Params(format!("{value} is no number below 2^64; write it as 0x1f or 31")))
}
