//! Cancelling, reducing and replacing what was placed before (SPEC C-18 to C-22).

use ashlar_book::{Floor, reduce};
use ashlar_types::{AccountId, CancelFilter, Lots, NewOrder, OrderId, OrderKind, Price, Reason, TimeInForce};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::place::Gone;
use crate::removal::Found;
use crate::run::Run;
use crate::store::{Store, View};
use crate::trading::Trading;

impl<S: Store, O: Output> Run<'_, S, O> {
    #[inline(always)]
    pub fn cancel(&mut self, who: AccountId, id: OrderId) -> Outcome {
        let outcome = self.in_market(id.market, |market| match market.find_own(who, id) {
            Ok(found) => cancelled(market, id, &found),
            Err(refusal) => refusal,
        });
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
        let outcome = self.in_market(id.market, |market| {
            let found = match market.find_own(who, id) {
                Ok(found) => found,
                Err(refusal) => return refusal,
            };
            let Found::Resting(at, old) = found else {
                return Outcome::about(Reason::UnknownOrder, id, found.client());
            };
            if market.is_dead(who, old.expires) {
                return Outcome::about(Reason::Expired, id, old.client);
            }
            if old.paired {
                return Outcome::about(Reason::BadCombination, id, old.client);
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
            let (asset, amount, orders) = market.would_free(&found);
            let gone = Gone { at: Some(at), same_market: true, asset, amount, orders };
            match market.check(who, &order, Some(&gone)) {
                Ok(ticket) => {
                    market.take_out(&found, Some(Reason::Replaced));
                    market.execute(who, &ticket)
                }
                Err(reason) => Outcome::about(reason, id, old.client),
            }
        });
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
            let held = crate::funds::reserved(&market.terms(), order.side, order.reserve_at, left);
            let asset = crate::funds::reserved_asset(&market.terms(), order.side);
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
