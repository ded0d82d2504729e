//! A small exchange with traders who sign for themselves.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ashlar_api::door::{Answered, Door, Line, Origin, Refusal, Signature, Signed};
use ashlar_batch::Hash;
use ashlar_exchange::{Genesis, HotConfig};
use ashlar_harness::flow::{Random, Venue};
use ashlar_replica::L1Block;
use ashlar_sequencer::{Config, InboxItem, NodeKey};
use ashlar_types::sign::{SessionSecret, WalletSecret, session_digest, wallet_digest};
use ashlar_types::{
    AccountId, Address, AssetId, ClientId, Command, Deployment, FeeTier, Header, InboxEntry, Input, KeyGrant, KeySlot,
    Lots, MarketId, MarketRules, MarketTerms, Message, NewOrder, OrderId, OrderKind, PostOnly, Ppm, Price, Scopes,
    SelfTrade, Side, Signer, Time, TimeInForce, to_bytes,
};

pub const DEPLOYMENT: Deployment = Deployment { chain_id: 31_337, settlement: Address([0x5e; 20]) };
pub const ORIGIN: Origin = Origin { ip: IpAddr::V4(Ipv4Addr::LOCALHOST) };
pub const MARKET: MarketId = MarketId::FIRST;

pub fn genesis() -> Genesis {
    Genesis { house_owner: Address([0x0f; 20]), time: Time::new(1_000).unwrap() }
}

pub fn config() -> Config {
    let mut config = Config::new(DEPLOYMENT, genesis(), NodeKey::new(&[0x77; 32]).unwrap());
    config.store = HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 };
    config.limits.batches.age_ms_max = 300;
    config
}

/// The wallet of the trader of this number, from one on.
pub fn wallet(number: u32) -> WalletSecret {
    let mut secret = [0x42; 32];
    secret[..4].copy_from_slice(&(number + 1).to_be_bytes());
    WalletSecret::new(&secret).unwrap()
}

pub fn session(number: u32, epoch: u32) -> SessionSecret {
    let mut secret = [0x21; 32];
    secret[..4].copy_from_slice(&(number + 1).to_be_bytes());
    secret[4..8].copy_from_slice(&epoch.to_be_bytes());
    SessionSecret::new(&secret).unwrap()
}

pub fn grant(number: u32, epoch: u32) -> KeyGrant {
    KeyGrant {
        slot: KeySlot::FIRST,
        public: session(number, epoch).public(),
        scopes: Scopes::ALL,
        expires: Time::NEVER,
    }
}

pub fn account(number: u32) -> AccountId {
    AccountId::new(number).unwrap()
}

/// What L1 says first: two assets, one market, funds and keys for so many traders. Each L1 block has four entries.
pub fn opening(traders: u32) -> Vec<InboxItem> {
    let mut venue = Venue::new(Time::new(2_000).unwrap());
    let (quote, base) = (AssetId::FIRST, AssetId::new(1).unwrap());
    venue.asset(quote);
    venue.asset(base);
    let terms = MarketTerms { base, quote, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(10_000) };
    let lots = |number| Lots::new(number).unwrap();
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max: lots(1_000_000),
        band: Ppm(900_000),
        collar: Ppm(500_000),
        orders_max: 100_000,
        schedule: 0,
    };
    venue.market(MARKET, terms, rules, Price::new(1_000).unwrap());
    venue.fees(0, 0, FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(500) });
    for number in 1..=traders {
        for asset in [quote, base] {
            let amount = ashlar_types::Amount::new(1_000_000_000).unwrap();
            venue.entry(InboxEntry::Deposit { owner: wallet(number).address(), account: None, asset, amount });
        }
        let (owner, account) = (wallet(number).address(), account(number));
        venue.entry(InboxEntry::RegisterKey { owner, account, grant: grant(number, 1) });
    }
    let items = venue.finish().0.into_iter().enumerate().map(|(place, (_, input))| match input {
        Input::Inbox { index, time, entry } => {
            let number = place as u64 / 4 + 1;
            let block = L1Block { number, hash: Hash([number as u8; 32]) };
            InboxItem { index, time, entry, block, transaction: [number as u8; 32] }
        }
        other => panic!("a venue is opened through the inbox, not by {other:?}"),
    });
    items.collect()
}

