//! Naming, cancelling, reducing and sweeping orders (C-18, C-19, C-22, C-27).

use ashlar_types::limits::SWEEP_ORDERS_MAX;
use ashlar_types::{AccountId, CancelFilter, ClientId, MarketState, OrderId, Reason};

use super::orders::Standing;
use super::state::State;
use super::turn::{Outcome, Turn};

/// An order that a command named and that is the account's own.
pub struct Found {
    pub standing: Standing,
    pub client: ClientId,
    /// What it has left.
    pub lots: u64,
    pub pair: Option<OrderId>,
}

impl State {
    /// The order of an id, if it exists and is the account's; else the receipt that says why not (C-18).
    pub fn find_own(&self, account: AccountId, id: OrderId) -> Result<Found, Outcome> {
        if !self.markets.contains_key(&id.market) {
            return Err(Outcome::about(Reason::UnknownMarket, id, ClientId(0)));
        }
        let Some(standing) = self.standing.get(&id).copied() else {
            return Err(Outcome::about(Reason::UnknownOrder, id, ClientId(0)));
        };
        let (owner, found) = match &standing {
            Standing::Book(place) => {
                let order = &self.orders[place];
                (order.account, Found { standing, client: order.client, lots: order.lots(), pair: order.pair })
            }
            Standing::Triggers(place) => {
                let order = &self.triggers[place];
                (order.account, Found { standing, client: order.client, lots: order.lots, pair: order.pair })
            }
        };
        if owner == account { Ok(found) } else { Err(Outcome::about(Reason::NotYourOrder, id, found.client)) }
    }

    /// *Cancel* (C-19).
    pub fn cancel(&mut self, turn: &mut Turn, account: AccountId, id: OrderId) -> Outcome {
        match self.find_own(account, id) {
            Err(refusal) => refusal,
            Ok(_) => {
                let gone = self.remove_named(turn, id);
                Outcome { remaining: gone.lots, ..Outcome::about(Reason::Cancelled, id, gone.client) }
            }
        }
    }

    /// *Reduce* (C-19).
    pub fn reduce(&mut self, turn: &mut Turn, account: AccountId, id: OrderId, by: u64) -> Outcome {
        let found = match self.find_own(account, id) {
            Ok(found) => found,
            Err(refusal) => return refusal,
        };
        if by == 0 {
            return Outcome::about(Reason::BadSize, id, found.client);
        }
        if found.pair.is_some() {
            return Outcome::about(Reason::BadCombination, id, found.client);
        }
        if by >= found.lots {
            return self.cancel(turn, account, id);
        }
        match found.standing {
            Standing::Book(place) => {
                let order = self.orders[&place].clone();
                self.change_resting(&order, |order| order.shrink(by));
            }
            Standing::Triggers(place) => {
                let mut order = self.triggers[&place].clone();
                self.release_for_waiting(&order);
                order.lots -= by;
                self.reserve_for_waiting(&order);
                self.triggers.insert(place, order);
            }
        }
        Outcome { remaining: found.lots - by, ..Outcome::about(Reason::Done, id, found.client) }
    }

    /// *Cancel-all* (C-22).
    pub fn cancel_all(&mut self, turn: &mut Turn, account: AccountId, filter: &CancelFilter) -> Outcome {
        if filter.market.is_some_and(|market| !self.markets.contains_key(&market)) {
            return Outcome::only(Reason::UnknownMarket);
        }
        self.remove_all(turn, account, filter, Reason::Cancelled);
        Outcome::only(Reason::Done)
    }

    /// Removes an account's orders and triggers that the filter selects, in the order of their keys: orders of all
    /// markets before triggers (C-22). A leg that left with its other leg is not removed again.
    pub fn remove_all(&mut self, turn: &mut Turn, account: AccountId, filter: &CancelFilter, reason: Reason) {
        let in_market = |id: &OrderId| filter.market.is_none_or(|market| market == id.market);
        let orders = self.orders.values().filter(|order| {
            order.account == account && in_market(&order.id) && filter.selects(order.side, order.limit)
        });
        let triggers = self.triggers.values().filter(|order| {
            order.account == account && in_market(&order.id) && filter.selects(order.side, order.limit)
        });
        let selected: Vec<OrderId> = orders.map(|order| order.id).chain(triggers.map(|order| order.id)).collect();
        for id in selected {
            if self.standing.contains_key(&id) {
                self.remove(turn, id, reason);
            }
        }
    }

    /// *Sweep* (C-27).
    pub fn sweep(&mut self, turn: &mut Turn, ids: &[OrderId]) -> Outcome {
        if ids.is_empty() || ids.len() > SWEEP_ORDERS_MAX {
            return Outcome::only(Reason::BadMessage);
        }
        let mut removed = 0;
        for id in ids {
            if let Some(reason) = self.sweepable(turn, *id) {
                self.remove(turn, *id, reason);
                removed += 1;
            }
        }
        Outcome::only(if removed > 0 { Reason::Done } else { Reason::NotDead })
    }

    /// Why anyone may remove this order, if anyone may.
    fn sweepable(&self, turn: &Turn, id: OrderId) -> Option<Reason> {
        let (account, expires) = match self.standing.get(&id)? {
            Standing::Book(place) => (self.orders[place].account, self.orders[place].expires),
            Standing::Triggers(place) => (self.triggers[place].account, self.triggers[place].expires),
        };
        if self.is_dead(turn.now, account, expires) {
            Some(Reason::Expired)
        } else if self.market(id.market).state == MarketState::Delisting {
            Some(Reason::Delisted)
        } else {
            None
        }
    }
}
