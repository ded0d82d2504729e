//! One market for a scenario, on the live engine and on the leaves at once: both must say and leave the same.

use std::collections::BTreeMap;

use ashlar_harness::flow::{Timed, Venue, account_of};
use ashlar_harness::{Engine, HotEngine, LeafEngine, Output};
use ashlar_types::{
    AssetId, Command, Event, Header, InboxEntry, InboxIndex, Input, KeySlot, Lots, MarketId, MarketRules, MarketTerms,
    Message, NewOrder, Ppm, Price, Reason, Receipt, Scopes, Side, Signer, SystemCommand, Time,
};

pub const MARKET: MarketId = MarketId::FIRST;
pub const QUOTE: AssetId = AssetId::FIRST;
pub const BASE: AssetId = AssetId::new(1).unwrap();
const BEGINNING_MS: u64 = 1_000_000;
/// What each account has of each asset.
const FUNDS: u64 = 1 << 60;

/// Accounts 1 to 4 with funds of both assets and a market that has room.
pub struct Arena {
    hot: HotEngine,
    leaf: LeafEngine,
    nonces: BTreeMap<u32, u64>,
    index: u64,
    pub now: u64,
    /// Everything that was applied.
    pub inputs: Vec<Timed>,
}

pub fn ticks(ticks: u64) -> Price {
    Price::new(ticks).expect("a price")
}

pub fn lots(lots: u64) -> Lots {
    Lots::new(lots).expect("lots")
}

pub fn time(ms: u64) -> Time {
    Time::new(ms).expect("a time")
}

/// Terms of one unit each, without a cap on fees.
pub const TERMS: MarketTerms =
    MarketTerms { base: BASE, quote: QUOTE, base_per_lot: 1, quote_per_tick: 1, fee_cap: Ppm(20_000) };

/// Rules that forbid next to nothing.
pub fn rules() -> MarketRules {
    MarketRules {
        lots_min: lots(1),
        lots_max: Lots::MAX,
        band: Ppm(999_999),
        collar: Ppm(999_999),
        orders_max: u32::MAX,
        schedule: 0,
    }
}

/// A limit order that rests.
pub fn order(side: Side, price: u64, size: u64) -> NewOrder {
    NewOrder::limit(MARKET, side, ticks(price), lots(size))
}

impl Arena {
    /// A market whose first price is this.
    pub fn at(reference: Price) -> Arena {
        Arena::of(TERMS, reference)
    }

    /// A market of these terms.
    pub fn of(terms: MarketTerms, reference: Price) -> Arena {
        let mut venue = Venue::new(time(BEGINNING_MS));
        venue.asset(QUOTE);
        venue.asset(BASE);
        venue.market(MARKET, terms, rules(), reference);
        for number in 1..=4 {
            venue.deposit(number, QUOTE, FUNDS);
            venue.deposit(number, BASE, FUNDS);
            venue.key(number, KeySlot::FIRST, Scopes::ALL);
        }
        let genesis = venue.genesis();
        let (setup, index) = venue.finish();
        let (hot, leaf) = (HotEngine::new(&genesis), LeafEngine::new(&genesis));
        let mut arena = Arena { hot, leaf, nonces: BTreeMap::new(), index, now: BEGINNING_MS, inputs: Vec::new() };
        for (time, input) in setup {
            arena.apply(time, input);
        }
        arena
    }

    /// Applies an input to both engines.
    pub fn apply(&mut self, time: Time, input: Input) -> Vec<Output> {
        let (mut out, mut other) = (Vec::new(), Vec::new());
        self.hot.apply(time, &input, &mut out);
        self.leaf.apply(time, &input, &mut other);
        assert_eq!(out, other, "the leaves answer otherwise to {input:?}");
        assert_eq!(receipts(&out).len(), input.commands(), "{input:?}");
        self.inputs.push((time, input));
        out
    }

    /// A message of an account's session key.
    pub fn send(&mut self, account: u32, commands: Vec<Command>) -> Vec<Output> {
        let nonce = self.nonces.entry(account).or_default();
        *nonce += 1;
        let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
        let header = Header { account: account_of(account), signer, nonce: *nonce, not_after: Time::NEVER };
        self.apply(time(self.now), Input::Message(Message { header, commands }))
    }

    /// Places one order and gives its receipt.
    pub fn place(&mut self, account: u32, order: NewOrder) -> Receipt {
        self.one(account, Command::Place(order))
    }

    /// Sends one command and gives its receipt.
    pub fn one(&mut self, account: u32, command: Command) -> Receipt {
        *receipts(&self.send(account, vec![command])).last().expect("one command, one receipt")
    }

    /// Places an order many times; all must rest or wait.
    pub fn place_many(&mut self, account: u32, order: NewOrder, count: usize) {
        let orders = vec![Command::Place(order); count];
        for part in orders.chunks(256) {
            for receipt in receipts(&self.send(account, part.to_vec())) {
                assert!(matches!(receipt.reason, Reason::Resting | Reason::Waiting), "{receipt:?}");
            }
        }
    }

    /// The next entry of the inbox.
    pub fn entry(&mut self, entry: InboxEntry) -> Vec<Output> {
        let input = Input::Inbox { index: InboxIndex::new(self.index), time: time(self.now), entry };
        self.index += 1;
        self.apply(time(self.now), input)
    }

    pub fn system(&mut self, command: SystemCommand) -> Vec<Output> {
        self.apply(time(self.now), Input::System(command))
    }

    /// Both engines hold the same leaves; gives them.
    pub fn agree(&self) -> BTreeMap<ashlar_state::Key, Vec<u64>> {
        let leaves = self.hot.leaves();
        assert_eq!(leaves, self.leaf.leaves());
        leaves
    }
}

pub fn receipts(out: &[Output]) -> Vec<Receipt> {
    let receipt = |output: &Output| match output {
        Output::Receipt(receipt) => Some(*receipt),
        Output::Event(_) => None,
    };
    out.iter().filter_map(receipt).collect()
}

/// How many events of a kind.
pub fn count(out: &[Output], kind: impl Fn(&Event) -> bool) -> usize {
    out.iter().filter(|output| matches!(output, Output::Event(event) if kind(event))).count()
}
