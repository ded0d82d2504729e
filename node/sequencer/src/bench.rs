//! A whole node under load, for `ashlar bench node`: what is signed, how many at once, and what came of it.
//!
//! 1. Clients and node share the machine and the run: nothing is left out but the signing, which a client does before it sends and
//!    which is measured apart.
//! 2. Every message is answered from the disk before it counts.
//! 3. A rate is measured closed-loop: a client sends on when it was answered. A latency is measured open-loop: each message has a moment at
//!    which it is due, whatever became of those before it, and its time counts from there.

mod paced;

pub use paced::{Pace, paced};

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::{Answered, Door, Origin, Pending, Refusal, Signature, Signed, Stage};
use ashlar_replica::L1Block;
use ashlar_types::sign::{SessionSecret, SignatureError, session_digest};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, Command, ExchangeId, Header, InboxEntry, InboxIndex, KeyGrant,
    KeySlot, Lots, MarketId, MarketRules, MarketTerms, Message, NewOrder, ParamChange, Ppm, Price, Scopes, Side,
    Signer, Time, to_bytes,
};
use commonware_runtime::{Clock, Spawner, Storage};
use tokio::sync::mpsc;

use crate::config::Config;
use crate::engine::InboxItem;
use crate::error::NodeError;
use crate::measure::micros;
use crate::node::{Node, NodeHandle};
use crate::outside::Parts;

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Load {
    /// Clients, each with an account and a key.
    pub clients: u32,
    /// Messages of each client.
    pub messages: u32,
    /// Commands of each message.
    pub commands: u32,
    /// Messages that a client sends before it waits for the first answer; at most as many as nonces allow.
    pub ahead: usize,
    /// Messages a second of all clients together, each when it is due; zero sends as fast as answers come.
    pub per_second: u64,
    /// From which orders are drawn.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Measured {
    /// Messages answered.
    pub messages: u64,
    /// Commands in them.
    pub commands: u64,
    /// Messages that were refused as too many and sent again.
    pub refused: u64,
    /// Microseconds from the first message to the last answer.
    pub us: u64,
    /// Microseconds that signing took beforehand, on one thread.
    pub sign_us: u64,
    /// Half of the answers came within so many microseconds, at most.
    pub p50_us: Option<u64>,
    /// Of a hundred answers 99.
    pub p99_us: Option<u64>,
    /// Syncs of the disk.
    pub syncs: u64,
    /// Microseconds that checking all signatures took, on as many threads as check.
    pub check_us: u64,
    /// Microseconds from the last answer until all of it was in built batches.
    pub built_us: u64,
    /// Batches.
    pub batches: u64,
}

