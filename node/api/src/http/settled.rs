//! Batches, proofs, and messages between the exchange and L1.

use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Deserialize;

use ashlar_types::{BatchNumber, InboxIndex, Sequence, WithdrawalIndex};

use super::attachment;
use super::endpoint::{Endpoint, Example, Method, Shape};
use super::extract::{Named, Query};
use super::server::Peer;
use super::state::Api;
use crate::door::{BatchKey, RowFacts};
use crate::limits::{COST_MS_MAX, LARGE_RETRY_MS};
use crate::schema::{
    ApiError, BatchView, Code, CommandProofView, CustodyView, Decimal, Hex, InboxView, OutboxView, RowView, StageView,
    TipView, WithdrawalView, parse_stage,
};

const fn row(path: &'static str, summary: &'static str, answer: Shape, example: &'static str) -> Endpoint {
    Endpoint {
        method: Method::Get,
        path,
        tag: "settlement",
        summary,
        query: None,
        body: None,
        answer,
        example: Example::get(example),
        route: || get(tip),
    }
}

pub(super) const ENDPOINTS: &[Endpoint] = &[
    row("/v1/tip", "How far commands, batches, proofs and L1 have come.", Shape::json::<TipView>(), "/v1/tip"),
    Endpoint {
        query: Some(Shape::json::<LastQuery>()),
        route: || get(last_batch),
        ..row(
            "/v1/batches/last",
            "The last batch that has come so far.",
            Shape::json::<BatchView>(),
            "/v1/batches/last?stage=committed",
        )
    },
    Endpoint {
        route: || get(batch),
        ..row("/v1/batches/{number}", "A batch.", Shape::json::<BatchView>(), "/v1/batches/1")
    },
    Endpoint {
        route: || get(diff),
        ..row(
            "/v1/batches/{number}/diff",
            "What a batch changed in the state, as `ashlar recover --diffs` takes it in place of executing the batch.",
            Shape::bytes(),
            "/v1/batches/1/diff",
        )
    },
    Endpoint {
        route: || get(data_row),
        ..row(
            "/v1/batches/{number}/rows/{row}",
            "One row of a batch's coded data with its path to the header's commitment, out of the stores that keep it: to sample that the data is there.",
            Shape::json::<RowView>(),
            "/v1/batches/1/rows/0",
        )
    },
    Endpoint {
        route: || get(batch_of),
        ..row(
            "/v1/commands/{sequence}/batch",
            "The batch that a command is in.",
            Shape::json::<BatchView>(),
            "/v1/commands/3/batch",
        )
    },
    Endpoint {
        route: || get(proof),
        ..row(
            "/v1/commands/{sequence}/proof",
            "That a command did what its receipt says: batch, Merkle path, proof, L1 transactions. A trade is an event of a command.",
            Shape::json::<CommandProofView>(),
            "/v1/commands/3/proof",
        )
    },
    Endpoint {
        route: || get(custody),
        ..row(
            "/v1/custody",
            "Where the data of batches is kept: each store, how it has behaved since this node started, and what custodians signed last.",
            Shape::json::<CustodyView>(),
            "/v1/custody",
        )
    },
    Endpoint {
        route: || get(outbox),
        ..row(
            "/v1/outbox",
            "What this node wants done on L1 and is not final there, the oldest first; at most 100.",
            Shape::json::<Vec<OutboxView>>(),
            "/v1/outbox",
        )
    },
    Endpoint {
        route: || get(withdrawal),
        ..row(
            "/v1/withdrawals/{index}",
            "A message from the exchange to L1: a withdrawal, with its proof once its batch is built.",
            Shape::json::<WithdrawalView>(),
            "/v1/withdrawals/0",
        )
    },
    Endpoint {
        route: || get(inbox),
        ..row(
            "/v1/inbox/{index}",
            "A message from L1 to the exchange: deposits, forced operations, parameters.",
            Shape::json::<InboxView>(),
            "/v1/inbox/0",
        )
    },
];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LastQuery {
    /// How far; `built` if absent.
    stage: Option<StageView>,
}

/// How far everything has come.
pub(super) async fn tip_view(api: &Api) -> Result<TipView, ApiError> {
    Ok(TipView::from(&api.door().tip().await?))
}

/// A batch.
pub(super) async fn batch_view(api: &Api, key: BatchKey, name: &str) -> Result<BatchView, ApiError> {
    let facts = api.door().batch(key).await?.ok_or_else(|| ApiError::not_found("batch", name))?;
    Ok(with_costs(api, BatchView::from(&facts)).await)
}

