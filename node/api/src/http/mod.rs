//! REST and JSON-RPC.
//!
//! 1. Every endpoint is a row of one table: from it come the routes, the OpenAPI document and the tests of its example.
//! 2. Whatever is wrong with a request is answered by an [`crate::schema::ErrorBody`] with a code and a sentence.
//! 3. An address has an allowance and a number of connections; a connection that is slow to say what it wants, or to take what it asked for, is
//!    closed.

mod account;
mod allowance;
mod attachment;
mod endpoint;
mod extract;
mod large;
mod market;
mod message;
mod node;
mod openapi;
mod patience;
mod proof;
mod rpc;
mod server;
mod settled;
mod state;

pub use allowance::{Allowances, Left};
pub use ashlar_connections::{Place, Serving};
pub use endpoint::{Endpoint, Example, Method, Shape, endpoints};
pub use extract::{Body, Named, Query, read_json};
pub use message::hand_in;
pub use node::{health_view, metrics_text};
pub use openapi::document;
pub use patience::Patience;
pub use server::{Peer, accept, listen};
pub use state::{Api, ApiConfig, Counters, StaticFile, count};

use axum::Router;
use axum::routing::get;

use crate::schema::{ApiError, Code};
use crate::socket::upgrade;

/// Everything that is served to the public, over this state.
pub fn router(api: Api) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints() {
        router = router.route(endpoint.path, (endpoint.route)());
    }
    router
        .route("/v1/stream", get(upgrade))
        .route("/openapi.json", get(openapi::serve))
        .route("/docs", get(openapi::page))
        .method_not_allowed_fallback(async || {
            ApiError::new(Code::MethodNotAllowed, "this path takes another method; see /docs")
        })
        .fallback(node::file)
        .with_state(api)
}
