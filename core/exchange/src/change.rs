//! Cancelling, reducing and replacing what was placed before (SPEC C-18 to C-22).

use ashlar_book::{Floor, Resting, reduce};
use ashlar_types::{AccountId, CancelFilter, Event, Lots, NewOrder, OrderId, OrderKind, Price, Reason, TimeInForce};

use crate::funds;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::place::Gone;
use crate::removal::Found;
use crate::run::Run;
use crate::store::{Store, View, id_of};
use crate::trading::Trading;

impl<S: Store, O: Output> Run<'_, S, O> {
    #[inline(always)]
    pub fn cancel(&mut self, who: AccountId, id: OrderId) -> Outcome {
        let outcome = match self.open(id.market) {
            Ok(mut market) => {
                let outcome = market.cancel(who, id);
                market.end();
                outcome
            }
            Err(reason) => Outcome::of(reason),
        };
        named(outcome, id)
    }

    pub fn reduce(&mut self, who: AccountId, id: OrderId, by: Lots) -> Outcome {
        let outcome = self.in_market(id.market, |market| {
            let found = match market.find_own(who, id) {
                Ok(found) => found,
                Err(refusal) => return refusal,
            };
            if by.is_zero() {
                return Outcome::about(Reason::BadSize, id, found.client());
            }
            if found.paired() {
                return Outcome::about(Reason::BadCombination, id, found.client());
            }
            if by >= found.lots() {
                return cancelled(market, id, &found);
            }
            make_smaller(market, &found, by);
            let remaining = found.lots().saturating_sub(by);
            Outcome { remaining, ..Outcome::about(Reason::Done, id, found.client()) }
        });
        named(outcome, id)
    }

    #[inline(always)]
    pub fn replace(&mut self, who: AccountId, id: OrderId, price: Price, lots: Lots) -> Outcome {
        let outcome = match self.open(id.market) {
            Ok(mut market) => {
                let outcome = market.replace(who, id, price, lots);
                market.end();
                outcome
            }
            Err(reason) => Outcome::of(reason),
        };
        named(outcome, id)
    }

    pub fn cancel_place(&mut self, who: AccountId, id: OrderId, order: &NewOrder) -> Outcome {
        let result = self.find_gone(who, id, order.market).and_then(|(found, gone)| {
            let refuse = |reason| Outcome::about(reason, id, found.client());
            self.may_trade(who).map_err(refuse)?;
            if id.market == order.market {
                return Ok(self.in_market(order.market, |market| match market.check(who, order, Some(&gone)) {
                    Ok(ticket) => {
                        market.take_out(&found, Some(Reason::Cancelled));
                        market.execute(who, &ticket)
                    }
                    Err(reason) => refuse(reason),
                }));
            }
            let ticket =
                self.open(order.market).and_then(|mut market| market.check(who, order, Some(&gone))).map_err(refuse)?;
            self.in_market(id.market, |market| {
                market.take_out(&found, Some(Reason::Cancelled));
                Outcome::of(Reason::Done)
            });
            Ok(self.in_market(order.market, |market| market.execute(who, &ticket)))
        });
        let outcome = result.unwrap_or_else(|refusal| refusal);
        named(outcome, id)
    }

    /// What C-21 will cancel, and what that leaves behind for an order in `placing`.
    fn find_gone(
        &mut self,
        who: AccountId,
        id: OrderId,
        placing: ashlar_types::MarketId,
    ) -> Result<(Found<S>, Gone<S>), Outcome> {
        let mut market = self.open(id.market).map_err(Outcome::of)?;
        let found = market.find_own(who, id)?;
        let (asset, amount, orders) = market.would_free(&found);
        let same_market = id.market == placing;
        let at = match found {
            Found::Resting(at, _) if same_market => Some(at),
            // The limit leg of a pair goes with its waiting leg.
            Found::Waiting(_, order) if same_market && order.paired => {
                market.view.pair(id).and_then(|other| market.view.find(other)).map(|(at, _)| at)
            }
            _ => None,
        };
        Ok((found, Gone { at, same_market, asset, amount, orders }))
    }

    pub fn cancel_all(&mut self, who: AccountId, filter: &CancelFilter, reason: Reason) -> Outcome {
        if let Some(market) = filter.market
            && self.store.open(market).is_none()
        {
            return Outcome::of(Reason::UnknownMarket);
        }
        let mut listed = core::mem::take(self.listed);
        listed.clear();
        self.store.list(who, filter.market, &mut listed);
        for entry in &listed {
            self.in_market(entry.id.market, |market| {
                if let Some(found) = market.find(entry.id)
                    && filter.selects(entry.id.side, price_of(&found))
                {
                    market.take_out(&found, Some(reason));
                }
                Outcome::of(Reason::Done)
            });
        }
        *self.listed = listed;
        Outcome::of(Reason::Done)
    }
}

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// C-18.
    #[inline(always)]
    fn cancel(&mut self, who: AccountId, id: OrderId) -> Outcome {
        let Some((at, order)) = self.view.find(id) else { return self.cancel_waiting(who, id) };
        if order.account != who {
            return Outcome::about(Reason::NotYourOrder, id, order.client);
        }
        self.view.take_out(at);
        self.let_go(&order, None);
        Outcome { remaining: order.lots(), ..Outcome::about(Reason::Cancelled, id, order.client) }
    }

    /// The same of what does not rest.
    #[cold]
    #[inline(never)]
    fn cancel_waiting(&mut self, who: AccountId, id: OrderId) -> Outcome {
        match self.find_own(who, id) {
            Ok(found) => cancelled(self, id, &found),
            Err(refusal) => refusal,
        }
    }

    /// C-20.
    #[inline(always)]
    fn replace(&mut self, who: AccountId, id: OrderId, price: Price, lots: Lots) -> Outcome {
        let Some((at, old)) = self.view.find(id) else { return self.refuse_to_replace(who, id) };
        let refuse = |reason| Outcome::about(reason, id, old.client);
        if old.account != who {
            return refuse(Reason::NotYourOrder);
        }
        if self.is_dead(who, old.expires) {
            return refuse(Reason::Expired);
        }
        if old.paired {
            return refuse(Reason::BadCombination);
        }
        let order = NewOrder {
            market: id.market,
            side: old.side,
            kind: OrderKind::Limit,
            time_in_force: TimeInForce::Rest,
            post_only: old.post_only,
            self_trade: old.self_trade,
            price,
            lots,
            display: old.display.min(lots),
            expires: old.expires,
            trigger: None,
            client: old.client,
        };
        let asset = funds::reserved_asset(&self.terms(), old.side);
        let amount = funds::reserved(&self.terms(), old.side, old.price, old.lots());
        let gone = Gone { at: Some(at), same_market: true, asset, amount, orders: 1 };
        match self.put_in_place(who, &order, (at, &old), &gone) {
            Ok(outcome) => outcome,
            Err(reason) => refuse(reason),
        }
    }

    /// Places an order in the place of one that rests in this market and is no leg of a pair.
    #[inline(always)]
    fn put_in_place(
        &mut self,
        who: AccountId,
        order: &NewOrder,
        (at, old): (S::At, &Resting),
        gone: &Gone<S>,
    ) -> Result<Outcome, Reason> {
        let limit = self.check_but_funds(who, order, Some(gone))?;
        if self.would_meet(order.side, limit) {
            let ticket = self.check_rest(who, order, limit, Some(gone))?;
            self.take_out(&Found::Resting(at, *old), Some(Reason::Replaced));
            return Ok(self.execute(who, &ticket));
        }
        // The usual one: nobody to meet, so one reservation takes the place of the other and as many orders rest as before.
        let (asset, need) = self.need(order.side, limit, order.lots)?;
        self.view.balance(who, asset, |b| b.try_hold_instead(gone.amount, need)).ok_or(Reason::InsufficientFunds)?;
        let (id, account) = (id_of(self.view.id(), old), old.account);
        self.out.event(&Event::Removed { order: id, account, lots: old.lots(), reason: Reason::Replaced });
        self.view.take_out(at);
        Ok(self.put_whole(who, order, limit))
    }

    /// Why an order that does not rest cannot be replaced.
    #[cold]
    #[inline(never)]
    fn refuse_to_replace(&mut self, who: AccountId, id: OrderId) -> Outcome {
        match self.find_own(who, id) {
            Ok(found) => Outcome::about(Reason::UnknownOrder, id, found.client()),
            Err(refusal) => refusal,
        }
    }
}

