//! One market over leaves, driven through the public door.

use std::collections::BTreeMap;

use ashlar_exchange::{Balance, Exchange, LeafStore, Line, OrderIndex, Store};
use ashlar_harness::flow::{Venue, account_of};
use ashlar_state::{Map, Overlay, Sha256Node};
use ashlar_types::{
    AssetId, Command, Event, FeeTier, Header, Input, Lots, MarketId, MarketRules, MarketTerms, Message, NewOrder, Ppm,
    Price, Reason, Receipt, Side, Signer, Time, Trade,
};

pub const QUOTE: AssetId = AssetId::FIRST;
pub const BASE: AssetId = AssetId::new(1).unwrap();
pub const MARKET: MarketId = MarketId::FIRST;
const NOW: Time = Time::new(1_000_000).unwrap();

pub struct World<'a> {
    exchange: Exchange<LeafStore<Overlay<'a, Sha256Node>, OrderIndex>>,
    nonces: BTreeMap<u32, u64>,
    accounts: u32,
}

/// Rules that only the range of values bounds.
fn rules() -> MarketRules {
    let lots_min = Lots::new(1).expect("a lot");
    MarketRules { lots_min, lots_max: Lots::MAX, band: Ppm(999_999), collar: Ppm(999_999), orders_max: 64, schedule: 0 }
}

impl<'a> World<'a> {
    /// Accounts 1, 2, … with these funds of quote and base, each with some.
    pub fn new(map: &'a Map<Sha256Node>, terms: MarketTerms, at: Price, fees: FeeTier, funds: &[(u64, u64)]) -> Self {
        let mut venue = Venue::new(NOW);
        venue.asset(QUOTE);
        venue.asset(BASE);
        venue.market(MARKET, terms, rules(), at);
        venue.fees(0, 0, fees);
        for (number, (quote, base)) in (1..).zip(funds) {
            for (asset, units) in [(QUOTE, *quote), (BASE, *base)].into_iter().filter(|(_, units)| *units > 0) {
                venue.deposit(number, asset, units);
            }
        }
        let mut store = LeafStore::open(Overlay::new(map), OrderIndex::new());
        venue.genesis().write(&mut store);
        let mut world = World { exchange: Exchange::new(store), nonces: BTreeMap::new(), accounts: funds.len() as u32 };
        for (_, input) in venue.finish().0 {
            let lines = world.apply(&input);
            assert!(
                matches!(lines.last(), Some(Line::Receipt(receipt)) if receipt.reason == Reason::Done),
                "{lines:?}"
            );
        }
        world
    }

    fn apply(&mut self, input: &Input) -> Vec<Line> {
        let mut lines = Vec::new();
        self.exchange.apply(NOW, input, &mut lines);
        lines
    }

    pub fn send(&mut self, account: u32, command: Command) -> (Receipt, Vec<Trade>) {
        let nonce = self.nonces.entry(account).or_default();
        *nonce += 1;
        let header =
            Header { account: account_of(account), signer: Signer::Owner, nonce: *nonce, not_after: Time::NEVER };
        let lines = self.apply(&Input::Message(Message { header, commands: vec![command] }));
        let trades = lines.iter().filter_map(|line| match line {
            Line::Event(Event::Trade(trade)) => Some(*trade),
            _ => None,
        });
        match lines.last() {
            Some(Line::Receipt(receipt)) => (*receipt, trades.collect()),
            other => panic!("no receipt but {other:?}"),
        }
    }

    pub fn place(&mut self, account: u32, side: Side, price: Price, lots: u64) -> (Receipt, Vec<Trade>) {
        let lots = Lots::new(lots).expect("lots");
        self.send(account, Command::Place(NewOrder::limit(MARKET, side, price, lots)))
    }

    pub fn balance(&mut self, account: u32, asset: AssetId) -> Balance {
        self.exchange.store.balance(account_of(account), asset, |balance| *balance)
    }

    /// F-7: what all accounts have of an asset, the house included, is its total.
    pub fn is_conserved(&mut self) -> bool {
        [QUOTE, BASE].into_iter().all(|asset| {
            let sum: u128 = (0..=self.accounts)
                .map(|account| self.balance(account, asset))
                .map(|balance| u128::from(balance.free.get()) + u128::from(balance.reserved.get()))
                .sum();
            let total = self.exchange.store.asset(asset, |asset| asset.total).expect("it is listed");
            sum == u128::from(total.get())
        })
    }
}