/// A batch with what its transactions cost. A client of L1 that is busy, because L1 is slow, does not keep the rest of the answer back.
async fn with_costs(api: &Api, mut view: BatchView) -> BatchView {
    if view.commit.is_some()
        && let Some(place) = api.cost_question()
    {
        let paid = api.door().paid(BatchNumber::new(view.number.0));
        // What comes too late for this answer is known for the next one. Nobody cuts it short, so only so many are asked.
        let asked = tokio::spawn(async move {
            let _place = place;
            paid.await
        });
        if let Ok(Ok(Ok(paid))) = tokio::time::timeout(Duration::from_millis(COST_MS_MAX), asked).await {
            view.add_costs(&paid);
        }
    }
    view
}

/// A withdrawal.
pub(super) async fn withdrawal_view(api: &Api, index: u64) -> Result<WithdrawalView, ApiError> {
    let facts = api.door().withdrawal(WithdrawalIndex::new(index)).await?;
    facts.map(|facts| WithdrawalView::from(&facts)).ok_or_else(|| ApiError::not_found("withdrawal", index))
}

/// An entry of the inbox.
pub(super) async fn inbox_view(api: &Api, index: u64) -> Result<InboxView, ApiError> {
    let facts = api.door().inbox(InboxIndex::new(index)).await?;
    facts.map(|facts| InboxView::from(&facts)).ok_or_else(|| ApiError::not_found("inbox entry", index))
}

/// The proof of a command.
pub(super) async fn proof_view(api: &Api, sequence: u64) -> Result<CommandProofView, ApiError> {
    let proof = api.door().command_proof(Sequence::new(sequence)).await?.ok_or_else(|| {
        ApiError::not_found("proof yet of command", format!("{sequence}: it is in no batch that is built"))
    })?;
    let view = CommandProofView::from(&proof);
    Ok(CommandProofView { batch: with_costs(api, view.batch).await, ..view })
}

async fn tip(State(api): State<Api>) -> Result<Json<TipView>, ApiError> {
    tip_view(&api).await.map(Json)
}

async fn last_batch(State(api): State<Api>, Query(query): Query<LastQuery>) -> Result<Json<BatchView>, ApiError> {
    let key = BatchKey::Last(parse_stage(query.stage.unwrap_or(StageView::Built)));
    batch_view(&api, key, "that has come so far").await.map(Json)
}

async fn batch(State(api): State<Api>, Named(number): Named<Decimal>) -> Result<Json<BatchView>, ApiError> {
    batch_view(&api, BatchKey::Number(BatchNumber::new(number.0)), &number.to_string()).await.map(Json)
}

async fn diff(
    State(api): State<Api>,
    Extension(peer): Extension<Peer>,
    Named(number): Named<Decimal>,
) -> Result<Response, ApiError> {
    // Each is read whole beside the work of building batches, and is in memory until it is sent.
    let place = api.large_answer(peer.ip).ok_or_else(|| {
        let mut error = ApiError::new(Code::Overloaded, "as many diffs are being sent as may be at once; ask again");
        error.0.retry_ms = Some(LARGE_RETRY_MS);
        error
    })?;
    let found = api.door().batch_diff(BatchNumber::new(number.0)).await?;
    let bytes = found
        .ok_or_else(|| ApiError::not_found("diff of batch", format!("{number}: it is not built yet, or not kept")))?;
    Ok(attachment::large(&format!("batch-{number}.diff"), bytes, place))
}

async fn data_row(
    State(api): State<Api>,
    Named((number, row)): Named<(Decimal, u16)>,
) -> Result<Json<RowView>, ApiError> {
    let facts = api.door().row(BatchNumber::new(number.0), row).await?;
    let RowFacts { rows, chunk } = facts
        .ok_or_else(|| ApiError::not_found("row", format!("{row} of batch {number} in the stores of this node")))?;
    Ok(Json(RowView { batch: number, row, rows, chunk: Hex(chunk) }))
}

async fn custody(State(api): State<Api>) -> Json<CustodyView> {
    Json(CustodyView::from(&api.door().custody()))
}

async fn outbox(State(api): State<Api>) -> Result<Json<Vec<OutboxView>>, ApiError> {
    Ok(Json(api.door().outbox().await?.iter().map(OutboxView::from).collect()))
}

async fn batch_of(State(api): State<Api>, Named(number): Named<Decimal>) -> Result<Json<BatchView>, ApiError> {
    let name = format!("with command {number}");
    batch_view(&api, BatchKey::Sequence(Sequence::new(number.0)), &name).await.map(Json)
}

async fn proof(State(api): State<Api>, Named(number): Named<Decimal>) -> Result<Json<CommandProofView>, ApiError> {
    proof_view(&api, number.0).await.map(Json)
}

async fn withdrawal(State(api): State<Api>, Named(index): Named<Decimal>) -> Result<Json<WithdrawalView>, ApiError> {
    withdrawal_view(&api, index.0).await.map(Json)
}

async fn inbox(State(api): State<Api>, Named(index): Named<Decimal>) -> Result<Json<InboxView>, ApiError> {
    inbox_view(&api, index.0).await.map(Json)
}
