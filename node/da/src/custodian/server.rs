use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ashlar_connections::{Opened, Places, Serving, Unstalled};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use commonware_runtime::Storage;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tower_service::Service;

use super::keep::Custodian;
use super::routes::{Door, router};
use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX, HEADER_MS_MAX, REQUEST_MS_MAX};

/// Between two looks at what may be forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(30);

/// Serves a custodian over HTTP/1.1, and prunes by its policy meanwhile, until what is returned is stopped or dropped.
pub async fn listen<E: Storage>(address: SocketAddr, custodian: Custodian<E>) -> io::Result<Serving> {
    let door = Door::new(custodian);
    let pruned = door.clone();
    let router = router(door.clone());
    let places = Places::new(CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX);
    let serve = move |Opened { stream, from, place }: Opened| {
        let stall = door.custodian().policy().stall;
        let requests = Requests { door: door.clone(), router: router.clone(), ip: from.ip() };
        async move {
            let _place = place;
            let mut builder = http1::Builder::new();
            let header_time = Duration::from_millis(HEADER_MS_MAX);
            builder.timer(TokioTimer::new()).header_read_timeout(header_time).max_buf_size(64 * 1024);
            // What goes wrong on a client's connection is the client's to see.
            let _ = builder.serve_connection(TokioIo::new(Unstalled::new(stream, stall)), requests).await;
        }
    };
    let serving = Serving::accept(address, places, || {}, serve).await?;
    let stopped = serving.stopped();
    tokio::spawn(async move {
        let pruning = async {
            loop {
                if let Err(error) = pruned.custodian().prune().await {
                    tracing::warn!(%error, "pruning failed");
                }
                tokio::time::sleep(PRUNE_EVERY).await;
            }
        };
        tokio::select! {
            () = pruning => {}
            () = stopped => {}
        }
    });
    Ok(serving)
}

/// The requests of one connection.
struct Requests<E> {
    door: Arc<Door<E>>,
    router: Router,
    ip: IpAddr,
}

impl<E: Storage> hyper::service::Service<Request<Incoming>> for Requests<E> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if let Err(refusal) = self.door.admit(self.ip) {
            return Box::pin(std::future::ready(Ok(refusal.into_response())));
        }
        let answer = self.router.clone().call(request.map(Body::new));
        Box::pin(async move {
            match tokio::time::timeout(Duration::from_millis(REQUEST_MS_MAX), answer).await {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(never)) => match never {},
                Err(_) => Ok((StatusCode::REQUEST_TIMEOUT, "the request took too long; send it again").into_response()),
            }
        })
    }
}