/// Why a run has no figures.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node ended.
    #[error("the node ended: {0}")]
    Ended(Arc<NodeError>),
    /// A key.
    #[error("a client's key cannot sign: {0}")]
    Key(#[from] SignatureError),
    /// A message.
    #[error("a message was refused: {0}")]
    Refused(#[from] Refusal),
    /// A client.
    #[error("a client ended early")]
    Client,
}

const BEGIN: u64 = 2_000;
const PRICE: u64 = 10_000;

/// Starts a node, sends the load, and stops it.
pub async fn bench<E>(context: E, config: Config, load: Load) -> Result<Measured, BenchError>
where
    E: Spawner + Clock + Storage,
{
    let id = config.deployment.exchange_id();
    let node = Node::start(context.child("node"), config, Parts::default()).await?;
    node.inbox(opening(load.clients)?).await?;
    // Asking for the state waits until the opening is durable.
    node.leaves().await;
    let before = micros(&context);
    let mut clients = Vec::new();
    for client in 1..=load.clients {
        clients.push(sign(&id, client, &load)?);
    }
    let mut measured = Measured { sign_us: micros(&context).saturating_sub(before), ..Measured::default() };
    let started = micros(&context);
    let mut tasks = Vec::new();
    let mut times = Vec::new();
    for (number, messages) in (0..).zip(clients) {
        let (door, ahead) = (node.door(), load.ahead.max(1));
        let due = Due { start: started, number, of: u64::from(load.clients), per_second: load.per_second };
        tasks.push(context.child("client").spawn(move |context| async move {
            match due.per_second {
                0 => send(context, door, messages, ahead).await.map(|refused| (refused, Vec::new())),
                _ => send_when_due(context, door, messages, due).await,
            }
        }));
    }
    for task in tasks {
        let (refused, took) = task.await.map_err(|_| BenchError::Client)??;
        measured.refused += refused;
        times.extend(took);
    }
    let answered = micros(&context);
    measured.messages = u64::from(load.clients) * u64::from(load.messages);
    measured.commands = measured.messages * u64::from(load.commands);
    measured.us = answered.saturating_sub(started);
    measured.built_us = wait_for_batches(&context, &node).await.saturating_sub(answered);
    let metrics = node.metrics();
    times.sort_unstable();
    measured.p50_us = permille(&times, 500).or(metrics.answer_us.permille(500));
    measured.p99_us = permille(&times, 990).or(metrics.answer_us.permille(990));
    (measured.syncs, measured.batches) = (metrics.groups.get(), metrics.batches.get());
    measured.check_us = metrics.check_us.sum_us();
    node.stop().await.map_err(BenchError::Ended)?;
    Ok(measured)
}

/// Of sorted times the one that so many of a thousand do not exceed.
fn permille(sorted: &[u64], permille: usize) -> Option<u64> {
    sorted.get((sorted.len() * permille).div_ceil(1_000).checked_sub(1)?).copied()
}

/// Waits until nothing executed is outside of a batch.
async fn wait_for_batches<E: Clock>(context: &E, node: &NodeHandle) -> u64 {
    let executed = node.metrics().next_sequence.get();
    loop {
        let built = node.books().last_at(Stage::Built).and_then(|number| node.books().header(number));
        let is_built = built.is_some_and(|header| header.next_sequence.get() >= executed);
        if is_built || node.ended().is_some() {
            return micros(context);
        }
        context.sleep(Duration::from_millis(5)).await;
    }
}

async fn send<E: Clock>(
    context: E,
    door: Arc<dyn Door>,
    messages: Vec<Signed>,
    ahead: usize,
) -> Result<u64, BenchError> {
    let origin = Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let mut waiting = VecDeque::new();
    let mut refused = 0;
    let mut messages = messages.into_iter();
    loop {
        while waiting.len() < ahead {
            let Some(signed) = messages.next() else { break };
            waiting.push_back((signed.clone(), door.submit(signed, origin)));
        }
        let Some((signed, answer)) = waiting.pop_front() else { return Ok(refused) };
        match answer.await {
            Ok(_) => {}
            Err(Refusal::Overloaded { retry_ms } | Refusal::RateLimited { retry_ms }) => {
                refused += 1;
                context.sleep(Duration::from_millis(u64::from(retry_ms))).await;
                waiting.push_front((signed.clone(), door.submit(signed, origin)));
            }
            Err(refusal) => return Err(refusal.into()),
        }
    }
}

/// When a client's messages are due, in turn with those of the others.
#[derive(Clone, Copy)]
struct Due {
    start: u64,
    number: u64,
    of: u64,
    per_second: u64,
}

impl Due {
    fn at(&self, message: u64) -> u64 {
        let turn = message * self.of + self.number;
        self.start + turn.saturating_mul(1_000_000) / self.per_second.max(1)
    }
}

/// Sends each message when it is due and waits for no answer before the next. How many were refused, and how long after they were due the
/// others were answered.
async fn send_when_due<E: Spawner + Clock>(
    context: E,
    door: Arc<dyn Door>,
    messages: Vec<Signed>,
    due: Due,
) -> Result<(u64, Vec<u64>), BenchError> {
    let origin = Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let (sent, mut answers) = mpsc::unbounded_channel::<(u64, Pending<Result<Answered, Refusal>>)>();
    // A client is answered in the order in which it sent, so waiting for one answer after the other takes the time of each.
    let hearing = context.child("answers").spawn(move |context| async move {
        let (mut refused, mut took) = (0, Vec::new());
        while let Some((due, answer)) = answers.recv().await {
            match answer.await {
                Ok(_) => took.push(micros(&context).saturating_sub(due)),
                Err(Refusal::Overloaded { .. } | Refusal::RateLimited { .. }) => refused += 1,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok((refused, took))
    });
    // A task wakes on a grid of milliseconds, and all that is due in one would come in a burst that no market sends. A thread sleeps more finely.
    let sending = context.child("sending").dedicated().spawn(move |context| async move {
        for (at, signed) in (0..).zip(messages) {
            let due = due.at(at);
            std::thread::sleep(Duration::from_micros(due.saturating_sub(micros(&context))));
            // Whoever hears ends early only by a refusal, which is told below.
            let _ = sent.send((due, door.submit(signed, origin)));
        }
    });
    sending.await.map_err(|_| BenchError::Client)?;
    Ok(hearing.await.map_err(|_| BenchError::Client)??)
}

fn secret(client: u32) -> Result<SessionSecret, SignatureError> {
    let mut bytes = [0x33; 32];
    bytes[..4].copy_from_slice(&client.to_be_bytes());
    SessionSecret::new(&bytes)
}

fn account(client: u32) -> AccountId {
    AccountId::new(client).unwrap_or_default()
}

/// The messages of one client: orders on both sides of one price, so that about half of them trade.
fn sign(id: &ExchangeId, client: u32, load: &Load) -> Result<Vec<Signed>, BenchError> {
    let secret = secret(client)?;
    let mut random = load.seed ^ u64::from(client).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut messages = Vec::with_capacity(load.messages as usize);
    for nonce in 1..=u64::from(load.messages) {
        let commands = (0..load.commands).map(|_| order(&mut random)).collect();
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
        let header = Header { account: account(client), signer, nonce, not_after: Time::NEVER };
        let message = Message { header, commands };
        let digest = session_digest(id, &to_bytes(&message));
        let signature = Signature::Session(secret.sign(&digest, &[0; 32])?);
        messages.push(Signed::new(message, signature)?);
    }
    Ok(messages)
}

fn order(random: &mut u64) -> Command {
    // The generator of splitmix64: any spread of bits does here.
    *random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *random;
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    let price = Price::saturating(PRICE - 20 + (bits >> 8) % 41);
    let lots = Lots::new(1 + (bits >> 32) % 16).unwrap_or_default();
    Command::Place(NewOrder::limit(MarketId::FIRST, Side::from_bit(bits), price, lots))
}

/// What L1 says first: two assets, a market, and of each client funds and a key.
fn opening(clients: u32) -> Result<Vec<InboxItem>, BenchError> {
    let (quote, base) = (AssetId::FIRST, AssetId::new(1).unwrap_or_default());
    let mut entries = Vec::new();
    for asset in [quote, base] {
        let token = Address([asset.get() as u8 + 1; 20]);
        let terms = AssetTerms { token, scale_digits: 0, total_max: Amount::MAX };
        entries.push(InboxEntry::Param(ParamChange::ListAsset { asset, terms }));
    }
    let terms = MarketTerms { base, quote, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(10_000) };
    let lots = |number| Lots::new(number).unwrap_or_default();
    let (band, collar, orders_max) = (Ppm(500_000), Ppm(100_000), 1 << 20);
    let rules = MarketRules { lots_min: lots(1), lots_max: lots(1 << 20), band, collar, orders_max, schedule: 0 };
    let reference = Price::saturating(PRICE);
    entries.push(InboxEntry::Param(ParamChange::ListMarket { market: MarketId::FIRST, terms, rules, reference }));
    for client in 1..=clients {
        let mut owner = Address([0x0a; 20]);
        owner.0[..4].copy_from_slice(&client.to_be_bytes());
        for asset in [quote, base] {
            let amount = Amount::new(1 << 50).unwrap_or_default();
            entries.push(InboxEntry::Deposit { owner, account: None, asset, amount });
        }
        let (slot, scopes, expires) = (KeySlot::FIRST, Scopes::ALL, Time::NEVER);
        let grant = KeyGrant { slot, public: secret(client)?.public(), scopes, expires };
        entries.push(InboxEntry::RegisterKey { owner, account: account(client), grant });
    }
    let item = |(place, entry): (usize, InboxEntry)| InboxItem {
        index: InboxIndex::new(place as u64),
        time: Time::new(BEGIN).unwrap_or_default(),
        entry,
        block: L1Block { number: 1, hash: ashlar_batch::Hash([1; 32]) },
        transaction: [1; 32],
    };
    Ok(entries.into_iter().enumerate().map(item).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_in_turn() {
        let due = |number| Due { start: 5_000, number, of: 2, per_second: 4_000 };
        assert_eq!((due(0).at(0), due(1).at(0), due(1).at(1), due(0).at(2)), (5_000, 5_250, 5_750, 6_000));
        assert_eq!(permille(&[], 500), None);
        let sorted: Vec<u64> = (1..=200).collect();
        assert_eq!(
            (permille(&sorted, 500), permille(&sorted, 990), permille(&sorted, 1_000)),
            (Some(100), Some(198), Some(200))
        );
    }
}
