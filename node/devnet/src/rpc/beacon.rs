//! The part of a beacon node's REST that serves blobs, with one slot a second and the chain's blocks under their own times.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Endpoint;
use super::control::hex;

/// The routes of a beacon node.
pub fn routes() -> Router<Endpoint> {
    Router::new()
        .route("/eth/v1/beacon/genesis", get(genesis))
        .route("/eth/v1/config/spec", get(spec))
        .route("/eth/v1/beacon/blobs/{slot}", get(blobs))
}

async fn genesis() -> Json<Value> {
    let zeros = |bytes: usize| hex(&vec![0; bytes]);
    Json(json!({ "data": {
        "genesis_time": "0", "genesis_validators_root": zeros(32), "genesis_fork_version": zeros(4),
    } }))
}

async fn spec() -> Json<Value> {
    Json(json!({ "data": { "SECONDS_PER_SLOT": "1" } }))
}

fn refusal(status: StatusCode, message: String) -> Response {
    (status, Json(json!({ "code": status.as_u16(), "message": message }))).into_response()
}

/// The blobs of the canonical block of a slot, in their order; only those that are named, if some are.
async fn blobs(
    State(endpoint): State<Endpoint>,
    Path(slot): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    if endpoint.faults.take(false).is_some() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let Ok(slot) = slot.parse::<u64>() else {
        return refusal(StatusCode::BAD_REQUEST, format!("{slot} is no slot; slots are seconds since 1970 here"));
    };
    let kept = endpoint.chain.blobs_at(slot);
    for block in kept {
        match endpoint.chain.is_canonical(block.block).await {
            Ok(Some(true)) => {
                let named = query.get("versioned_hashes");
                let is_named =
                    |hash: &str| named.is_none_or(|named| named.split(',').any(|one| one.eq_ignore_ascii_case(hash)));
                let wanted = block.blobs.iter().filter(|blob| is_named(&hex(&blob.versioned_hash.0)));
                let data: Vec<String> = wanted.map(|blob| hex(&blob.whole())).collect();
                return Json(json!({ "execution_optimistic": false, "finalized": false, "data": data }))
                    .into_response();
            }
            Ok(_) => {}
            Err(error) => return refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }
    refusal(StatusCode::NOT_FOUND, format!("no block of slot {slot} has blobs that are kept here"))
}
