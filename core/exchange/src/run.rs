//! One command while it runs.

use alloc::vec::Vec;

use ashlar_book::Budget;
use ashlar_types::{AccountId, MarketId, OrderId, Reason, Time};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::removal::Found;
use crate::store::{Listed, Store};
use crate::trading::{Running, Trading};

/// What a command works on.
pub(crate) struct Run<'a, S: Store, O: Output> {
    pub store: &'a mut S,
    pub out: &'a mut O,
    pub now: Time,
    pub budget: Budget,
    /// The order that trades, kept from command to command because only its trading writes it.
    pub running: &'a mut Running,
    /// Room for a list of orders, kept from command to command.
    pub listed: &'a mut Vec<Listed>,
}

impl<S: Store, O: Output> Run<'_, S, O> {
    /// Opens a market for this command.
    #[inline(always)]
    pub fn open(&mut self, market: MarketId) -> Result<Trading<'_, S, O>, Reason> {
        let view = self.store.open(market).ok_or(Reason::UnknownMarket)?;
        Ok(Trading::new(view, self.out, &mut self.budget, self.running, self.now))
    }

    /// Runs `deed` in a market, then whatever triggers it made due.
    #[inline(always)]
    pub fn in_market(&mut self, market: MarketId, deed: impl FnOnce(&mut Trading<'_, S, O>) -> Outcome) -> Outcome {
        match self.open(market) {
            Ok(mut trading) => {
                let outcome = deed(&mut trading);
                trading.end();
                outcome
            }
            Err(reason) => Outcome::of(reason),
        }
    }

    /// Whether the account may place orders.
    #[inline(always)]
    pub fn may_trade(&mut self, who: AccountId) -> Result<(), Reason> {
        match self.store.account(who, |a| a.may_trade()) {
            Some(true) => Ok(()),
            Some(false) => Err(Reason::AccountFrozen),
            None => Err(Reason::UnknownAccount),
        }
    }
}

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// Finds an order of this account (SPEC C-18); a refusal names the client of an order that is someone else's.
    #[inline(always)]
    pub fn find_own(&mut self, who: AccountId, id: OrderId) -> Result<Found<S>, Outcome> {
        let found = self.find(id).ok_or(Outcome::about(Reason::UnknownOrder, id, crate::place::NO_CLIENT))?;
        if found.account() != who {
            return Err(Outcome::about(Reason::NotYourOrder, id, found.client()));
        }
        Ok(found)
    }
}
