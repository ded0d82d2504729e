//! The way back from leaves to a hot store.
//!
//! 1. A store made of the leaves of another one gives the same leaves, and the same answers to every later command.
//! 2. Leaves come in the order of their keys, which is also the order in which they can be put back: markets before their orders,
//!    accounts before their funds, better orders before worse ones.
//! 3. It is total. That leaves are those of a state is shown by their root, before or beside this; what cannot be a state at all
//!    is refused, and no leaf makes it set aside more memory than a leaf of its kind takes.

use alloc::boxed::Box;
use core::fmt;

use ashlar_book::{Orders, Triggers};
use ashlar_state::Key;
use ashlar_types::{AccountId, AssetId, Direction, KeySlot, MarketId, OrderId, Price, Side};

use super::ledger::{Kind, tier_index};
use super::store::{HotConfig, HotStore};
use super::view::HotMarket;
use crate::leaf::keys;
use crate::leaf::places::{order_key, read_order, read_trigger, trigger_key};
use crate::leaf::words::{Words, address, word};
use crate::record::{Account, Asset, Balance, Clock, Live, Market, Nonces, SessionKey};
use crate::store::{NonceLane, Store};

/// Why leaves are not those of a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestoreError {
    /// The leaf that does not fit; the greatest key if one is missing at the end.
    pub key: Key,
    /// What is wrong with it.
    pub what: &'static str,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the leaf at {:?} cannot be put back: {}; take the leaves from elsewhere", self.key, self.what)
    }
}

impl core::error::Error for RestoreError {}

impl HotStore {
    /// The store whose leaves these are; their keys must ascend strictly.
    pub fn from_leaves<'a>(
        config: HotConfig,
        leaves: impl IntoIterator<Item = (Key, &'a [u64])>,
    ) -> Result<HotStore, RestoreError> {
        let mut store = HotStore::new(config);
        let mut before = None;
        for (key, words) in leaves {
            let wrong = |what| RestoreError { key, what };
            if before.is_some_and(|before| before >= key) {
                return Err(wrong("its key does not ascend"));
            }
            before = Some(key);
            store.put_back(&key, words).map_err(wrong)?;
        }
        if before != Some(keys::end()) || store.ledger.accounts.len() != store.ledger.owners.len() {
            return Err(RestoreError { key: Key::MAX, what: "the leaves end too early" });
        }
        Ok(store)
    }

