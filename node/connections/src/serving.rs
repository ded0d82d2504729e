use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::places::{Place, Places};

/// After a failed accept, which is most often a shortage of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Over this.
    pub stream: TcpStream,
    /// From here.
    pub from: SocketAddr,
    /// Whoever serves it keeps this for as long as it is open.
    pub place: Place,
}

/// A server that accepts connections until this is stopped or dropped.
#[derive(Debug)]
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
}

impl Serving {
    /// Accepts nothing more, and ends every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Until that happens, or this is dropped.
    pub fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stopped = self.stop.subscribe();
        async move {
            // Whoever could say so is gone: that is a stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        }
    }

    /// Accepts connections, each served by what `serve` makes of it until it ends or the server is stopped; `turned_away` hears of those for which
    /// there is no place.
    pub async fn accept<F, S>(
        address: SocketAddr,
        places: Arc<Places>,
        turned_away: impl Fn() + Send + 'static,
        serve: F,
    ) -> io::Result<Serving>
    where
        F: Fn(Opened) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
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
                let Some(place) = places.enter(from.ip()) else {
                    turned_away();
                    continue;
                };
                let served = serve(Opened { stream, from, place });
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// A server with so many places whose connections stay until they are ended.
    async fn serving(most: usize, turned_away: &Arc<AtomicUsize>) -> Serving {
        let turned_away = Arc::clone(turned_away);
        let count = move || {
            turned_away.fetch_add(1, Ordering::Relaxed);
        };
        let stay = |opened: Opened| async move {
            let _opened = opened;
            std::future::pending().await
        };
        let address = "127.0.0.1:0".parse().expect("an address");
        Serving::accept(address, Places::new(most, most), count, stay).await.expect("a port")
    }

    async fn connect(serving: &Serving) -> TcpStream {
        TcpStream::connect(serving.address).await.expect("the server listens")
    }

    /// Whether the other side has ended the connection.
    async fn is_ended(stream: &mut TcpStream) -> bool {
        !matches!(stream.read(&mut [0]).await, Ok(1..))
    }

    #[tokio::test]
    async fn whoever_finds_no_place_is_turned_away_and_the_others_stay() {
        let turned_away = Arc::default();
        let serving = serving(2, &turned_away).await;
        let (_first, _second) = (connect(&serving).await, connect(&serving).await);
        assert!(is_ended(&mut connect(&serving).await).await);
        assert_eq!(turned_away.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn all_end_when_it_is_stopped_or_dropped() {
        for drops in [false, true] {
            let serving = serving(2, &Arc::default()).await;
            let (mut stream, stopped) = (connect(&serving).await, serving.stopped());
            let kept = if drops {
                drop(serving);
                None
            } else {
                serving.stop();
                Some(serving)
            };
            assert!(is_ended(&mut stream).await);
            stopped.await;
            drop(kept);
        }
    }
}
