//! Proofs of batches: how far each has come, its file, and all of it for one trade.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use ashlar_types::{BatchNumber, Sequence};

use super::attachment;
use super::endpoint::{Endpoint, Example, Method, Shape};
use super::extract::Named;
use super::state::Api;
use crate::door::{BatchFacts, BatchKey};
use crate::schema::{ApiError, BatchProofView, CommandProofView, Decimal, TradeProofView};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Get,
        path: "/v1/batches/{number}/proof",
        tag: "settlement",
        summary: "How far the proof of a batch has come: by whom, of which kind, what it rests on, where L1 accepted it.",
        query: None,
        body: None,
        answer: Shape::json::<BatchProofView>(),
        example: Example::get("/v1/batches/1/proof"),
        route: || get(batch_proof),
    },
    Endpoint {
        method: Method::Get,
        path: "/v1/batches/{number}/proof/file",
        tag: "settlement",
        summary: "The proof that a batch is under, as a file that `ashlar verify-proof` checks.",
        query: None,
        body: None,
        answer: Shape::bytes(),
        example: Example::get("/v1/batches/1/proof/file"),
        route: || get(file),
    },
    Endpoint {
        method: Method::Get,
        path: "/v1/commands/{sequence}/shown",
        tag: "settlement",
        summary: "Everything that shows a trade: its command's receipt and Merkle path, its batch, that batch's proof, its transactions on L1.",
        query: None,
        body: None,
        answer: Shape::json::<TradeProofView>(),
        example: Example::get("/v1/commands/3/shown"),
        route: || get(shown),
    },
];

async fn proof_of(api: &Api, batch: &BatchFacts) -> Result<Option<BatchProofView>, ApiError> {
    let standing = api.door().proof_standing(batch.number).await?;
    Ok(standing.map(|standing| BatchProofView::new(&standing, batch)))
}

async fn batch_proof(State(api): State<Api>, Named(number): Named<Decimal>) -> Result<Json<BatchProofView>, ApiError> {
    let batch = api.door().batch(BatchKey::Number(BatchNumber::new(number.0))).await?;
    let batch = batch.ok_or_else(|| ApiError::not_found("batch", number))?;
    let proof = proof_of(&api, &batch).await?;
    proof.map(Json).ok_or_else(|| ApiError::not_found("proof of batch", format!("{number}: none is asked for or kept")))
}

async fn file(State(api): State<Api>, Named(number): Named<Decimal>) -> Result<Response, ApiError> {
    let found = api.door().proof_file(BatchNumber::new(number.0)).await?;
    let bytes = found.ok_or_else(|| {
        ApiError::not_found("proof file of batch", format!("{number}: it is not proven yet, or no longer kept"))
    })?;
    Ok(attachment::bytes(&format!("batch-{number}.proof"), bytes))
}

async fn shown(State(api): State<Api>, Named(sequence): Named<Decimal>) -> Result<Json<TradeProofView>, ApiError> {
    let proof = api.door().command_proof(Sequence::new(sequence.0)).await?;
    let command = proof.ok_or_else(|| {
        ApiError::not_found("proof yet of command", format!("{sequence}: it is in no batch that is built"))
    })?;
    let proof = proof_of(&api, &command.batch).await?;
    Ok(Json(TradeProofView { command: CommandProofView::from(&command), proof }))
}
