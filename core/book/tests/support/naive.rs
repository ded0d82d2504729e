//! The plainest store of orders there is: an ordered map.

use std::collections::BTreeMap;

use ashlar_book::{Orders, Resting};
use ashlar_types::{Lots, Rank, Side};

type Key = (Side, u64, u64);

/// Orders by their places, and the place of each id.
#[derive(Default)]
pub struct Naive {
    pub orders: BTreeMap<Key, Resting>,
    places: BTreeMap<u64, Key>,
}

fn key(order: &Resting) -> Key {
    (order.side, order.side.normalise(order.price), order.rank.get())
}

impl Naive {
    pub fn find(&self, id_rank: Rank) -> Option<u64> {
        self.places.contains_key(&id_rank.get()).then_some(id_rank.get())
    }

    fn change(&mut self, at: u64, with: impl FnOnce(&mut Resting)) {
        with(self.orders.get_mut(&self.places[&at]).expect("an order at its place"));
    }
}

impl Orders for Naive {
    type At = u64;

    fn best(&mut self, side: Side) -> Option<u64> {
        let first = self.orders.range((side, 0, 0)..).next()?;
        (first.0.0 == side).then_some(first.1.id_rank.get())
    }

    fn after(&mut self, at: u64) -> Option<u64> {
        let (side, n, rank) = self.places[&at];
        let next = self.orders.range((side, n, rank + 1)..).next()?;
        (next.0.0 == side).then_some(next.1.id_rank.get())
    }

    fn get(&self, at: u64) -> Resting {
        self.orders[&self.places[&at]]
    }

    fn insert(&mut self, order: &Resting) -> u64 {
        assert!(self.orders.insert(key(order), *order).is_none(), "two orders at one place");
        assert!(self.places.insert(order.id_rank.get(), key(order)).is_none(), "two orders with one id");
        order.id_rank.get()
    }

    fn remove(&mut self, at: u64) {
        let key = self.places.remove(&at).expect("an order to remove");
        self.orders.remove(&key);
    }

    fn set_lots(&mut self, at: u64, visible: Lots, hidden: Lots) {
        self.change(at, |order| (order.visible, order.hidden) = (visible, hidden));
    }

    fn requeue(&mut self, at: u64, rank: Rank, visible: Lots, hidden: Lots) {
        let order = Resting { rank, visible, hidden, ..self.get(at) };
        self.remove(at);
        self.insert(&order);
    }
}
