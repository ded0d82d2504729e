//! Signed messages, the one way to change anything.

use ashlar_types::sign::{session_digest, wallet_digest};
use ashlar_types::{Signer, to_bytes};
use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::routing::post;

use super::endpoint::{Endpoint, Example, Method, Shape};
use super::extract::Body;
use super::server::Peer;
use super::state::{Api, count};
use crate::door::{Allowance, Answered, Origin, Refusal, Signed};
use crate::schema::{AnswerView, ApiError, DigestView, Hex, MessageForm, SubmitBody};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Post,
        path: "/v1/messages",
        tag: "messages",
        summary: "Hands in a signed message: orders, cancels, replaces, quotes, transfers, withdrawals, keys. The same message again is given the same answer.",
        query: None,
        body: Some(Shape::json::<SubmitBody>()),
        answer: Shape::json::<AnswerView>(),
        example: Example::post(
            "/v1/messages",
            r#"{"message":{"account":1,"signer":{"type":"session","slot":0,"epoch":1},"nonce":"1000","commands":[{"type":"place","order":{"market":0,"side":"buy","price":"90","lots":"3"}}]},"signature":"SIGNATURE"}"#,
        ),
        route: || post(submit),
    },
    Endpoint {
        method: Method::Post,
        path: "/v1/messages/digest",
        tag: "messages",
        summary: "The canonical bytes of a message and the digest to sign, for a client that cannot encode. Signing what a server says trusts that server.",
        query: None,
        body: Some(Shape::json::<MessageForm>()),
        answer: Shape::json::<DigestView>(),
        example: Example::post(
            "/v1/messages/digest",
            r#"{"account":1,"signer":{"type":"session","slot":0,"epoch":1},"nonce":"1001","commands":[{"type":"cancel_all"}]}"#,
        ),
        route: || post(digest),
    },
];

/// Hands a message in, and counts it.
pub async fn hand_in(api: &Api, signed: Signed, origin: Origin) -> Result<Answered, Refusal> {
    count(&api.counters().submitted);
    let answer = api.door().submit(signed, origin).await;
    if answer.is_err() {
        count(&api.counters().refused);
    }
    answer
}

async fn submit(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    Body(body): Body<SubmitBody>,
) -> Result<(HeaderMap, Json<AnswerView>), ApiError> {
    let answered = hand_in(&api, body.to_signed()?, Origin { ip: peer.ip }).await?;
    Ok((allowance_headers(answered.allowance), Json(AnswerView::of(&answered))))
}

/// What is left of the key's allowance; that of the address has headers of its own.
fn allowance_headers(allowance: Option<Allowance>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(allowance) = allowance {
        headers.insert("x-commands-limit", allowance.limit.into());
        headers.insert("x-commands-remaining", allowance.remaining.into());
        headers.insert("x-commands-reset-ms", allowance.reset_ms.into());
    }
    headers
}

async fn digest(State(api): State<Api>, Body(form): Body<MessageForm>) -> Result<Json<DigestView>, ApiError> {
    let message = form.to_message()?;
    let deployment = api.venue().deployment;
    let (exchange, bytes) = (deployment.exchange_id(), to_bytes(&message));
    // What was put together from words may hold what no decoder takes.
    ashlar_types::from_bytes::<ashlar_types::Message>(&bytes).map_err(Refusal::from)?;
    let digest = match message.header.signer {
        Signer::Session { .. } => session_digest(&exchange, &bytes),
        Signer::Owner => wallet_digest(&deployment, &message).map_err(Refusal::from)?,
    };
    Ok(Json(DigestView { message: Hex(bytes), digest: Hex::of(&digest), exchange: Hex::of(&exchange.0) }))
}
