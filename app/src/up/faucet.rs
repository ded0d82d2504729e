//! A faucet, as only a development chain can have one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use ashlar_types::Address;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::bank::Bank;
use super::venue::Listed;

/// Gifts that wait at once; the bank makes one transaction after the other.
const WAITING_MAX: u32 = 16;

#[derive(Clone)]
struct Faucet {
    bank: Bank,
    listed: Arc<Listed>,
    waiting: Arc<AtomicU32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    owner: String,
}

/// `POST /faucet?owner=0x…`: a deposit of every asset, made on L1 like any other.
pub fn router(bank: Bank, listed: Listed) -> Router {
    let faucet = Faucet { bank, listed: Arc::new(listed), waiting: Arc::default() };
    Router::new().route("/faucet", post(give)).with_state(faucet)
}

async fn give(
    State(faucet): State<Faucet>,
    wish: Result<Query<Wish>, axum::extract::rejection::QueryRejection>,
) -> Response {
    let owner = wish.ok().and_then(|Query(wish)| address(&wish.owner));
    let Some(owner) = owner else {
        return error(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "give the address of an owner: POST /faucet?owner=0x… with 40 digits",
        );
    };
    if faucet.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
        faucet.waiting.fetch_sub(1, Ordering::Relaxed);
        return error(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "too many gifts wait; ask again in a few seconds");
    }
    let given = faucet.bank.give(owner, &faucet.listed, 1).await;
    faucet.waiting.fetch_sub(1, Ordering::Relaxed);
    match given {
        Ok(deposits) => Json(json!({
            "deposits": deposits,
            "message": "deposited on L1; the account is credited once the block is safe, some blocks from now",
        }))
        .into_response(),
        Err(reason) => {
            tracing::warn!(%reason, "the faucet failed");
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the L1 did not take the deposit; ask again in a moment",
            )
        }
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response()
}

/// Twenty bytes in hexadecimal after `0x`.
fn address(text: &str) -> Option<Address> {
    let mut bytes = [0; 20];
    alloy::hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok().map(|()| Address(bytes))
}
