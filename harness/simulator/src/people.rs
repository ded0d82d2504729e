//! Traders who sign for themselves, over a network that loses, doubles and reorders what they say.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use ashlar_api::door::{Answered, Door, Line, Origin, Refusal, Signature, Signed};
use ashlar_types::sign::{SessionSecret, WalletSecret, session_digest};
use ashlar_types::{
    AccountId, Amount, AssetId, CancelFilter, ClientId, Command, Header, KeyGrant, KeySlot, Lots, Message, NewOrder,
    OrderId, OrderKind, PostOnly, Price, Reason, Scopes, SelfTrade, Side, Signer, Time, TimeInForce, to_bytes,
};
use commonware_runtime::{Clock, Spawner, Supervisor, deterministic};

use crate::world::{Counts, MARKET, World};

const ORIGIN: Origin = Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) };

/// The wallet of the person of this number.
pub(crate) fn wallet(number: u32) -> WalletSecret {
    let mut secret = [0x42; 32];
    secret[..4].copy_from_slice(&(number + 1).to_be_bytes());
    // The secret is far below the order of the curve.
    WalletSecret::new(&secret).unwrap_or_else(|_| unreachable!("a constant secret"))
}

fn session(number: u32) -> SessionSecret {
    let mut secret = [0x21; 32];
    secret[..4].copy_from_slice(&(number + 1).to_be_bytes());
    SessionSecret::new(&secret).unwrap_or_else(|_| unreachable!("a constant secret"))
}

/// The key that a person trades with.
pub(crate) fn grant(number: u32) -> KeyGrant {
    KeyGrant { slot: KeySlot::FIRST, public: session(number).public(), scopes: Scopes::ALL, expires: Time::NEVER }
}

/// Someone with a session key.
pub(crate) struct Trader {
    number: u32,
    account: AccountId,
    secret: SessionSecret,
    orders: Vec<OrderId>,
}

impl Trader {
    pub fn new(number: u32, account: AccountId) -> Trader {
        Trader { number, account, secret: session(number), orders: Vec::new() }
    }

    fn sign(&self, world: &World, commands: Vec<Command>) -> Option<Signed> {
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
        let nonce = world.next_nonce(self.number);
        let header = Header { account: self.account, signer, nonce, not_after: Time::NEVER };
        let message = Message { header, commands };
        let digest = session_digest(&world.deployment.exchange_id(), &to_bytes(&message));
        let signature = self.secret.sign(&digest, &[0; 32]).ok()?;
        Signed::new(message, Signature::Session(signature)).ok()
    }

    fn command(&mut self, world: &World) -> Option<Command> {
        let client = ClientId(world.below(u64::MAX));
        Some(match world.below(20) {
            0..6 if !self.orders.is_empty() => {
                let at = world.below(self.orders.len() as u64) as usize;
                Command::Cancel(self.orders.swap_remove(at))
            }
            6 => Command::CancelAll(CancelFilter::ALL),
            7 => Command::Withdraw {
                asset: AssetId::new(world.below(2) as u16)?,
                amount: Amount::new(1 + world.below(5_000))?,
            },
            _ => {
                let side = if world.below(2) == 0 { Side::Buy } else { Side::Sell };
                place(side, 950 + world.below(101), 1 + world.below(20), client)?
            }
        })
    }

    fn message(&mut self, world: &World) -> Option<Signed> {
        let count = if world.below(10) == 0 { 2 + world.below(6) } else { 1 };
        let commands = (0..count).filter_map(|_| self.command(world)).collect();
        self.sign(world, commands)
    }

    fn learn(&mut self, answered: &Answered) {
        for line in &answered.lines {
            if let Line::Receipt(receipt) = line
                && receipt.reason == Reason::Resting
                && let Some(order) = receipt.order
            {
                self.orders.push(order);
            }
        }
    }
}

