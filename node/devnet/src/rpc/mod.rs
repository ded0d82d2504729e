//! HTTP: JSON-RPC with ethrex's own methods, the chain's own beside them, and a correction where ethrex would answer about another block.

mod beacon;
mod control;
mod corrected;
mod receipts;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use ethrex_rpc::utils::RpcRequest;
use ethrex_rpc::{RpcApiContext, map_http_requests, rpc_response};
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::config::Mining;
use crate::error::DevnetError;
use crate::faults::{Fault, Faults};

/// The largest request, in bytes: some blob transactions in one batch.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Requests in one batch.
const BATCH_MAX: usize = 256;

/// What every request needs.
#[derive(Clone)]
pub struct Endpoint {
    pub chain: Arc<Chain>,
    pub context: RpcApiContext,
    pub faults: Arc<Faults>,
    pub mining: Mining,
}

/// What a request comes to: a result, an error in JSON-RPC's terms, or nothing of ours, so that ethrex answers.
enum Answer {
    Result(Value),
    Error { code: i64, message: String },
    Ethrex,
}

impl From<DevnetError> for Answer {
    fn from(error: DevnetError) -> Answer {
        let code = if matches!(error, DevnetError::Parameters { .. }) { -32_602 } else { -32_000 };
        Answer::Error { code, message: error.to_string() }
    }
}

/// The HTTP service.
pub fn service(endpoint: Endpoint) -> Router {
    Router::new()
        .route("/", post(answer))
        .merge(beacon::routes())
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(endpoint)
}

async fn answer(State(endpoint): State<Endpoint>, body: Bytes) -> Response {
    let asked: Value = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return reply(&failure(&Value::Null, -32_700, &format!("the request is not JSON: {error}"))),
    };
    let fault = endpoint.faults.take(is_broadcast(&asked));
    match fault {
        Some(Fault::NoAnswer) => std::future::pending().await,
        Some(Fault::Unavailable) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(Fault::Late(time)) => tokio::time::sleep(time).await,
        Some(Fault::LostBroadcast) => return reply(&endpoint.forget(&asked)),
        Some(Fault::UnansweredBroadcast) | None => {}
    }
    let answered = endpoint.answer_all(asked).await;
    if fault == Some(Fault::UnansweredBroadcast) {
        return StatusCode::GATEWAY_TIMEOUT.into_response();
    }
    reply(&answered)
}

fn reply(answer: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn is_broadcast(asked: &Value) -> bool {
    asked["method"] == "eth_sendRawTransaction"
}

fn failure(id: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

impl Endpoint {
    async fn answer_all(&self, asked: Value) -> Value {
        match asked {
            Value::Array(several) if several.is_empty() || several.len() > BATCH_MAX => {
                failure(&Value::Null, -32_600, &format!("a batch has 1 to {BATCH_MAX} requests"))
            }
            Value::Array(several) => {
                let mut answers = Vec::with_capacity(several.len());
                for one in several {
                    answers.push(self.answer_one(one).await);
                }
                Value::Array(answers)
            }
            one => self.answer_one(one).await,
        }
    }

    async fn answer_one(&self, asked: Value) -> Value {
        let id = asked["id"].clone();
        let broadcast = is_broadcast(&asked);
        let mut own = self.control(&asked).await;
        if let Answer::Ethrex = own {
            own = self.receipts(&asked).await;
        }
        if let Answer::Ethrex = own {
            own = self.correct(&asked).await;
        }
        let answered = match own {
            Answer::Result(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Answer::Error { code, message } => failure(&id, code, &message),
            Answer::Ethrex => match serde_json::from_value::<RpcRequest>(asked) {
                Err(error) => failure(&id, -32_600, &format!("not a JSON-RPC request: {error}")),
                Ok(request) => {
                    let result = map_http_requests(&request, self.context.clone()).await;
                    rpc_response(request.id, result)
                        .unwrap_or_else(|error| failure(&id, -32_603, &format!("{error:?}")))
                }
            },
        };
        let accepted = broadcast && answered.get("result").is_some();
        if accepted
            && self.mining == Mining::OnTransaction
            && let Err(error) = self.chain.mine().await
        {
            tracing::error!(%error, "no block was made");
        }
        answered
    }

    /// Says that a transaction was accepted without accepting it.
    fn forget(&self, asked: &Value) -> Value {
        let raw = asked["params"][0].as_str().and_then(control::bytes).unwrap_or_default();
        let hash = control::hex(&ethrex_crypto::keccak::keccak_hash(&raw));
        json!({ "jsonrpc": "2.0", "id": asked["id"], "result": hash })
    }
}
