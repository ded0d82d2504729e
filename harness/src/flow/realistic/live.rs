//! The live orders of each market, learned from outputs.

use std::collections::HashMap;

use ashlar_types::{AccountId, Event, MarketId, OrderId, Reason};

use super::Random;
use crate::engine::Output;

/// An open order.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Whose.
    pub account: AccountId,
    /// Which.
    pub id: OrderId,
    /// Whether it waits for its trigger.
    pub waits: bool,
}

/// Which orders are open.
#[derive(Debug)]
pub struct Live {
    markets: Vec<Vec<Open>>,
    /// Where each stands in its market's list.
    at: HashMap<(u16, u64), usize>,
    /// Orders that ended since the last receipt: a cascade may fill an order before its own receipt says that it rests.
    ended: Vec<OrderId>,
}

impl Live {
    /// None, in so many markets.
    pub fn new(markets: u16) -> Live {
        Live { markets: vec![Vec::new(); usize::from(markets)], at: HashMap::new(), ended: Vec::new() }
    }

    /// How many there are in a market.
    pub fn count(&self, market: MarketId) -> usize {
        self.markets[usize::from(market.get())].len()
    }

    /// One of a market.
    pub fn one(&self, market: MarketId, random: &mut Random) -> Option<Open> {
        let orders = &self.markets[usize::from(market.get())];
        if orders.is_empty() { None } else { Some(*random.pick(orders)) }
    }

    /// The newest of an account in a market, at most so many.
    pub fn of(&self, market: MarketId, account: AccountId, most: usize) -> Vec<OrderId> {
        let orders = self.markets[usize::from(market.get())].iter().rev().take(64 * most);
        orders.filter(|open| open.account == account && !open.waits).map(|open| open.id).take(most).collect()
    }

    /// Learns from an output.
    pub fn observe(&mut self, output: &Output) {
        match output {
            Output::Receipt(receipt) => {
                match (receipt.reason, receipt.order) {
                    (Reason::Resting | Reason::Waiting, Some(id)) if self.ended.contains(&id) => {}
                    (Reason::Resting, Some(id)) => self.add(receipt.account, id, false),
                    (Reason::Waiting, Some(id)) => self.add(receipt.account, id, true),
                    (Reason::Cancelled, Some(id)) => self.remove(id),
                    _ => {}
                }
                self.ended.clear();
            }
            Output::Event(Event::Placed { order, account, reason: Reason::Resting, .. }) => {
                self.add(*account, *order, false);
            }
            Output::Event(Event::Placed { order, account, reason: Reason::Waiting, .. }) => {
                self.add(*account, *order, true);
            }
            Output::Event(Event::Placed { order, .. } | Event::Removed { order, .. }) => self.end(*order),
            Output::Event(Event::Trade(trade)) if trade.maker_remaining.is_zero() => self.end(trade.maker),
            Output::Event(_) => {}
        }
    }

    fn add(&mut self, account: AccountId, id: OrderId, waits: bool) {
        let orders = &mut self.markets[usize::from(id.market.get())];
        let at = *self.at.entry((id.market.get(), id.rank.get())).or_insert(orders.len());
        match orders.get_mut(at) {
            Some(open) => open.waits = waits,
            None => orders.push(Open { account, id, waits }),
        }
    }

    fn end(&mut self, id: OrderId) {
        self.remove(id);
        self.ended.push(id);
    }

    fn remove(&mut self, id: OrderId) {
        let Some(at) = self.at.remove(&(id.market.get(), id.rank.get())) else { return };
        let orders = &mut self.markets[usize::from(id.market.get())];
        orders.swap_remove(at);
        if let Some(moved) = orders.get(at) {
            self.at.insert((moved.id.market.get(), moved.id.rank.get()), at);
        }
    }
}