/// Makes an order smaller; `by` is less than what it has.
fn make_smaller<S: Store, O: Output>(market: &mut Trading<'_, S, O>, found: &Found<S>, by: Lots) {
    match found {
        Found::Resting(at, order) => {
            let Some((visible, hidden)) = reduce(order.visible, order.hidden, by) else { return };
            market.view.set_lots(*at, visible, hidden);
            market.shrink(order, by);
        }
        Found::Waiting(at, order) => {
            let left = order.lots.saturating_sub(by);
            market.view.set_waiting_lots(*at, left);
            market.release_waiting(order);
            let held = funds::reserved(&market.terms(), order.side, order.reserve_at, left);
            let asset = funds::reserved_asset(&market.terms(), order.side);
            market.view.balance(order.account, asset, |b| b.hold(held));
        }
    }
}

fn cancelled<S: Store, O: Output>(market: &mut Trading<'_, S, O>, id: OrderId, found: &Found<S>) -> Outcome {
    market.take_out(found, None);
    Outcome { remaining: found.lots(), ..Outcome::about(Reason::Cancelled, id, found.client()) }
}

/// The price a cancel-all filters by.
fn price_of<S: Store>(found: &Found<S>) -> Price {
    match found {
        Found::Resting(_, order) => order.price,
        Found::Waiting(_, order) => order.limit,
    }
}

/// A receipt about an order names it, also when nothing came of it.
#[inline(always)]
fn named(outcome: Outcome, id: OrderId) -> Outcome {
    Outcome { order: outcome.order.or(Some(id)), ..outcome }
}
