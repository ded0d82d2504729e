use std::net::SocketAddr;

use ashlar_api::client::{RestClient, StreamClient};
use ashlar_api::schema::{Channel, PublicTrade};
use tokio::sync::{mpsc, watch};
use tokio::time::{Duration, sleep, timeout};

use super::node::failure;
use super::{Failure, Wish, retry};
use crate::monitor::limits::{ANSWER_MS_MAX, TRADES_MAX};
use crate::monitor::model::{Broken, News};

/// Listens to the book and trades that are wanted, for as long as anyone takes the news.
pub async fn listen(address: SocketAddr, mut wishes: watch::Receiver<Wish>, news: mpsc::Sender<News>) {
    let mut attempt = 0;
    loop {
        let wish = wishes.borrow_and_update().clone();
        let Some(market) = wish.market else {
            if wishes.changed().await.is_err() {
                return;
            }
            continue;
        };
        match follow(address, market, &mut wishes, &news, &mut attempt).await {
            Ok(()) => {}
            Err(None) => return,
            Err(Some((_, reason))) => {
                attempt += 1;
                if news.send(News::StreamLost(reason)).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(retry(attempt))).await;
            }
        }
    }
}

/// Listens to one market until another is wanted. `None` as an error says that nobody takes the news.
async fn follow(
    address: SocketAddr,
    market: u16,
    wishes: &mut watch::Receiver<Wish>,
    news: &mpsc::Sender<News>,
    attempt: &mut u32,
) -> Result<(), Option<Failure>> {
    let open = async {
        let mut stream = StreamClient::connect(address).await?;
        stream.subscribe(Channel::Book { market }).await?;
        stream.subscribe(Channel::Trades { market }).await?;
        let path = format!("/v1/markets/{market}/trades?limit={TRADES_MAX}");
        let trades: Vec<PublicTrade> = RestClient::new(address).get(&path).await?;
        Ok((stream, trades))
    };
    let opened = timeout(Duration::from_millis(ANSWER_MS_MAX), open).await;
    let opened = opened.map_err(|_| Some((Broken::Unreachable, "the stream does not open".to_owned())))?;
    let (mut stream, trades) = opened.map_err(|error| Some(failure(error)))?;
    for one in [News::StreamOpen(market), News::Trades(market, trades)] {
        news.send(one).await.map_err(|_| None)?;
    }
    let turn = wishes.borrow().turn;
    loop {
        tokio::select! {
            said = stream.hear() => {
                let said = said.map_err(|error| Some(failure(error)))?;
                *attempt = 0;
                news.send(News::Says(said)).await.map_err(|_| None)?;
            }
            changed = wishes.changed() => {
                changed.map_err(|_| None)?;
                let wish = wishes.borrow_and_update().clone();
                if wish.market != Some(market) || wish.turn != turn {
                    return Ok(());
                }
            }
        }
    }
}
