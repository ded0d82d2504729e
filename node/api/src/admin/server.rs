use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Extension, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use ashlar_types::{BatchNumber, MarketId, Sequence};

use super::audit::{Audit, AuditLine};
use super::log::{Log, LogLine};
use super::token::Token;
use crate::door::{Act, ActError, Operator};
use crate::http::{Api, Body, Named, Peer, Query, health_view};
use crate::schema::{ApiError, Code, Decimal, HealthView};

/// What the admin server shares.
#[derive(Clone)]
pub struct Admin(Arc<Shared>);

struct Shared {
    api: Api,
    operator: Arc<dyn Operator>,
    token: Token,
    audit: Audit,
    log: Log,
    /// One act at a time, so that the log has them in the order in which they were done.
    turn: Mutex<()>,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").finish_non_exhaustive()
    }
}

impl Admin {
    /// Over a node, with the last lines of its log, which never tell the token.
    pub fn new(api: Api, operator: Arc<dyn Operator>, token: Token, audit: Audit, log: Log) -> Admin {
        log.hide(token.as_str());
        Admin(Arc::new(Shared { api, operator, token, audit, log, turn: Mutex::new(()) }))
    }
}

/// What the operator asks for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum ActBody {
    /// Let a service rest.
    Pause {
        /// Its name.
        service: String,
    },
    /// Let it go on.
    Resume {
        /// Its name.
        service: String,
    },
    /// Close the present batch now.
    BatchNow {},
    /// Make a checkpoint now.
    CheckpointNow {},
    /// Stop before this command; absent takes that back.
    StopAtSequence {
        /// The command.
        #[serde(default)]
        sequence: Option<Decimal>,
    },
    /// Stop after this batch; absent takes that back.
    StopAtBatch {
        /// The batch.
        #[serde(default)]
        batch: Option<Decimal>,
    },
    /// Read the configured limits again.
    ReloadLimits {},
    /// Stop a market.
    Halt {
        /// Which.
        market: u16,
    },
    /// Let a stopped market go on.
    ResumeMarket {
        /// Which.
        market: u16,
    },
    /// Go on with a market's cascade.
    Continue {
        /// Which.
        market: u16,
    },
    /// Accept no messages at all, or accept them again.
    KillSwitch {
        /// Stop or go on.
        stop: bool,
    },
    /// Of a node that follows: order from the next command on, in place of a node that is gone. Two that order at once sign contradictions.
    Promote {
        /// That the one that ordered until now is stopped and cannot start again.
        other_is_gone: bool,
    },
}

/// What was done.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ActedView {
    /// One sentence.
    pub done: String,
}

impl ActBody {
    fn to_act(&self) -> Result<Act, ApiError> {
        let market = |number: u16| MarketId::new(number).ok_or_else(|| ApiError::range("market", number));
        Ok(match self {
            Self::Pause { service } => Act::Pause { service: service.clone() },
            Self::Resume { service } => Act::Resume { service: service.clone() },
            Self::BatchNow {} => Act::BatchNow,
            Self::CheckpointNow {} => Act::CheckpointNow,
            Self::StopAtSequence { sequence } => Act::StopAtSequence(sequence.map(|at| Sequence::new(at.0))),
            Self::StopAtBatch { batch } => Act::StopAtBatch(batch.map(|at| BatchNumber::new(at.0))),
            Self::ReloadLimits {} => Act::ReloadLimits,
            Self::Halt { market: number } => Act::Halt(market(*number)?),
            Self::ResumeMarket { market: number } => Act::ResumeMarket(market(*number)?),
            Self::Continue { market: number } => Act::Continue(market(*number)?),
            Self::KillSwitch { stop } => Act::KillSwitch { stop: *stop },
            Self::Promote { other_is_gone: true } => Act::Promote,
            Self::Promote { other_is_gone: false } => {
                return Err(ApiError::new(
                    Code::NotNow,
                    "two nodes that order at once sign contradictions; end the other one first",
                ));
            }
        })
    }
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> ApiError {
        let code = match error {
            ActError::UnknownService { .. } => Code::NotFound,
            ActError::NotNow { .. } => Code::NotNow,
            ActError::Unavailable(_) => Code::Unavailable,
        };
        ApiError::new(code, error.to_string())
    }
}

/// The admin server's routes.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/admin/health", get(health))
        .route("/admin/services/{service}", get(inspect))
        .route("/admin/act", post(act))
        .route("/admin/audit", get(audit))
        .route("/admin/log", get(log))
        .method_not_allowed_fallback(async || {
            ApiError::new(Code::MethodNotAllowed, "reading is a GET and every change a POST; see docs/api.md")
        })
        .fallback(async || ApiError::not_found("such path", "here; see docs/api.md"))
        .layer(from_fn_with_state(admin.clone(), authorize))
        .with_state(admin)
}

async fn authorize(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if shown.is_some_and(|token| admin.0.token.is(token)) {
        next.run(request).await
    } else {
        let why = "the admin token is missing or wrong; send `authorization: Bearer` and what the token file holds";
        ApiError::new(Code::Unauthorized, why).into_response()
    }
}

async fn health(State(admin): State<Admin>) -> Json<HealthView> {
    Json(health_view(&admin.0.api))
}

async fn inspect(
    State(admin): State<Admin>,
    Named(service): Named<String>,
) -> Result<Json<BTreeMap<String, String>>, ApiError> {
    let told = admin.0.operator.inspect(&service).await?;
    Ok(Json(told.into_iter().collect()))
}

async fn act(
    State(admin): State<Admin>,
    Extension(peer): Extension<Peer>,
    Body(body): Body<ActBody>,
) -> Result<Json<ActedView>, ApiError> {
    let act = body.to_act()?;
    let words = serde_json::to_string(&body).unwrap_or_default();
    // Whoever hangs up does not stop what was begun, nor its second line in the log.
    let deed = tokio::spawn(async move {
        let shared = &admin.0;
        let _turn = shared.turn.lock().await;
        let unwritten = |error: std::io::Error| {
            let why = format!("the audit log cannot be written ({error}), so nothing is changed; make room for it");
            ApiError::new(Code::Unavailable, why)
        };
        shared.audit.write(peer.ip, &words, "asked".into()).map_err(unwritten)?;
        let acted = shared.operator.act(act).await;
        let outcome = match &acted {
            Ok(done) => format!("done: {done}"),
            Err(error) => format!("refused: {error}"),
        };
        if let Err(error) = shared.audit.write(peer.ip, &words, outcome) {
            tracing::error!(%error, "an act was done and its outcome could not be written to the audit log");
        }
        Ok(Json(ActedView { done: acted? }))
    });
    deed.await.unwrap_or_else(|_| Err(ApiError::new(Code::Unavailable, "the act did not come to its end; see the log")))
}

async fn audit(State(admin): State<Admin>) -> Json<Vec<AuditLine>> {
    Json(admin.0.audit.last())
}

/// How much of the log is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LogQuery {
    /// At most so many lines; 200 if absent.
    limit: Option<u32>,
}

async fn log(State(admin): State<Admin>, Query(query): Query<LogQuery>) -> Json<Vec<LogLine>> {
    Json(admin.0.log.last(query.limit.map_or(200, |limit| limit as usize)))
}
