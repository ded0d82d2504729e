//! Accepting connections.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ashlar_connections::{Opened, Place, Places, Serving, Unstalled};
use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tower_service::Service;

use super::allowance::Left;
use super::state::{Api, count};
use crate::limits::{BODY_BYTES_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX};
use crate::schema::{ApiError, Code};

/// Who sent a request. Whoever keeps the connection beyond it keeps the place.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// The place that its connection takes.
    pub place: Arc<Place>,
}

/// Accepts connections, each served by what `serve` makes of it until it ends or the server is stopped.
pub async fn accept<F, S>(address: SocketAddr, api: Api, serve: F) -> io::Result<Serving>
where
    F: Fn(TcpStream, Peer) -> S + Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let places = Places::new(CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX);
    let counted = api.clone();
    let turned_away = move || {
        count(&counted.counters().connections);
        count(&counted.counters().turned_away);
    };
    let served = move |Opened { stream, from, place }: Opened| {
        count(&api.counters().connections);
        serve(stream, Peer { ip: from.ip(), place: Arc::new(place) })
    };
    Serving::accept(address, places, turned_away, served).await
}

/// Serves a router over HTTP/1.1, with an allowance for each address.
pub async fn listen(address: SocketAddr, api: Api, router: Router) -> io::Result<Serving> {
    let router = router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    accept(address, api.clone(), move |stream, peer| {
        let requests = Requests { api: api.clone(), router: router.clone(), peer };
        let patience = api.config().patience;
        async move {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(64 * 1024);
            let stream = TokioIo::new(Unstalled::new(stream, patience.stall));
            // What goes wrong on a client's connection is the client's to see.
            let _ = builder.serve_connection(stream, requests).with_upgrades().await;
        }
    })
    .await
}

/// The requests of one connection.
struct Requests {
    api: Api,
    router: Router,
    peer: Peer,
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let (api, mut router) = (self.api.clone(), self.router.clone());
        let left = api.allowances().take(self.peer.ip);
        request.extensions_mut().insert(self.peer.clone());
        Box::pin(async move {
            let response = if left.granted {
                let answer = router.call(request.map(Body::new));
                match tokio::time::timeout(api.config().patience.request, answer).await {
                    Ok(Ok(response)) => response,
                    Ok(Err(never)) => match never {},
                    Err(_) => ApiError::new(Code::Lost, "the request took too long; send it again").into_response(),
                }
            } else {
                count(&api.counters().limited);
                too_many(left).into_response()
            };
            let hundred = usize::from(response.status().as_u16() / 100);
            if let Some(answers) = api.counters().answers.get(hundred) {
                answers.fetch_add(1, Ordering::Relaxed);
            }
            Ok(with_headers(response, left))
        })
    }
}

fn too_many(left: Left) -> ApiError {
    let mut error = ApiError::new(
        Code::RateLimited,
        format!("more than the {} requests that an address may send at once; wait a moment", left.limit),
    );
    error.0.retry_ms = Some(1_000);
    error
}

fn with_headers(mut response: Response, left: Left) -> Response {
    let headers = response.headers_mut();
    headers.insert("x-ratelimit-limit", HeaderValue::from(left.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(left.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(left.reset_seconds));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    response
}
