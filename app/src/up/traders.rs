//! Simulated traders: accounts like any other, with keys, funds from L1, and signatures under everything they say.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use ashlar_api::door::{Answered, Door, HeldKey, Line, Origin, Refusal, Signature, Signed};
use ashlar_types::sign::{SessionSecret, WalletSecret, session_digest, wallet_digest};
use ashlar_types::{
    AccountId, Command, Deployment, Header, KeyGrant, KeySlot, Lots, Message, NewOrder, OrderId, Price, Reason, Scopes,
    Side, Signer, Time, TimeInForce, to_bytes,
};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::bank::Bank;
use super::proving::Brake;
use super::settings::Settings;
use super::venue::{DemoMarket, Listed};
use crate::clock::now_ms;
use crate::development::development_key;

/// How long what a trader says is good for.
const GOOD_FOR_MS: u64 = 60_000;
/// Orders that a trader leaves open in a market.
const OPEN_MAX: usize = 12;
/// Gifts of the faucet that a trader begins with.
const GIFTS: u32 = 8;

/// All of them, until they are told to stop.
pub struct Traders {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Traders {
    /// Tells them to stop and waits until they have.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts them; each begins as soon as its deposits have arrived.
pub fn start(
    door: Arc<dyn Door>,
    exchange: Deployment,
    bank: &Bank,
    listed: &Listed,
    settings: &Settings,
    brake: &Brake,
) -> Traders {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let pace = Duration::from_secs_f64(f64::from(settings.traders.max(1)) / f64::from(settings.rate));
    let listed = Arc::new(listed.clone());
    let fair: Arc<Vec<AtomicU64>> =
        Arc::new(listed.markets.iter().map(|demo| AtomicU64::new(demo.reference)).collect());
    for number in 0..settings.traders {
        let (door, bank, listed, fair) = (door.clone(), bank.clone(), listed.clone(), fair.clone());
        let brake = brake.clone();
        let mut stopped = stopped.clone();
        tasks.spawn(async move {
            let life = async {
                let mut trader = Trader::open(number, door, exchange, &bank, &listed).await?;
                trader.trade(&listed.markets, &fair, pace, &brake).await
            };
            tokio::select! {
                ended = life => {
                    if let Err(reason) = ended {
                        tracing::warn!(number, %reason, "a trader has gone home");
                    }
                }
                // It ends as well when whoever started it is gone.
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
    }
    Traders { stop, tasks }
}

struct Trader {
    door: Arc<dyn Door>,
    exchange: Deployment,
    account: AccountId,
    key: SessionSecret,
    epoch: u32,
    nonce: u64,
    /// The exchange's time as it was last heard. An L1 whose clock is ahead takes it along.
    heard: Time,
    dice: Dice,
    /// By market, the oldest first.
    open: Vec<Vec<OrderId>>,
}

impl Trader {
    /// Waits for funds, and registers the key that signs from then on.
    async fn open(
        number: u16,
        door: Arc<dyn Door>,
        exchange: Deployment,
        bank: &Bank,
        listed: &Listed,
    ) -> Result<Trader> {
        let name = format!("trader {number}");
        let Opened { account, key, held } = open(&name, &*door, &exchange, bank, listed, GIFTS).await?;
        let heard = door.tip().await?.time;
        let open = listed.markets.iter().map(|_| Vec::new()).collect();
        let dice = Dice(u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Ok(Trader { door, exchange, account, key, epoch: held.epoch, nonce: held.nonce, heard, dice, open })
    }

    /// Quotes around what it believes, and sometimes takes, for as long as it is let.
    async fn trade(&mut self, markets: &[DemoMarket], fair: &[AtomicU64], pace: Duration, brake: &Brake) -> Result<()> {
        let mut tick = tokio::time::interval(pace);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            brake.wait().await;
            let at = self.dice.below(markets.len() as u64) as usize;
            let (Some(demo), Some(believed)) = (markets.get(at), fair.get(at)) else { bail!("there are no markets") };
            let middle = drift(believed, &mut self.dice);
            let command = self.decide(at, demo, middle);
            let cancelled = if let Command::Cancel(order) = command { Some(order) } else { None };
            match self.say(vec![command]).await {
                Ok(answered) => self.learn(at, &answered, cancelled),
                // Prover or journal are behind: others go on quoting when they are not.
                Err(Refusal::Overloaded { .. } | Refusal::RateLimited { .. }) => tokio::time::sleep(pace * 4).await,
                Err(refusal) => bail!("refused: {refusal}"),
            }
        }
    }

    fn decide(&mut self, at: usize, demo: &DemoMarket, middle: u64) -> Command {
        let full = self.open.get(at).is_some_and(|open| open.len() >= OPEN_MAX);
        let what = self.dice.below(100);
        if full || what < 20 {
            let oldest = self.open.get_mut(at).filter(|open| !open.is_empty()).map(|open| open.remove(0));
            if let Some(order) = oldest {
                return Command::Cancel(order);
            }
        }
        let side = if self.dice.below(2) == 0 { Side::Buy } else { Side::Sell };
        let step = (middle / 4_000).max(1);
        let away = step * self.dice.below(12);
        let takes = what >= 85;
        // Whoever takes goes some steps through the middle.
        let price = match (side, takes) {
            (Side::Buy, false) | (Side::Sell, true) => middle.saturating_sub(away + 1),
            (Side::Buy, true) | (Side::Sell, false) => middle + away + 1,
        };
        let lots = 1 + self.dice.below(demo.lots);
        let order = NewOrder::limit(demo.market, side, price_of(price), Lots::new(lots).unwrap_or(Lots::ZERO));
        let time_in_force = if takes { TimeInForce::ImmediateOrCancel } else { TimeInForce::Rest };
        Command::Place(NewOrder { time_in_force, ..order })
    }

    /// Keeps in mind which of its orders are open, as far as it is told.
    fn learn(&mut self, at: usize, answered: &Answered, cancelled: Option<OrderId>) {
        let Some(open) = self.open.get_mut(at) else { return };
        for line in &answered.lines {
            if let Line::Receipt(receipt) = line {
                self.heard = self.heard.max(receipt.time);
            }
            if let Line::Receipt(receipt) = line
                && receipt.reason == Reason::Resting
                && let Some(order) = receipt.order
            {
                open.push(order);
            }
        }
        open.retain(|order| Some(*order) != cancelled);
    }

    async fn say(&mut self, commands: Vec<Command>) -> Result<Answered, Refusal> {
        self.nonce += 1;
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: self.epoch };
        let header = Header { account: self.account, signer, nonce: self.nonce, not_after: soon(self.heard) };
        let message = Message { header, commands };
        let digest = session_digest(&self.exchange.exchange_id(), &to_bytes(&message));
        let signature = self.key.sign(&digest, &[0; 32]).map_err(Refusal::Signature)?;
        self.door.submit(Signed::new(message, Signature::Session(signature))?, loopback()).await
    }
}

/// An account with funds and a key that may trade.
pub struct Opened {
    /// Which.
    pub account: AccountId,
    /// What signs for it.
    pub key: SessionSecret,
    /// The key as the exchange holds it.
    pub held: HeldKey,
}

/// Opens the account of whoever has this name, whose keys are made of it: waits for gifts of the faucet, if there is none yet, and registers
/// the session key.
pub async fn open(
    name: &str,
    door: &dyn Door,
    exchange: &Deployment,
    bank: &Bank,
    listed: &Listed,
    gifts: u32,
) -> Result<Opened> {
    let wallet = WalletSecret::new(&development_key(&format!("wallet of {name}")))
        .map_err(|_| anyhow!("the wallet's key is no key"))?;
    let key = SessionSecret::new(&development_key(&format!("session of {name}")))
        .map_err(|_| anyhow!("the session's key is no key"))?;
    if door.accounts_of(wallet.address()).await?.is_empty() {
        bank.give(wallet.address(), listed, gifts).await?;
    }
    let account = loop {
        match door.accounts_of(wallet.address()).await?.first() {
            Some(account) => break *account,
            None => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let held = register(door, exchange, account, &wallet, &key).await?;
    Ok(Opened { account, key, held })
}

/// Registers a session key by the owner's wallet, unless it is registered already.
async fn register(
    door: &dyn Door,
    exchange: &Deployment,
    account: AccountId,
    wallet: &WalletSecret,
    key: &SessionSecret,
) -> Result<HeldKey> {
    for _ in 0..2 {
        let facts = door.account(account).await?.ok_or_else(|| anyhow!("account {} is not there", account.get()))?;
        let held = facts.keys.iter().find(|held| held.slot == KeySlot::FIRST && held.public == key.public());
        if let Some(held) = held {
            return Ok(*held);
        }
        let heard = door.tip().await?.time;
        let scopes = Scopes(Scopes::TRADE.0 | Scopes::CANCEL.0);
        let grant = KeyGrant { slot: KeySlot::FIRST, public: key.public(), scopes, expires: Time::NEVER };
        let header = Header { account, signer: Signer::Owner, nonce: facts.owner_nonce + 1, not_after: soon(heard) };
        let message = Message { header, commands: vec![Command::RegisterKey(grant)] };
        let digest =
            wallet_digest(exchange, &message).map_err(|error| anyhow!("the message cannot be signed: {error}"))?;
        let signature = Signature::Owner(wallet.sign(&digest));
        door.submit(Signed::new(message, signature)?, loopback()).await?;
    }
    bail!("the key of account {} was not registered", account.get())
}

fn loopback() -> Origin {
    Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) }
}

/// Some time from now, by whichever clock is ahead: ours or the exchange's.
fn soon(heard: Time) -> Time {
    let millis = now_ms().max(heard.get()).saturating_add(GOOD_FOR_MS);
    Time::new(millis).unwrap_or(Time::NEVER)
}

fn price_of(ticks: u64) -> Price {
    Price::new(ticks.max(1)).unwrap_or(Price::MAX)
}

/// What everybody believes moves a little whenever somebody looks.
fn drift(believed: &AtomicU64, dice: &mut Dice) -> u64 {
    let now = believed.load(Ordering::Relaxed);
    let step = (now / 20_000).max(1);
    let moved = match dice.below(3) {
        0 => now.saturating_sub(step).max(100),
        1 => now.saturating_add(step),
        _ => now,
    };
    believed.store(moved, Ordering::Relaxed);
    moved
}

/// Small random numbers, the same at every start (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % most.max(1)
    }
}
