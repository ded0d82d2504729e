//! A floor over any store, which writes down what the matcher tells it.

use std::collections::BTreeMap;

use ashlar_book::{Floor, Orders, Resting};
use ashlar_types::{AccountId, Lots, Rank, Reason, Side, Time};

/// What a floor was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    Traded(Resting, Lots),
    Removed(Resting, Reason),
    Shrunk(Lots),
    Decremented(Resting, Lots),
    Refilled(Resting),
}

/// A store, a clock, and a log.
pub struct TestFloor<S> {
    pub store: S,
    pub now: Time,
    pub next_rank: u64,
    pub dead_men: BTreeMap<AccountId, Time>,
    pub told: Vec<Told>,
}

impl<S> TestFloor<S> {
    pub fn new(store: S) -> TestFloor<S> {
        TestFloor { store, now: Time::ZERO, next_rank: 1, dead_men: BTreeMap::new(), told: Vec::new() }
    }
}

impl<S: Orders> Orders for TestFloor<S> {
    type At = S::At;

    fn best(&mut self, side: Side) -> Option<S::At> {
        self.store.best(side)
    }
    fn best_price(&mut self, side: Side) -> Option<ashlar_types::Price> {
        self.store.best_price(side)
    }
    fn after(&mut self, at: S::At) -> Option<S::At> {
        self.store.after(at)
    }
    fn get(&self, at: S::At) -> Resting {
        self.store.get(at)
    }
    fn insert(&mut self, order: &Resting) -> S::At {
        self.store.insert(order)
    }
    fn remove(&mut self, at: S::At) {
        self.store.remove(at);
    }
    fn remove_then_after(&mut self, at: S::At) -> Option<S::At> {
        self.store.remove_then_after(at)
    }
    fn set_lots(&mut self, at: S::At, visible: Lots, hidden: Lots) {
        self.store.set_lots(at, visible, hidden);
    }
    fn requeue(&mut self, at: S::At, rank: Rank, visible: Lots, hidden: Lots) {
        self.store.requeue(at, rank, visible, hidden);
    }
}

impl<S: Orders> Floor for TestFloor<S> {
    fn is_dead(&mut self, account: AccountId, expires: Time) -> bool {
        self.now >= expires.min(self.dead_men.get(&account).copied().unwrap_or(Time::NEVER))
    }
    fn next_rank(&mut self) -> Rank {
        self.next_rank += 1;
        Rank::new(self.next_rank - 1)
    }
    fn traded(&mut self, maker: &Resting, lots: Lots) {
        self.told.push(Told::Traded(*maker, lots));
    }
    fn removed(&mut self, order: &Resting, reason: Reason) {
        self.told.push(Told::Removed(*order, reason));
    }
    fn shrunk(&mut self, by: Lots) {
        self.told.push(Told::Shrunk(by));
    }
    fn decremented(&mut self, order: &Resting, by: Lots) {
        self.told.push(Told::Decremented(*order, by));
    }
    fn refilled(&mut self, order: &Resting) {
        self.told.push(Told::Refilled(*order));
    }
}