/// Someone with a session key.
#[derive(Clone, Debug)]
pub struct Trader {
    pub number: u32,
    pub epoch: u32,
    pub nonce: u64,
    pub orders: Vec<OrderId>,
    pub random: Random,
}

impl Trader {
    pub fn new(number: u32, seed: u64) -> Trader {
        Trader { number, epoch: 1, nonce: 0, orders: Vec::new(), random: Random::new(seed ^ u64::from(number) << 32) }
    }

    pub fn header(&mut self) -> Header {
        self.nonce += 1;
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: self.epoch };
        Header { account: account(self.number), signer, nonce: self.nonce, not_after: Time::NEVER }
    }

    pub fn sign(&mut self, commands: Vec<Command>) -> Signed {
        let header = self.header();
        self.sign_as(Message { header, commands })
    }

    pub fn sign_as(&self, message: Message) -> Signed {
        let digest = session_digest(&DEPLOYMENT.exchange_id(), &to_bytes(&message));
        let signature = session(self.number, self.epoch).sign(&digest, &[0; 32]).unwrap();
        Signed::new(message, Signature::Session(signature)).unwrap()
    }

    pub fn sign_by_wallet(&self, nonce: u64, command: Command) -> Signed {
        let header = Header { account: account(self.number), signer: Signer::Owner, nonce, not_after: Time::NEVER };
        let message = Message { header, commands: vec![command] };
        let signature = wallet(self.number).sign(&wallet_digest(&DEPLOYMENT, &message).unwrap());
        Signed::new(message, Signature::Owner(signature)).unwrap()
    }

    /// An order near the market, or a cancel of one of its own.
    pub fn command(&mut self) -> Command {
        if !self.orders.is_empty() && self.random.permille(400) {
            let at = self.random.below(self.orders.len() as u64) as usize;
            return Command::Cancel(self.orders.swap_remove(at));
        }
        let side = if self.random.permille(500) { Side::Buy } else { Side::Sell };
        place(side, self.random.between(950, 1_050), self.random.between(1, 20), self.nonce)
    }

    /// A message of one command or, now and then, of several.
    pub fn message(&mut self) -> Signed {
        let commands = if self.random.permille(100) { self.random.between(2, 9) } else { 1 };
        let commands = (0..commands).map(|_| self.command()).collect();
        self.sign(commands)
    }

    /// Learns the ids of its orders.
    pub fn learn(&mut self, answered: &Answered) {
        for line in &answered.lines {
            if let Line::Receipt(receipt) = line
                && receipt.reason == ashlar_types::Reason::Resting
                && let Some(order) = receipt.order
            {
                self.orders.push(order);
            }
        }
    }

    pub async fn send(&mut self, door: &Arc<dyn Door>) -> Result<(Signed, Answered), Refusal> {
        let signed = self.message();
        let answered = door.submit(signed.clone(), ORIGIN).await?;
        self.learn(&answered);
        Ok((signed, answered))
    }
}

pub fn place(side: Side, price: u64, lots: u64, client: u64) -> Command {
    Command::Place(NewOrder {
        market: MARKET,
        side,
        kind: OrderKind::Limit,
        price: Price::new(price).unwrap(),
        lots: Lots::new(lots).unwrap(),
        time_in_force: TimeInForce::Rest,
        post_only: PostOnly::No,
        self_trade: SelfTrade::CancelNewest,
        display: Lots::ZERO,
        trigger: None,
        expires: Time::NEVER,
        client: ClientId(client),
    })
}
