//! Everything the exchange knows, as plain maps.

use std::collections::BTreeMap;

use ashlar_types::{
    AccountId, Address, AssetId, AssetTerms, FeeTier, KeySlot, MarketId, MarketRules, MarketState, MarketTerms,
    OrderId, Price, Scopes, Side, Time,
};

use super::nonces::Window;
use super::orders::{Place, Resting, Standing, Waiting};
use super::turn::Gone;
use crate::engine::Genesis;

/// A listed asset.
#[derive(Clone)]
pub struct Asset {
    pub terms: AssetTerms,
    /// What the exchange owes of it.
    pub total: u64,
}

/// A listed market.
#[derive(Clone)]
pub struct Market {
    pub terms: MarketTerms,
    pub rules: MarketRules,
    pub next_rank: u64,
    pub last_price: Price,
    pub state: MarketState,
    /// The operator's stop (C-34), beside the state.
    pub halted: bool,
    /// The low and the high of a cascade that reached its bound (M-14).
    pub pending: Option<(Price, Price)>,
    /// Orders and triggers.
    pub orders: u32,
}

/// An account.
#[derive(Clone)]
pub struct Account {
    pub owner: Address,
    /// Stopped by itself (C-26).
    pub stopped: bool,
    /// Stopped by a parameter (C-33).
    pub frozen: bool,
    pub tier: u8,
    /// Orders and triggers over all markets.
    pub orders: u32,
    pub dead_man: Time,
}

/// A place for session keys.
#[derive(Clone, Default)]
pub struct Slot {
    /// Of the newest key the slot has held.
    pub epoch: u32,
    /// The key it holds now.
    pub key: Option<SessionKey>,
}

impl Slot {
    /// The key that can speak.
    pub fn usable(&self) -> Option<SessionKey> {
        self.key
    }
}

/// A session key.
#[derive(Clone, Copy)]
pub struct SessionKey {
    pub public: [u8; 32],
    pub scopes: Scopes,
    pub expires: Time,
}

/// Funds of one account in one asset.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Balance {
    pub free: u64,
    pub reserved: u64,
}

/// The exchange.
#[derive(Clone)]
pub struct State {
    pub next_sequence: u64,
    pub last_time: Time,
    pub inbox_cursor: u64,
    pub last_inbox_time: Time,
    pub withdrawals: u64,
    pub assets: BTreeMap<AssetId, Asset>,
    pub markets: BTreeMap<MarketId, Market>,
    /// By schedule and tier; one that was never set charges nothing.
    pub fees: BTreeMap<(u8, u8), FeeTier>,
    /// The first account of each owner.
    pub owners: BTreeMap<Address, AccountId>,
    pub accounts: BTreeMap<AccountId, Account>,
    pub slots: BTreeMap<(AccountId, KeySlot), Slot>,
    /// By account and the slot of a session key, or none for the owner.
    pub nonces: BTreeMap<(AccountId, Option<KeySlot>), Window>,
    /// Never one that is empty (K-7).
    pub balances: BTreeMap<(AccountId, AssetId), Balance>,
    /// Orders and triggers of an account in a market, never zero (K-7).
    pub counts: BTreeMap<(AccountId, MarketId), u32>,
    pub orders: BTreeMap<Place, Resting>,
    pub triggers: BTreeMap<Place, Waiting>,
    /// Where each order is (K-4).
    pub standing: BTreeMap<OrderId, Standing>,
}

impl State {
    /// The exchange before its first command: the house and nothing else.
    pub fn new(genesis: &Genesis) -> State {
        let mut state = State {
            next_sequence: 0,
            last_time: genesis.time,
            inbox_cursor: 0,
            last_inbox_time: Time::ZERO,
            withdrawals: 0,
            assets: BTreeMap::new(),
            markets: BTreeMap::new(),
            fees: BTreeMap::new(),
            owners: BTreeMap::new(),
            accounts: BTreeMap::new(),
            slots: BTreeMap::new(),
            nonces: BTreeMap::new(),
            balances: BTreeMap::new(),
            counts: BTreeMap::new(),
            orders: BTreeMap::new(),
            triggers: BTreeMap::new(),
            standing: BTreeMap::new(),
        };
        let house = state.next_account().expect("an empty exchange has room for its house");
        state.open_account(house, genesis.house_owner);
        state
    }

