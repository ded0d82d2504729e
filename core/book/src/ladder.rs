//! A plain store of orders and of triggers, in ordered maps.

use alloc::collections::BTreeMap;

use ashlar_types::limits::{MARKET_ORDERS_MAX, PRICE_BITS};
use ashlar_types::{Direction, Lots, Price, Rank, Side};

use crate::orders::{Orders, Resting};
use crate::triggers::{PendingTrigger, Triggers};

/// How large a book can become, and what keys its hash.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookConfig {
    /// Orders, or triggers, it can hold.
    pub orders_max: u32,
    /// Keys the hash of ids, so that nobody can choose ids that collide. It changes no result.
    pub hash_key: u64,
}

impl BookConfig {
    /// A book that holds what the protocol allows.
    pub const fn keyed(hash_key: u64) -> BookConfig {
        BookConfig { orders_max: MARKET_ORDERS_MAX, hash_key }
    }
}

/// Where an order of a [`Book`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct At(u64);

/// Where a trigger of a [`TriggerBook`] is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TriggerAt(u64);

type Key = (u64, u64, u64);

/// The resting orders of one market.
#[derive(Debug)]
pub struct Book {
    config: BookConfig,
    orders: BTreeMap<Key, Resting>,
    places: BTreeMap<u64, Key>,
}

fn key(order: &Resting) -> Key {
    (order.side as u64, order.side.normalise(order.price), order.rank.get())
}

impl Book {
    /// An empty book.
    pub fn new(config: BookConfig) -> Book {
        Book { config, orders: BTreeMap::new(), places: BTreeMap::new() }
    }
    /// Orders it holds.
    pub fn len(&self) -> u32 {
        self.orders.len() as u32
    }
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether it holds as many as it can.
    pub fn is_full(&self) -> bool {
        self.len() >= self.config.orders_max
    }
    /// Finds an order by the rank of its id.
    pub fn find(&self, id_rank: Rank) -> Option<At> {
        self.places.contains_key(&id_rank.get()).then_some(At(id_rank.get()))
    }
    /// Says that an order is no longer a leg of a pair.
    pub fn unpair(&mut self, at: At) {
        if let Some(order) = self.places.get(&at.0).and_then(|key| self.orders.get_mut(key)) {
            order.paired = false;
        }
    }
}

impl Orders for Book {
    type At = At;

    fn best(&mut self, side: Side) -> Option<At> {
        let from = (side as u64, 0, 0);
        self.orders.range(from..).next().filter(|(key, _)| key.0 == side as u64).map(|(_, o)| At(o.id_rank.get()))
    }
    fn after(&mut self, at: At) -> Option<At> {
        let key = *self.places.get(&at.0)?;
        let from = (key.0, key.1, key.2 + 1);
        self.orders.range(from..).next().filter(|(next, _)| next.0 == key.0).map(|(_, o)| At(o.id_rank.get()))
    }
    fn get(&self, at: At) -> Resting {
        self.orders[&self.places[&at.0]]
    }
    fn insert(&mut self, order: &Resting) -> At {
        self.orders.insert(key(order), *order);
        self.places.insert(order.id_rank.get(), key(order));
        At(order.id_rank.get())
    }
    fn remove(&mut self, at: At) {
        if let Some(key) = self.places.remove(&at.0) {
            self.orders.remove(&key);
        }
    }
    fn set_lots(&mut self, at: At, visible: Lots, hidden: Lots) {
        if let Some(order) = self.places.get(&at.0).and_then(|key| self.orders.get_mut(key)) {
            (order.visible, order.hidden) = (visible, hidden);
        }
    }
    fn requeue(&mut self, at: At, rank: Rank, visible: Lots, hidden: Lots) {
        let order = Resting { rank, visible, hidden, ..self.get(at) };
        self.remove(at);
        self.insert(&order);
    }
}

/// The waiting orders of one market.
#[derive(Debug)]
pub struct TriggerBook {
    config: BookConfig,
    triggers: BTreeMap<Key, PendingTrigger>,
    places: BTreeMap<u64, Key>,
}

fn normalise(direction: Direction, price: Price) -> u64 {
    match direction {
        Direction::Falls => (1 << PRICE_BITS) - 1 - price.get(),
        Direction::Rises => price.get(),
    }
}

impl TriggerBook {
    /// An empty one.
    pub fn new(config: BookConfig) -> TriggerBook {
        TriggerBook { config, triggers: BTreeMap::new(), places: BTreeMap::new() }
    }
    /// Triggers it holds.
    pub fn len(&self) -> u32 {
        self.triggers.len() as u32
    }
    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Whether it holds as many as it can.
    pub fn is_full(&self) -> bool {
        self.len() >= self.config.orders_max
    }
}

impl Triggers for TriggerBook {
    type At = TriggerAt;

    fn first(&mut self, direction: Direction) -> Option<TriggerAt> {
        let bit = direction as u64;
        self.triggers.range((bit, 0, 0)..).next().filter(|(k, _)| k.0 == bit).map(|(_, t)| TriggerAt(t.rank.get()))
    }
    fn get(&self, at: TriggerAt) -> PendingTrigger {
        self.triggers[&self.places[&at.0]]
    }
    fn insert(&mut self, trigger: &PendingTrigger) -> TriggerAt {
        let rank = trigger.rank.get();
        let key = (trigger.direction as u64, normalise(trigger.direction, trigger.trigger), rank);
        self.triggers.insert(key, *trigger);
        self.places.insert(rank, key);
        TriggerAt(rank)
    }
    fn remove(&mut self, at: TriggerAt) {
        if let Some(key) = self.places.remove(&at.0) {
            self.triggers.remove(&key);
        }
    }
    fn find(&mut self, rank: Rank) -> Option<TriggerAt> {
        self.places.contains_key(&rank.get()).then_some(TriggerAt(rank.get()))
    }
    fn set_lots(&mut self, at: TriggerAt, lots: Lots) {
        if let Some(trigger) = self.places.get(&at.0).and_then(|key| self.triggers.get_mut(key)) {
            trigger.lots = lots;
        }
    }
}
