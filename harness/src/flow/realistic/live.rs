//! The live orders of each market, learned from outputs.

use std::collections::HashMap;

use ashlar_types::{AccountId, Event, MarketId, OrderId, Reason};

use super::Random;
use crate::engine::Output;

/// Which orders are open.
#[derive(Debug)]
pub struct Live {
    markets: Vec<Vec<(AccountId, OrderId)>>,
    /// Where each stands in its market's list.
    at: HashMap<(u16, u64), usize>,
}

impl Live {
    /// None, in so many markets.
    pub fn new(markets: u16) -> Live {
        Live { markets: vec![Vec::new(); usize::from(markets)], at: HashMap::new() }
    }

    /// How many there are in a market.
    pub fn count(&self, market: MarketId) -> usize {
        self.markets[usize::from(market.get())].len()
    }

    /// One of a market.
    pub fn one(&self, market: MarketId, random: &mut Random) -> Option<(AccountId, OrderId)> {
        let orders = &self.markets[usize::from(market.get())];
        if orders.is_empty() { None } else { Some(*random.pick(orders)) }
    }

    /// The newest of an account in a market, at most so many.
    pub fn of(&self, market: MarketId, account: AccountId, most: usize) -> Vec<OrderId> {
        let orders = self.markets[usize::from(market.get())].iter().rev().take(64 * most);
        orders.filter(|(owner, _)| *owner == account).map(|(_, id)| *id).take(most).collect()
    }

    /// Learns from an output.
    pub fn observe(&mut self, output: &Output) {
        match output {
            Output::Receipt(receipt) => match (receipt.reason, receipt.order) {
                (Reason::Resting | Reason::Waiting, Some(id)) => self.add(receipt.account, id),
                (Reason::Cancelled, Some(id)) => self.remove(id),
                _ => {}
            },
            Output::Event(Event::Placed { order, account, reason: Reason::Resting | Reason::Waiting, .. }) => {
                self.add(*account, *order);
            }
            Output::Event(Event::Placed { order, .. }) => self.remove(*order),
            Output::Event(Event::Removed { order, .. }) => self.remove(*order),
            Output::Event(Event::Trade(trade)) if trade.maker_remaining.is_zero() => self.remove(trade.maker),
            Output::Event(_) => {}
        }
    }

    fn add(&mut self, account: AccountId, id: OrderId) {
        let orders = &mut self.markets[usize::from(id.market.get())];
        let place = self.at.entry((id.market.get(), id.rank.get())).or_insert(orders.len());
        if *place == orders.len() {
            orders.push((account, id));
        }
    }

    fn remove(&mut self, id: OrderId) {
        let Some(at) = self.at.remove(&(id.market.get(), id.rank.get())) else { return };
        let orders = &mut self.markets[usize::from(id.market.get())];
        orders.swap_remove(at);
        if let Some((_, moved)) = orders.get(at) {
            self.at.insert((moved.market.get(), moved.rank.get()), at);
        }
    }
}
