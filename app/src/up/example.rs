//! An order to try: of an account that nobody else trades with, signed already, so that it needs nothing but `curl`.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use ashlar_api::door::Door;
use ashlar_api::schema::{Hex, MessageWords};
use ashlar_types::sign::session_digest;
use ashlar_types::{Deployment, to_bytes};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::bank::Bank;
use super::traders::{self, Opened};
use super::venue::Listed;

/// Whose account it is. Its keys are made of this name, so they are as public as everything here.
const NAME: &str = "whoever tries";
/// Gifts of the faucet that the account begins with.
const GIFTS: u32 = 1;
/// How many lots it asks for.
const LOTS: u64 = 10;

/// The command that places the order, as soon as its account has funds and a key.
pub fn prepare(
    door: Arc<dyn Door>,
    exchange: Deployment,
    bank: Bank,
    listed: Listed,
    api: SocketAddr,
) -> oneshot::Receiver<String> {
    let (ready, waiting) = oneshot::channel();
    tokio::spawn(async move {
        let mut ready = ready;
        let signed = tokio::select! {
            signed = order(door, exchange, &bank, &listed) => signed,
            // Whoever would have shown it is gone.
            () = ready.closed() => return,
        };
        match signed {
            // If nobody waits any more, nobody wants to try.
            Ok(body) => drop(ready.send(command(&api, &body))),
            Err(reason) => tracing::warn!(%reason, "there is no order to try"),
        }
    });
    waiting
}

fn command(api: &SocketAddr, body: &Value) -> String {
    // Numbers and names that hold no quotation mark: the shell takes it as it is.
    format!("curl -s -X POST http://{api}/v1/messages -H 'content-type: application/json' -d '{body}'")
}

/// A message with its signature. The price is a tenth below where the market began: it rests, and can be looked at.
async fn order(door: Arc<dyn Door>, exchange: Deployment, bank: &Bank, listed: &Listed) -> Result<Value> {
    let Opened { account, key, held } = traders::open(NAME, &*door, &exchange, bank, listed, GIFTS).await?;
    let demo = listed.markets.first().ok_or_else(|| anyhow!("nothing is listed"))?;
    let price = demo.reference / 10 * 9;
    let message = json!({
        "account": account.get(),
        "signer": {"type": "session", "slot": held.slot.get(), "epoch": held.epoch},
        "nonce": (held.nonce + 1).to_string(),
        "commands": [{"type": "place", "order": {
            "market": demo.market.get(), "side": "buy", "price": price.to_string(), "lots": LOTS.to_string(),
        }}],
    });
    let words: MessageWords = serde_json::from_value(message.clone())?;
    let canonical = words.to_message().map_err(|refused| anyhow!(refused.0.message))?;
    let digest = session_digest(&exchange.exchange_id(), &to_bytes(&canonical));
    let signature = key.sign(&digest, &[0; 32]).map_err(|error| anyhow!("the order cannot be signed: {error}"))?;
    Ok(json!({"message": message, "signature": Hex::of(&signature)}))
}
