//! The node itself: health, metrics, and the files beside the API.

use std::fmt::Write;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::endpoint::{Endpoint, Example, Method, Shape};
use super::state::Api;
use crate::door::ServiceState;
use crate::schema::{ApiError, HealthView, ServiceView};

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        method: Method::Get,
        path: "/health",
        tag: "node",
        summary: "How the node does; the status is 200 if all is well, 503 if not.",
        query: None,
        body: None,
        answer: Shape::json::<HealthView>(),
        example: Example::get("/health"),
        route: || get(health),
    },
    Endpoint {
        method: Method::Get,
        path: "/metrics",
        tag: "node",
        summary: "Metrics in the text format of Prometheus.",
        query: None,
        body: None,
        answer: Shape::text("text/plain"),
        example: Example::get("/metrics"),
        route: || get(metrics),
    },
];

/// How the node does.
pub fn health_view(api: &Api) -> HealthView {
    let services = api.door().health();
    let following = api.follower().is_following();
    let ok = following && services.iter().all(|service| service.state == ServiceState::Running);
    HealthView { ok, following, services: services.iter().map(ServiceView::from).collect() }
}

async fn health(State(api): State<Api>) -> (StatusCode, Json<HealthView>) {
    let view = health_view(&api);
    (if view.ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, Json(view))
}

/// The metrics of the servers, then those of the node.
pub fn metrics_text(api: &Api) -> String {
    let counters = api.counters();
    let [restarts, blocks] = api.follower().counts();
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: u64| {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# HELP ashlar_api_{name} {help}\n# TYPE ashlar_api_{name} {kind}\nashlar_api_{name} {value}"
        );
    };
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    put("submitted_total", "counter", "Messages handed in.", read(&counters.submitted));
    put("refused_total", "counter", "Messages refused.", read(&counters.refused));
    put("gateway_total", "counter", "Messages over the binary gateway.", read(&counters.gateway));
    put("limited_total", "counter", "Requests beyond an allowance.", read(&counters.limited));
    put("turned_away_total", "counter", "Connections turned away.", read(&counters.turned_away));
    put("connections_total", "counter", "Connections of any kind.", read(&counters.connections));
    put("streams", "gauge", "Streams now.", read(&counters.streams));
    put("too_slow_total", "counter", "Listeners let go because they were too slow.", read(&counters.too_slow));
    put("feed_restarts_total", "counter", "Times the place in the feed was lost.", restarts);
    put("feed_blocks_total", "counter", "Blocks read from the feed.", blocks);
    if let Some([orders, markets]) = api.follower().look(|model| [model.orders.len(), model.markets.len()]) {
        put("open_orders", "gauge", "Open orders and triggers.", orders as u64);
        put("markets", "gauge", "Markets listed.", markets as u64);
    }
    text.push_str("# HELP ashlar_api_answers_total Answers by the hundred of their status.\n");
    text.push_str("# TYPE ashlar_api_answers_total counter\n");
    for (hundred, answers) in counters.answers.iter().enumerate().skip(1) {
        let _ = writeln!(text, "ashlar_api_answers_total{{status=\"{hundred}xx\"}} {}", read(answers));
    }
    api.door().metrics(&mut text);
    text
}

async fn metrics(State(api): State<Api>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], metrics_text(&api)).into_response()
}

/// A file beside the API, or the word that there is none.
pub async fn file(State(api): State<Api>, uri: Uri) -> Response {
    match api.config().files.iter().find(|file| file.path == uri.path()) {
        Some(file) => {
            // Whatever a page shows came from here, so it may talk to nobody else. Compiling the verifier's WebAssembly has to be allowed by name.
            let policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:";
            ([(CONTENT_TYPE.as_str(), file.media_type), ("content-security-policy", policy)], file.bytes)
                .into_response()
        }
        None => ApiError::not_found("page", format!("{}; see /docs", uri.path())).into_response(),
    }
}
