//! Answers of megabytes, of which only so many are in memory at once.
//!
//! 1. What is not sent in its time is given up: its memory and its place are free then, however little the other side takes, and it hears no end.
//! 2. What the connection holds is a copy of one piece.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::task::AbortHandle;

/// Bytes that the connection is given at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What is still to be sent.
struct Rest<P> {
    bytes: Vec<u8>,
    sent: usize,
    _place: P,
}

/// An answer on its way; once it is given up there is no rest.
pub struct Large<P> {
    rest: Arc<Mutex<Option<Rest<P>>>>,
    /// Bytes that were not handed on yet.
    left: u64,
    timer: AbortHandle,
}

fn lock<P>(rest: &Mutex<Option<Rest<P>>>) -> MutexGuard<'_, Option<Rest<P>>> {
    rest.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<P: Send + 'static> Large<P> {
    /// These bytes, to be sent within this time.
    pub fn new(bytes: Vec<u8>, place: P, within: Duration) -> Large<P> {
        let left = bytes.len() as u64;
        let rest = Arc::new(Mutex::new(Some(Rest { bytes, sent: 0, _place: place })));
        let late = Arc::clone(&rest);
        let timer = tokio::spawn(async move {
            tokio::time::sleep(within).await;
            drop(lock(&late).take());
        });
        Large { rest, left, timer: timer.abort_handle() }
    }
}

impl<P> Drop for Large<P> {
    fn drop(&mut self) {
        self.timer.abort();
        // The timer holds it too until it has ended.
        drop(lock(&self.rest).take());
    }
}

impl<P> Body for Large<P> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        let mut held = lock(&this.rest);
        let Some(rest) = held.as_mut() else { return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into()))) };
        let piece = rest.bytes.get(rest.sent..).unwrap_or_default();
        let piece = Bytes::copy_from_slice(piece.get(..PIECE_BYTES).unwrap_or(piece));
        rest.sent += piece.len();
        this.left -= piece.len() as u64;
        if this.left == 0 {
            *held = None;
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    fn bytes() -> Vec<u8> {
        (0..200_000_u32).map(|number| number as u8).collect()
    }

    async fn next(large: &mut Large<Arc<()>>) -> Option<io::Result<Bytes>> {
        let frame = poll_fn(|context| Pin::new(&mut *large).poll_frame(context)).await;
        frame.map(|frame| frame.map(|frame| frame.into_data().expect("data")))
    }

    #[tokio::test]
    async fn all_of_it_is_sent_in_pieces_and_the_place_is_free_with_the_last() {
        let place = Arc::new(());
        let mut large = Large::new(bytes(), Arc::clone(&place), LONG);
        let mut all = Vec::new();
        while let Some(piece) = next(&mut large).await {
            let piece = piece.expect("in time");
            assert!(
                piece.len() <= PIECE_BYTES
                    && large.size_hint().exact() == Some((200_000 - all.len() - piece.len()) as u64)
            );
            all.extend_from_slice(&piece);
        }
        assert!(all == bytes() && large.is_end_stream());
        assert_eq!(Arc::strong_count(&place), 1);
    }

    #[tokio::test]
    async fn who_is_gone_leaves_the_place() {
        let place = Arc::new(());
        let mut large = Large::new(bytes(), Arc::clone(&place), LONG);
        assert!(next(&mut large).await.is_some());
        drop(large);
        assert_eq!(Arc::strong_count(&place), 1);
    }

    #[tokio::test]
    async fn who_takes_it_too_slowly_loses_the_place_and_hears_no_end() {
        let place = Arc::new(());
        let mut large = Large::new(bytes(), Arc::clone(&place), Duration::from_millis(20));
        let first = next(&mut large).await.expect("there is more").expect("in time");
        // Nobody asks for more, and it is given up all the same.
        for _ in 0..1_000 {
            if Arc::strong_count(&place) == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!((Arc::strong_count(&place), first.len()), (1, PIECE_BYTES));
        let late = next(&mut large).await.expect("it is not the end").expect_err("it is too late");
        assert_eq!(late.kind(), io::ErrorKind::TimedOut);
        assert!(!large.is_end_stream());
    }
}