    fn put_back(&mut self, key: &Key, w: &[u64]) -> Result<(), &'static str> {
        let [kind, one, two] = *key.words();
        match kind >> 56 {
            keys::EXCHANGE => self.clock = Clock::from_words(w),
            keys::ASSET => self.list_asset(asset(one)?, &Asset::from_words(w)),
            keys::MARKET => self.list_market(market(one)?, &Market::from_words(w), &Live::listed(Price::saturating(0))),
            keys::LIVE => self.at_mut(market(one)?).ok_or(NO_MARKET)?.live = Live::from_words(w),
            keys::FEES => self.put_fees(one, two, w)?,
            keys::OWNER => self.put_owner(key, w)?,
            keys::ACCOUNT..=keys::COUNT => self.put_of_account(kind >> 56, one, two, w)?,
            // It follows from the order that it leads to.
            keys::MOVED => {}
            keys::PAIR => self.put_pair(one, two, w)?,
            keys::ORDER => self.put_order(key, w)?,
            keys::TRIGGER => self.put_trigger(key, w)?,
            keys::END => {}
            _ => return Err("no leaf is of this kind"),
        }
        Ok(())
    }

    fn put_fees(&mut self, schedule: u64, tier: u64, w: &[u64]) -> Result<(), &'static str> {
        let (Ok(schedule), Ok(tier)) = (u8::try_from(schedule), u8::try_from(tier)) else { return Err(NO_NUMBER) };
        if (tier_index(schedule, tier) / 16, tier_index(schedule, tier) % 16) != (schedule.into(), tier.into()) {
            return Err(NO_NUMBER);
        }
        self.set_fees(schedule, tier, &Words::from_words(w));
        Ok(())
    }

    fn put_owner(&mut self, key: &Key, w: &[u64]) -> Result<(), &'static str> {
        let bytes = key.to_bytes();
        let owner = bytes.last_chunk().copied().ok_or(NO_NUMBER)?;
        self.ledger.first_accounts.insert(ashlar_types::Address(owner), account(word(w, 0))?);
        Ok(())
    }

    fn put_of_account(&mut self, kind: u64, one: u64, two: u64, w: &[u64]) -> Result<(), &'static str> {
        let id = account(one)?;
        let index = id.get() as usize;
        if kind == keys::ACCOUNT {
            // Accounts are numbered without gaps, which bounds what is set aside.
            return if index == self.ledger.accounts.len() {
                self.ledger.push_account(&Account::from_words(w));
                Ok(())
            } else {
                Err("an account before it is missing")
            };
        }
        if index >= self.ledger.accounts.len() {
            return Err("its account is missing");
        }
        match kind {
            keys::ACCOUNT_OWNER if index == self.ledger.owners.len() => {
                self.ledger.owners.push(address(word(w, 0), word(w, 1), word(w, 2)));
            }
            keys::ACCOUNT_OWNER => return Err("the owner of an account before it is missing"),
            keys::SESSION_KEY => self.set_key(id, slot(two)?, &SessionKey::from_words(w)),
            keys::NONCES => {
                let lane = if two == u64::from(u8::MAX) { NonceLane::Owner } else { NonceLane::Slot(slot(two)?) };
                self.ledger.nonces(id, lane, |nonces| *nonces = Nonces::from_words(w));
            }
            keys::BALANCE => self.ledger.balance(id, asset(two)?, |balance| *balance = Balance::from_words(w)),
            _ => self.ledger.held(id, market(two)?, |held| held.count = u32::from_words(w)),
        }
        Ok(())
    }

    fn put_pair(&mut self, one: u64, two: u64, w: &[u64]) -> Result<(), &'static str> {
        let id = |high, low| OrderId::from_u128(u128::from(high) << 64 | u128::from(low)).ok_or("it names no order");
        self.ledger.pairs.insert(id(one, two)?, id(word(w, 0), word(w, 1))?);
        Ok(())
    }

    fn put_order(&mut self, key: &Key, w: &[u64]) -> Result<(), &'static str> {
        let [_, place, rank] = *key.words();
        let id = market(place >> 48)?;
        let order = read_order(key, w);
        let entry = market_of(&mut self.markets, id)?;
        if rank == 0 {
            return sentinel(*key == keys::book_sentinel(id, Side::Buy) || *key == keys::book_sentinel(id, Side::Sell));
        }
        if entry.book.is_full() || order_key(id, &order) != *key {
            return Err(NO_PLACE);
        }
        let at = entry.book.insert(&order);
        self.ledger.held(order.account, id, |held| held.join(&mut entry.chains, Kind::Resting, at.slot()));
        Ok(())
    }

    fn put_trigger(&mut self, key: &Key, w: &[u64]) -> Result<(), &'static str> {
        let [_, place, rank] = *key.words();
        let id = market(place >> 48)?;
        let order = read_trigger(key, w);
        let entry = market_of(&mut self.markets, id)?;
        if rank == 0 {
            let directions = [Direction::Falls, Direction::Rises];
            return sentinel(directions.iter().any(|of| *key == keys::trigger_sentinel(id, *of)));
        }
        if entry.triggers.is_full() || trigger_key(id, &order) != *key {
            return Err(NO_PLACE);
        }
        let at = entry.triggers.insert(&order);
        self.ledger.held(order.account, id, |held| held.join(&mut entry.chains, Kind::Waiting, at.slot()));
        Ok(())
    }
}

const NO_MARKET: &str = "its market is missing";
const NO_NUMBER: &str = "its number is out of range";
const NO_PLACE: &str = "there is no such place, or no room in the book";

fn market_of(markets: &mut [Option<Box<HotMarket>>], id: MarketId) -> Result<&mut HotMarket, &'static str> {
    markets.get_mut(usize::from(id.get())).and_then(Option::as_deref_mut).ok_or(NO_MARKET)
}

fn sentinel(is_one: bool) -> Result<(), &'static str> {
    if is_one { Ok(()) } else { Err("no order has rank zero") }
}

fn account(number: u64) -> Result<AccountId, &'static str> {
    u32::try_from(number).ok().and_then(AccountId::new).ok_or(NO_NUMBER)
}

fn market(number: u64) -> Result<MarketId, &'static str> {
    u16::try_from(number).ok().and_then(MarketId::new).ok_or(NO_NUMBER)
}

fn asset(number: u64) -> Result<AssetId, &'static str> {
    u16::try_from(number).ok().and_then(AssetId::new).ok_or(NO_NUMBER)
}

fn slot(number: u64) -> Result<KeySlot, &'static str> {
    u8::try_from(number).ok().and_then(KeySlot::new).ok_or(NO_NUMBER)
}
