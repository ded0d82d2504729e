use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// A connection that ends once it takes nothing of what it is being sent for too long.
#[derive(Debug)]
pub struct Unstalled {
    stream: TcpStream,
    within: Duration,
    deadline: Pin<Box<Sleep>>,
    stalls: bool,
}

impl Unstalled {
    /// Over this stream.
    pub fn new(stream: TcpStream, within: Duration) -> Unstalled {
        Unstalled { stream, within, deadline: Box::pin(sleep(within)), stalls: false }
    }

    /// Lets through what was done, and fails once nothing was for too long.
    fn watch<T>(&mut self, context: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.stalls = false;
            return done;
        }
        if !self.stalls {
            self.stalls = true;
            self.deadline.as_mut().reset(Instant::now() + self.within);
        }
        self.deadline.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Unstalled {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, into)
    }
}

impl AsyncWrite for Unstalled {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watch(context, done)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let done = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.watch(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // A socket keeps nothing back that would have to be flushed, and its shutdown waits for nobody: neither says anything about the client.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const STALL: Duration = Duration::from_secs(2);

    /// A connection: what is sent on, and what is read from.
    async fn pair() -> (Unstalled, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (accepted, reader) = tokio::join!(listener.accept(), TcpStream::connect(address));
        (Unstalled::new(accepted.expect("accepted").0, STALL), reader.expect("connected"))
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_up() {
        let (mut sender, _reader) = pair().await;
        let error = sender.write_all(&vec![7; 64 << 20]).await.expect_err("nobody reads it");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_is_slow_has_all_of_it() {
        let (mut sender, mut reader) = pair().await;
        let bytes = vec![7; 32 << 20];
        let sending = async {
            sender.write_all(&bytes).await.expect("it goes on");
            drop(sender);
        };
        let reading = async {
            let (mut all, mut part, mut pauses) = (0, vec![0; 1 << 20], 0);
            loop {
                match reader.read(&mut part).await.expect("it goes on") {
                    0 => return (all, pauses),
                    count => all += count,
                }
                if all > (pauses + 1) << 20 {
                    pauses += 1;
                    tokio::time::sleep(STALL / 16).await;
                }
            }
        };
        let ((), (all, pauses)) = tokio::join!(sending, reading);
        assert_eq!(all, bytes.len());
        assert!(pauses > 16, "{pauses} pauses, which in all are longer than a connection may stand still");
    }
}
