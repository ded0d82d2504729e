//! What a signer answers, and to whom.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use ashlar_prover::limits::FILE_BYTES_MAX;
use ashlar_prover::{AttestError, Attestor, KeptProof, Target, VerifyError};
use ashlar_prover_wire::{ProgramHash, Token};
use ashlar_types::ExchangeId;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::connections::Bounded;

/// Where a proof is handed in.
pub const ATTESTATIONS: &str = "/v1/attestations";
/// Where a signer says who it is.
pub const SIGNER: &str = "/v1/signer";

/// Who signs, and for what.
pub struct Door {
    pub attestor: Attestor,
    pub target: Target,
    pub program: ProgramHash,
    pub exchange: Option<ExchangeId>,
    pub token: Token,
}

/// A door that is open.
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    /// Ends only when serving fails.
    pub task: JoinHandle<io::Result<()>>,
}

/// Opens it.
pub async fn listen(address: SocketAddr, door: Arc<Door>) -> io::Result<Serving> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = Router::new().route(SIGNER, get(who)).route(ATTESTATIONS, post(attest)).with_state(door);
    let task = tokio::spawn(async move { axum::serve(Bounded::new(listener), router).await });
    Ok(Serving { address, task })
}

/// A refusal with its code and its sentence.
fn refused(status: StatusCode, code: &str, why: impl std::fmt::Display) -> Response {
    (status, Json(json!({ "code": code, "message": why.to_string() }))).into_response()
}

impl Door {
    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let digits = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        // What is compared are hashes: how long that takes says nothing about the token.
        let hash = |token: &Token| Sha256::digest(token.to_hex());
        Token::from_hex(digits).is_ok_and(|token| hash(&token) == hash(&self.token))
    }

    fn is_asked_rightly(&self, proof: &KeptProof) -> Result<(), String> {
        if proof.target != self.target {
            return Err(format!("it is of {:?}, and this signer verifies {:?}", proof.target, self.target));
        }
        if proof.program != self.program {
            return Err(format!(
                "it is of the program {}, and this signer's release has {}; both have to be of one release",
                proof.program, self.program
            ));
        }
        match self.exchange {
            Some(exchange) if exchange != proof.values.exchange_id => {
                Err("it is of another exchange than the one this signer signs for".to_owned())
            }
            _ => Ok(()),
        }
    }
}

async fn who(State(door): State<Arc<Door>>, headers: HeaderMap) -> Response {
    if !door.lets_in(&headers) {
        return stranger();
    }
    let address = alloy::hex::encode_prefixed(door.attestor.address().0);
    Json(json!({ "address": address, "program": door.program.to_string() })).into_response()
}

async fn attest(State(door): State<Arc<Door>>, headers: HeaderMap, body: Body) -> Response {
    if !door.lets_in(&headers) {
        return stranger();
    }
    let Ok(bytes) = to_bytes(body, FILE_BYTES_MAX).await else {
        let why = format!("a file of a proof has at most {FILE_BYTES_MAX} bytes, and has to come whole");
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "too_long", why);
    };
    let proof = match KeptProof::from_bytes(&bytes) {
        Ok(proof) => proof,
        Err(error) => return refused(StatusCode::BAD_REQUEST, "no_file_of_a_proof", error),
    };
    if let Err(why) = door.is_asked_rightly(&proof) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "not_for_this_signer", why);
    }
    let (first, last) = (proof.first.get(), proof.last.get());
    let signing = door.clone();
    match tokio::task::spawn_blocking(move || signing.attestor.attest(&proof)).await {
        Ok(Ok(signature)) => {
            tracing::info!(first, last, "signed for a proof");
            Json(json!({ "signature": alloy::hex::encode_prefixed(signature) })).into_response()
        }
        Ok(Err(error @ AttestError::Refused { why: VerifyError::Unavailable { .. }, .. })) => {
            tracing::warn!(first, last, %error, "a proof could not be verified");
            refused(StatusCode::SERVICE_UNAVAILABLE, "verifier", error)
        }
        Ok(Err(error)) => {
            tracing::warn!(first, last, %error, "a proof is refused");
            refused(StatusCode::UNPROCESSABLE_ENTITY, "invalid_proof", error)
        }
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR, "verifier", "the verifier failed on this proof"),
    }
}

fn stranger() -> Response {
    refused(
        StatusCode::UNAUTHORIZED,
        "token",
        "send the signer's token: authorization: Bearer and 64 hexadecimal digits",
    )
}
