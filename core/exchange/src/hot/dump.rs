//! The hot state as leaves: for checkpoints, for a map to begin from, and for comparing stores.

use alloc::vec::Vec;

use ashlar_book::{Orders, PendingTrigger, Resting, Triggers};
use ashlar_state::{Key, Value};
use ashlar_types::{AccountId, AssetId, Direction, KeySlot, MarketId, Side};

use super::store::HotStore;
use crate::leaf::keys;
use crate::leaf::places::{is_moved, order_key, order_words, trigger_key, trigger_words};
use crate::leaf::words::{Words, address_words};
use crate::record::{Account, Nonces};
use crate::store::{NonceLane, id_of, id_of_waiting};

/// Collects leaves.
struct Leaves(Vec<(Key, Value)>);

impl Leaves {
    fn put(&mut self, key: Key, words: &[u64]) {
        if let Ok(value) = Value::new(words) {
            self.0.push((key, value));
        }
    }

    fn put_unless_zero(&mut self, key: Key, words: &[u64]) {
        if words.iter().any(|word| *word != 0) {
            self.put(key, words);
        }
    }
}

impl HotStore {
    /// Every leaf of the state, in the order of their keys.
    pub fn leaves(&mut self) -> Vec<(Key, Value)> {
        let mut leaves = Leaves(Vec::new());
        leaves.put(keys::exchange(), &self.clock.to_words());
        leaves.put(keys::end(), &[0]);
        self.dump_parameters(&mut leaves);
        self.dump_accounts(&mut leaves);
        self.dump_tables(&mut leaves);
        for number in 0..self.markets.len() {
            if let Some(market) = u16::try_from(number).ok().and_then(MarketId::new) {
                self.dump_market(market, &mut leaves);
            }
        }
        for (id, other) in &self.ledger.pairs {
            let bits = other.to_u128();
            leaves.put(keys::pair(*id), &[(bits >> 64) as u64, bits as u64]);
        }
        leaves.0.sort_by_key(|(key, _)| *key);
        leaves.0
    }

    fn dump_parameters(&self, leaves: &mut Leaves) {
        for (number, asset) in self.assets.iter().enumerate() {
            if let (Some(asset), Some(id)) = (asset, AssetId::new(number as u16)) {
                leaves.put(keys::asset(id), &asset.to_words());
            }
        }
        for (index, fees) in self.ledger.fees.iter().enumerate() {
            if let Some(fees) = fees {
                leaves.put(keys::fees((index / 16) as u8, (index % 16) as u8), &fees.to_words());
            }
        }
    }

    fn dump_accounts(&self, leaves: &mut Leaves) {
        for (owner, account) in &self.ledger.first_accounts {
            leaves.put(keys::owner(*owner), &[u64::from(account.get())]);
        }
        for (number, owner) in self.ledger.owners.iter().enumerate() {
            let Some(id) = AccountId::new(number as u32) else { continue };
            let line = &self.ledger.accounts[number];
            leaves.put(keys::account(id), &Account::to_words(&line.account));
            leaves.put(keys::account_owner(id), &address_words(*owner));
            let nonces = keys::nonces(id, NonceLane::Slot(KeySlot::default()));
            leaves.put_unless_zero(nonces, &line.nonces.unpack().to_words());
        }
        for ((account, slot), key) in &self.ledger.keys {
            leaves.put(keys::session_key(*account, *slot), &key.to_words());
        }
        for ((account, lane), nonces) in &self.ledger.lanes {
            let lane = KeySlot::new(*lane).map_or(NonceLane::Owner, NonceLane::Slot);
            leaves.put_unless_zero(keys::nonces(*account, lane), &Nonces::to_words(nonces));
        }
    }

    fn dump_tables(&self, leaves: &mut Leaves) {
        let split = |key: u64| (AccountId::new((key >> 16) as u32).unwrap_or_default(), key as u16);
        self.ledger.balances.each(|key, [free, reserved, _]| {
            let (account, asset) = split(key);
            leaves.put_unless_zero(keys::balance(account, AssetId::new(asset).unwrap_or_default()), &[free, reserved]);
        });
        self.ledger.counts.each(|key, [count, _, _]| {
            let (account, market) = split(key);
            leaves.put_unless_zero(keys::count(account, MarketId::new(market).unwrap_or_default()), &[count]);
        });
    }

    fn dump_market(&mut self, id: MarketId, leaves: &mut Leaves) {
        let Some(market) = self.at_mut(id) else { return };
        leaves.put(keys::market(id), &market.record.to_words());
        leaves.put(keys::live(id), &market.live.to_words());
        for side in [Side::Buy, Side::Sell] {
            leaves.put(keys::book_sentinel(id, side), &[0]);
            let mut next = market.book.best(side);
            while let Some(at) = next {
                dump_order(id, &market.book.get(at), leaves);
                next = market.book.after(at);
            }
        }
        for direction in [Direction::Falls, Direction::Rises] {
            leaves.put(keys::trigger_sentinel(id, direction), &[0]);
            let mut next = market.triggers.first(direction);
            while let Some(at) = next {
                dump_trigger(id, &market.triggers.get(at), leaves);
                next = market.triggers.after(at);
            }
        }
    }
}

fn dump_order(market: MarketId, order: &Resting, leaves: &mut Leaves) {
    let key = order_key(market, order);
    leaves.put(key, &order_words(order));
    if is_moved(order) {
        dump_moved(keys::moved(id_of(market, order)), &key, leaves);
    }
}

fn dump_trigger(market: MarketId, order: &PendingTrigger, leaves: &mut Leaves) {
    let key = trigger_key(market, order);
    leaves.put(key, &trigger_words(order));
    dump_moved(keys::moved(id_of_waiting(market, order)), &key, leaves);
}

fn dump_moved(moved: Key, place: &Key, leaves: &mut Leaves) {
    let [kind, high, rank] = *place.words();
    leaves.put(moved, &[kind >> 56, high, rank]);
}