fn place(side: Side, price: u64, lots: u64, client: ClientId) -> Option<Command> {
    Some(Command::Place(NewOrder {
        market: MARKET,
        side,
        kind: OrderKind::Limit,
        price: Price::new(price)?,
        lots: Lots::new(lots)?,
        time_in_force: TimeInForce::Rest,
        post_only: PostOnly::No,
        self_trade: SelfTrade::CancelNewest,
        display: Lots::ZERO,
        trigger: None,
        expires: Time::NEVER,
        client,
    }))
}

/// Trades for as long as the node lives. Whatever two answers to one message differ in is a violation.
pub(crate) async fn trade(
    context: deterministic::Context,
    world: Arc<World>,
    door: Arc<dyn Door>,
    number: u32,
) -> Result<(), String> {
    let mut trader = None::<Trader>;
    let owner = wallet(number).address();
    loop {
        let pause = 1 + world.below(2 * world.scenario.send_ms);
        context.sleep(Duration::from_millis(pause)).await;
        // An account may be another one, or none, after L1 took something back.
        let accounts = door.accounts_of(owner).await.unwrap_or_default();
        let Some(account) = accounts.first().copied() else { continue };
        let trader = match &mut trader {
            Some(trader) if trader.account == account => trader,
            other => other.insert(Trader::new(number, account)),
        };
        let Some(signed) = trader.message(&world) else { continue };
        Counts::add(&world.counts.sent, 1);
        match world.below(20) {
            // The answer is lost on the way, or its client is.
            0 => {
                let (door, wait) = (door.clone(), world.below(10));
                let pending = door.submit(signed, ORIGIN);
                drop(context.timeout(Duration::from_millis(wait), async move { pending.await.is_ok() }).await);
            }
            // The message comes twice at once.
            1 => {
                let (one, two) = tokio::join!(door.submit(signed.clone(), ORIGIN), door.submit(signed.clone(), ORIGIN));
                if let (Ok(one), Ok(two)) = (&one, &two)
                    && one.place.epoch == two.place.epoch
                    && (&one.lines, &one.place) != (&two.lines, &two.place)
                {
                    return Err(format!("one message was answered in two ways: {one:?} and {two:?}"));
                }
                note(&world, trader, signed, one.or(two));
            }
            // Two messages overtake each other.
            2 => {
                let Some(later) = trader.message(&world) else { continue };
                let (two, one) = tokio::join!(door.submit(later.clone(), ORIGIN), door.submit(signed.clone(), ORIGIN));
                note(&world, trader, signed, one);
                note(&world, trader, later, two);
            }
            // An old one comes again.
            3 => {
                if let Some((old, before)) = world.acknowledged_one(world.below(u64::MAX))
                    && let Ok(again) = door.submit(old, ORIGIN).await
                    && again.place.epoch == before.place.epoch
                    && again.lines != before.lines
                {
                    return Err(format!("an old message was answered otherwise: {before:?}, then {again:?}"));
                }
            }
            _ => {
                let answer = door.submit(signed.clone(), ORIGIN).await;
                note(&world, trader, signed, answer);
            }
        }
    }
}

fn note(world: &World, trader: &mut Trader, signed: Signed, answer: Result<Answered, Refusal>) {
    if let Ok(answered) = answer {
        trader.learn(&answered);
        world.acknowledge(signed, answered);
    }
}

/// Asks again for everything that was acknowledged.
pub(crate) async fn ask_again(door: &Arc<dyn Door>, signed: Signed) -> Result<Answered, Refusal> {
    door.submit(signed, ORIGIN).await
}

/// Starts all traders of a life; each ends with the node or with a violation.
pub(crate) fn start(
    context: &deterministic::Context,
    world: &Arc<World>,
    door: &Arc<dyn Door>,
    numbers: impl IntoIterator<Item = u32>,
) -> Vec<commonware_runtime::Handle<Result<(), String>>> {
    let spawn = |number| {
        let (world, door) = (world.clone(), door.clone());
        context.child("trader").spawn(move |context| trade(context, world, door, number))
    };
    numbers.into_iter().map(spawn).collect()
}
