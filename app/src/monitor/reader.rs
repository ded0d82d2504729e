//! The only part that talks to the node.

mod node;
mod stream;

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use ashlar_api::admin::Token;
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, sleep};

use super::limits::{NEWS_MAX, POLL_MS, RETRY_MS, RETRY_MS_MAX};
use super::model::{Broken, News, Subject};
use node::Node;

/// What the person wants to see beside what is always asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    /// Whose book.
    pub market: Option<u16>,
    /// Whose account.
    pub subject: Option<Subject>,
    /// Counts wishes that are the same as before.
    pub turn: u64,
}

/// Starts reading; it ends when nobody takes the news any more.
pub fn start(
    address: SocketAddr,
    operator: Option<(SocketAddr, Token)>,
    wishes: &watch::Sender<Wish>,
) -> mpsc::Receiver<News> {
    let (news, taken) = mpsc::channel(NEWS_MAX);
    tokio::spawn(poll(address, operator, wishes.subscribe(), news.clone()));
    tokio::spawn(stream::listen(address, wishes.subscribe(), news));
    taken
}

/// What one overview needs.
pub async fn overview(address: SocketAddr) -> Result<Vec<News>> {
    let mut node = Node::new(address, None);
    let wish = Wish::default();
    let told = node.look(&wish).await.map_err(|(_, reason)| anyhow::anyhow!(reason));
    told.with_context(|| format!("the node at {address} tells nothing; is it running, and is --url its API?"))
}

/// Asks again and again; a node that is gone is asked less often.
async fn poll(
    address: SocketAddr,
    operator: Option<(SocketAddr, Token)>,
    mut wishes: watch::Receiver<Wish>,
    news: mpsc::Sender<News>,
) {
    let (mut node, mut attempt) = (Node::new(address, operator.as_ref()), 0_u32);
    loop {
        let wish = wishes.borrow_and_update().clone();
        let told = node.look(&wish).await;
        let wait = match told {
            Ok(told) => {
                attempt = 0;
                for one in told {
                    if news.send(one).await.is_err() {
                        return;
                    }
                }
                POLL_MS
            }
            Err((broken, reason)) => {
                attempt = attempt.saturating_add(1);
                let retry_ms = retry(attempt);
                // What was known may be of another exchange by then.
                node = Node::new(address, operator.as_ref());
                if news.send(News::Lost { broken, reason, attempt, retry_ms }).await.is_err() {
                    return;
                }
                retry_ms
            }
        };
        tokio::select! {
            () = sleep(Duration::from_millis(wait)) => {}
            changed = wishes.changed() => if changed.is_err() { return },
        }
    }
}

/// How long to wait after so many attempts.
fn retry(attempt: u32) -> u64 {
    RETRY_MS.saturating_mul(1 << attempt.saturating_sub(1).min(8)).min(RETRY_MS_MAX)
}

/// Why something was not told.
type Failure = (Broken, String);
