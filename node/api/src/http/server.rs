//! Accepting connections.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, Request};
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower_service::Service;

use super::allowance::Left;
use super::patience::Unstalled;
use super::state::{Api, count};
use crate::limits::{BODY_BYTES_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX};
use crate::schema::{ApiError, Code};

/// After a failed accept, which is most often a shortage of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Connections by address.
#[derive(Debug, Default)]
struct Connections(Mutex<HashMap<IpAddr, u32>>);

/// One connection, counted for as long as this lives.
#[derive(Debug)]
pub struct Guard {
    ip: IpAddr,
    connections: Arc<Connections>,
}

impl Connections {
    fn enter(self: &Arc<Self>, ip: IpAddr) -> Option<Guard> {
        let mut by_ip = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = by_ip.values().sum();
        let here = by_ip.get(&ip).copied().unwrap_or_default();
        if here >= CONNECTIONS_PER_IP_MAX || usize::try_from(all).unwrap_or(usize::MAX) >= CONNECTIONS_MAX {
            return None;
        }
        by_ip.insert(ip, here + 1);
        Some(Guard { ip, connections: Arc::clone(self) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut by_ip = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = by_ip.get_mut(&self.ip) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                by_ip.remove(&self.ip);
            }
        }
    }
}

/// Who sent a request. Whoever keeps the connection beyond it keeps the guard.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its address.
    pub ip: IpAddr,
    /// Counts its connection.
    pub guard: Arc<Guard>,
}

/// A server that accepts connections until this is dropped.
#[derive(Debug)]
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Serving {
    /// Stops accepting, and ends every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Accepts connections, each served by what `serve` makes of it until it ends or the server is stopped.
    pub async fn accept<F, S>(address: SocketAddr, api: Api, serve: F) -> io::Result<Serving>
    where
        F: Fn(TcpStream, Peer) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let connections = Arc::new(Connections::default());
        tokio::spawn(async move {
            let mut stopping = stopped.clone();
            loop {
                let accepted = tokio::select! {
                    accepted = listener.accept() => accepted,
                    // It ends as well when whoever serves is dropped.
                    _ = stopping.wait_for(|stop| *stop) => return,
                };
                let Ok((stream, from)) = accepted else {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                };
                count(&api.counters().connections);
                let Some(guard) = connections.enter(from.ip()) else {
                    count(&api.counters().turned_away);
                    continue;
                };
                let served = serve(stream, Peer { ip: from.ip(), guard: Arc::new(guard) });
                let mut stopping = stopped.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = served => {}
                        _ = stopping.wait_for(|stop| *stop) => {}
                    }
                });
            }
        });
        Ok(Serving { address, stop })
    }
}

/// Serves a router over HTTP/1.1, with an allowance for each address.
pub async fn listen(address: SocketAddr, api: Api, router: Router) -> io::Result<Serving> {
    let router = router.layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Serving::accept(address, api.clone(), move |stream, peer| {
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn of_who_is_turned_away_nothing_is_remembered() {
        let connections = Arc::new(Connections::default());
        let enter = |at: u32| connections.enter(Ipv4Addr::from(at).into());
        let guards: Vec<Guard> = (0..CONNECTIONS_MAX as u32).filter_map(enter).collect();
        assert_eq!(guards.len(), CONNECTIONS_MAX);
        for stranger in 0..1_000 {
            assert!(enter(1 << 24 | stranger).is_none(), "no place is left");
        }
        let remembered = || connections.0.lock().expect("nobody panics").len();
        assert_eq!(remembered(), CONNECTIONS_MAX);
        drop(guards);
        assert_eq!(remembered(), 0);
    }
}