    /// A market that is known to be listed.
    pub fn market(&self, id: MarketId) -> &Market {
        self.markets.get(&id).expect("orders are only in listed markets")
    }

    /// A market that is known to be listed, to change it.
    pub fn market_mut(&mut self, id: MarketId) -> &mut Market {
        self.markets.get_mut(&id).expect("orders are only in listed markets")
    }

    /// An account that is known to exist.
    pub fn account(&self, id: AccountId) -> &Account {
        self.accounts.get(&id).expect("only accounts that exist speak and hold orders")
    }

    /// An account that is known to exist, to change it.
    pub fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.get_mut(&id).expect("only accounts that exist speak and hold orders")
    }

    /// Whether the account may place nothing (C-6).
    pub fn is_stopped(&self, account: AccountId) -> bool {
        let account = self.account(account);
        account.stopped || account.frozen
    }

    /// Whether an order of this account and expiry is dead (C-27).
    pub fn is_dead(&self, now: Time, account: AccountId, expires: Time) -> bool {
        now >= expires || now >= self.account(account).dead_man
    }

    /// The next rank of a market, used up (K-3).
    pub fn take_rank(&mut self, market: MarketId) -> u64 {
        let market = self.market_mut(market);
        let rank = market.next_rank;
        market.next_rank += 1;
        rank
    }

    /// The best order of a side, dead or alive (M-1).
    pub fn best(&self, market: MarketId, side: Side) -> Option<&Resting> {
        self.book_side(market, side).next()
    }

    /// The orders of a side, the best first (M-1).
    pub fn book_side(&self, market: MarketId, side: Side) -> impl Iterator<Item = &Resting> {
        let first = Place::sentinel(market, side as u64);
        self.orders.range(first..).take_while(move |(place, _)| place.same_list(&first)).map(|(_, order)| order)
    }

    /// Puts an order in its book: it counts, and reserves.
    pub fn put_in_book(&mut self, order: Resting) {
        self.count_up(order.account, order.id.market);
        self.reserve_for(&order);
        self.standing.insert(order.id, Standing::Book(order.place()));
        self.orders.insert(order.place(), order);
    }

    /// Puts an order among the triggers: it counts, and reserves.
    pub fn put_among_triggers(&mut self, order: Waiting) {
        self.count_up(order.account, order.id.market);
        self.reserve_for_waiting(&order);
        self.standing.insert(order.id, Standing::Triggers(order.place()));
        self.triggers.insert(order.place(), order);
    }

    /// Takes an order out of wherever it stands; what it reserved is free again. Its other leg is not touched.
    pub fn take_out(&mut self, id: OrderId) -> Gone {
        match self.standing.remove(&id).expect("only orders that stand somewhere are taken out") {
            Standing::Book(place) => {
                let order = self.orders.remove(&place).expect("an order is where it stands");
                self.release_for(&order);
                self.count_down(order.account, id.market);
                Gone { id, account: order.account, client: order.client, lots: order.lots(), pair: order.pair }
            }
            Standing::Triggers(place) => {
                let order = self.triggers.remove(&place).expect("a trigger is where it stands");
                self.release_for_waiting(&order);
                self.count_down(order.account, id.market);
                Gone { id, account: order.account, client: order.client, lots: order.lots, pair: order.pair }
            }
        }
    }

    fn count_up(&mut self, account: AccountId, market: MarketId) {
        *self.counts.entry((account, market)).or_default() += 1;
        self.account_mut(account).orders += 1;
        self.market_mut(market).orders += 1;
    }

    fn count_down(&mut self, account: AccountId, market: MarketId) {
        let count = self.counts.get_mut(&(account, market)).expect("an open order was counted");
        *count -= 1;
        if *count == 0 {
            self.counts.remove(&(account, market));
        }
        self.account_mut(account).orders -= 1;
        self.market_mut(market).orders -= 1;
    }
}
