use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use commonware_runtime::Storage;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_service::Service;

use super::keep::Custodian;
use super::routes::{Door, router};
use super::unstalled::Unstalled;
use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_IP_MAX, HEADER_MS_MAX, REQUEST_MS_MAX};

/// After a failed accept, which is most often a shortage of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Between two looks at what may be forgotten.
const PRUNE_EVERY: Duration = Duration::from_secs(30);

/// A custodian that is reached by HTTP until this is dropped or stopped.
#[derive(Debug)]
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Serving {
    /// Accepts nothing more and ends every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Connections by address.
type Connections = Arc<Mutex<HashMap<IpAddr, u32>>>;

/// One connection, counted for as long as this lives.
struct Guard(IpAddr, Connections);

impl Guard {
    fn enter(connections: &Connections, ip: IpAddr) -> Option<Guard> {
        let mut by_ip = connections.lock().unwrap_or_else(PoisonError::into_inner);
        let all: u32 = by_ip.values().sum();
        let here = by_ip.get(&ip).copied().unwrap_or_default();
        if here >= CONNECTIONS_PER_IP_MAX || all as usize >= CONNECTIONS_MAX {
            return None;
        }
        by_ip.insert(ip, here + 1);
        Some(Guard(ip, connections.clone()))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut by_ip = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = by_ip.get_mut(&self.0) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                by_ip.remove(&self.0);
            }
        }
    }
}

/// Serves a custodian over HTTP/1.1, and prunes by its policy meanwhile.
pub async fn listen<E: Storage>(address: SocketAddr, custodian: Custodian<E>) -> io::Result<Serving> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let door = Door::new(custodian);
    let pruned = door.clone();
    let mut stopping = stopped.clone();
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
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    });
    tokio::spawn(accept(listener, door, stopped));
    Ok(Serving { address, stop })
}

async fn accept<E: Storage>(listener: TcpListener, door: Arc<Door<E>>, stopped: watch::Receiver<bool>) {
    let connections = Connections::default();
    let router = router(door.clone());
    let mut stopping = stopped.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, from)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Some(guard) = Guard::enter(&connections, from.ip()) else { continue };
        let requests = Requests { door: door.clone(), router: router.clone(), ip: from.ip() };
        let stall = door.custodian().policy().stall;
        let mut stopping = stopped.clone();
        tokio::spawn(async move {
            let mut builder = http1::Builder::new();
            let header_time = Duration::from_millis(HEADER_MS_MAX);
            builder.timer(TokioTimer::new()).header_read_timeout(header_time).max_buf_size(64 * 1024);
            tokio::select! {
                // What goes wrong on a client's connection is the client's to see.
                _ = builder.serve_connection(TokioIo::new(Unstalled::new(stream, stall)), requests) => {}
                _ = stopping.wait_for(|stop| *stop) => {}
            }
            drop(guard);
        });
    }
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

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn of_who_is_turned_away_nothing_is_remembered() {
        let connections = Connections::default();
        let enter = |at: u32| Guard::enter(&connections, Ipv4Addr::from(at).into());
        let guards: Vec<Guard> = (0..CONNECTIONS_MAX as u32).filter_map(enter).collect();
        assert_eq!(guards.len(), CONNECTIONS_MAX);
        for stranger in 0..1_000 {
            assert!(enter(1 << 24 | stranger).is_none(), "no place is left");
        }
        let remembered = || connections.lock().expect("nobody panics").len();
        assert_eq!(remembered(), CONNECTIONS_MAX);
        drop(guards);
        assert_eq!(remembered(), 0);
        let same: Vec<Guard> = (0..=CONNECTIONS_PER_IP_MAX).filter_map(|_| enter(7)).collect();
        assert_eq!(same.len(), CONNECTIONS_PER_IP_MAX as usize, "one address has so many");
    }
}
