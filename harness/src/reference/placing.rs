//! Placing, replacing, cancel-and-place, one-cancels-other (C-6 to C-17, C-20, C-21, C-24).

use ashlar_types::{
    AccountId, Event, NewOrder, OneCancelsOther, OrderId, OrderKind, PostOnly, Price, Reason, Side, TimeInForce,
};

use super::cancel::Found;
use super::check::Given;
use super::matching::{Ended, Taker};
use super::orders::{Place, Resting, Standing, Waiting};
use super::state::State;
use super::turn::{Outcome, Turn, lots};

impl State {
    /// *Place*.
    pub fn place(&mut self, turn: &mut Turn, account: AccountId, order: &NewOrder) -> Outcome {
        let given = Given { account, now: turn.now, gone: &[], added: 0 };
        match self.check_order(given, order) {
            Err(reason) => Outcome { client: order.client, ..Outcome::only(reason) },
            Ok(limit) => {
                let outcome = self.enter(turn, account, order, limit);
                self.cascade(turn, order.market);
                outcome
            }
        }
    }

    /// *Replace* (C-20).
    pub fn replace(&mut self, turn: &mut Turn, account: AccountId, id: OrderId, price: Price, size: u64) -> Outcome {
        let found = match self.find_own(account, id) {
            Ok(found) => found,
            Err(refusal) => return refusal,
        };
        match self.check_replace(turn, account, &found, price, size) {
            Err(reason) => Outcome::about(reason, id, found.client),
            Ok((order, limit)) => {
                self.remove(turn, id, Reason::Replaced);
                let outcome = self.enter(turn, account, &order, limit);
                self.cascade(turn, order.market);
                outcome
            }
        }
    }

    fn check_replace(
        &self,
        turn: &Turn,
        account: AccountId,
        found: &Found,
        price: Price,
        size: u64,
    ) -> Result<(NewOrder, Price), Reason> {
        let Standing::Book(place) = found.standing else { return Err(Reason::UnknownOrder) };
        let old = &self.orders[&place];
        if self.is_dead(turn.now, account, old.expires) {
            return Err(Reason::Expired);
        }
        if old.pair.is_some() {
            return Err(Reason::BadCombination);
        }
        let order = NewOrder {
            post_only: old.post_only,
            self_trade: old.self_trade,
            display: lots(old.display.min(size)),
            expires: old.expires,
            client: old.client,
            ..NewOrder::limit(old.id.market, old.side, price, lots(size))
        };
        let given = Given { account, now: turn.now, gone: &[old.id], added: 0 };
        let limit = self.check_order(given, &order)?;
        Ok((order, limit))
    }

    /// *Cancel-and-place* (C-21).
    pub fn cancel_place(&mut self, turn: &mut Turn, account: AccountId, id: OrderId, order: &NewOrder) -> Outcome {
        let found = match self.find_own(account, id) {
            Ok(found) => found,
            Err(refusal) => return refusal,
        };
        let gone: Vec<OrderId> = [id].into_iter().chain(found.pair).collect();
        match self.check_order(Given { account, now: turn.now, gone: &gone, added: 0 }, order) {
            Err(reason) => Outcome::about(reason, id, found.client),
            Ok(limit) => {
                self.remove(turn, id, Reason::Cancelled);
                let outcome = self.enter(turn, account, order, limit);
                self.cascade(turn, order.market);
                outcome
            }
        }
    }

    /// An order that passed its checks takes a rank, and waits or is matched (C-17). The limit is what the checks made
    /// of its price.
    pub fn enter(&mut self, turn: &mut Turn, account: AccountId, order: &NewOrder, limit: Price) -> Outcome {
        let rank = self.take_rank(order.market);
        if order.trigger.is_some() {
            let waiting = waiting_order(account, order, limit, rank);
            let id = waiting.id;
            self.put_among_triggers(waiting);
            return Outcome { remaining: order.lots.get(), ..Outcome::about(Reason::Waiting, id, order.client) };
        }
        let id = Place::in_book(order.market, order.side, limit, rank).id();
        let mut taker = Taker {
            id,
            account,
            market: order.market,
            side: order.side,
            limit,
            self_trade: order.self_trade,
            rest: order.lots.get(),
            filled: 0,
        };
        let ended = self.match_taker(turn, &mut taker);
        let (reason, remaining) = match ended {
            Ended::Filled => (Reason::Filled, 0),
            Ended::Stopped(reason) => (reason, 0),
            Ended::NothingMore if order.time_in_force != TimeInForce::Rest => (Reason::Unfilled, 0),
            Ended::NothingMore => {
                self.put_in_book(resting_order(account, order, limit, rank, taker.rest));
                (Reason::Resting, taker.rest)
            }
        };
        Outcome { filled: taker.filled, remaining, ..Outcome::about(reason, id, order.client) }
    }

    /// *One-cancels-other* (C-24).
    pub fn one_cancels_other(&mut self, turn: &mut Turn, account: AccountId, legs: &OneCancelsOther) -> Outcome {
        let limit = &legs.limit;
        let (limit_price, stop_price) = match self.check_pair(turn, account, legs) {
            Ok(prices) => prices,
            Err(reason) => return Outcome { client: limit.client, ..Outcome::only(reason) },
        };
        let limit_rank = self.take_rank(limit.market);
        let stop_rank = self.take_rank(limit.market);
        let mut rests = resting_order(account, limit, limit_price, limit_rank, limit.lots.get());
        let mut waits = waiting_order(account, &legs.stop, stop_price, stop_rank);
        rests.pair = Some(waits.id);
        waits.pair = Some(rests.id);
        waits.reserve_price = pair_price(limit.side, limit_price, stop_price);
        let outcome =
            Outcome { remaining: limit.lots.get(), ..Outcome::about(Reason::Resting, rests.id, limit.client) };
        for (order, client, reason) in
            [(rests.id, rests.client, Reason::Resting), (waits.id, waits.client, Reason::Waiting)]
        {
            let remaining = limit.lots;
            turn.say(Event::Placed { order, account, client, filled: lots(0), remaining, reason });
        }
        self.put_in_book(rests);
        self.put_among_triggers(waits);
        outcome
    }

    /// All checks of a pair; gives the limits of both legs.
    fn check_pair(&self, turn: &Turn, account: AccountId, legs: &OneCancelsOther) -> Result<(Price, Price), Reason> {
        let OneCancelsOther { limit, stop } = legs;
        let alike = limit.market == stop.market
            && limit.side == stop.side
            && limit.lots == stop.lots
            && limit.expires == stop.expires;
        let plain = limit.kind == OrderKind::Limit
            && limit.time_in_force == TimeInForce::Rest
            && limit.display.is_zero()
            && limit.post_only == PostOnly::No
            && limit.trigger.is_none();
        if !alike || !plain || stop.trigger.is_none() {
            return Err(Reason::BadCombination);
        }
        let given = Given { account, now: turn.now, gone: &[], added: 0 };
        let limit_price = self.check_leg(given, limit)?;
        let stop_price = self.check_leg(Given { added: 1, ..given }, stop)?;
        if self.would_meet(given, limit, limit_price)?.is_some() {
            return Err(Reason::WouldTrade);
        }
        let higher = limit_price.max(stop_price);
        self.check_countable(limit, higher)?;
        self.check_funds(given, limit, higher)?;
        Ok((limit_price, stop_price))
    }
}

/// The price at which the waiting leg of a pair reserves: the higher of both for a buyer, for whom it matters.
fn pair_price(side: Side, limit: Price, stop: Price) -> Price {
    match side {
        Side::Buy => limit.max(stop),
        Side::Sell => stop,
    }
}

fn resting_order(account: AccountId, order: &NewOrder, limit: Price, rank: u64, rest: u64) -> Resting {
    let display = order.display.get();
    let visible = if display == 0 { rest } else { display.min(rest) };
    Resting {
        id: Place::in_book(order.market, order.side, limit, rank).id(),
        account,
        side: order.side,
        limit,
        rank,
        visible,
        hidden: rest - visible,
        display,
        expires: order.expires,
        client: order.client,
        self_trade: order.self_trade,
        post_only: order.post_only,
        pair: None,
    }
}

fn waiting_order(account: AccountId, order: &NewOrder, limit: Price, rank: u64) -> Waiting {
    let trigger = order.trigger.expect("only an order with a trigger waits");
    Waiting {
        id: Place::in_book(order.market, order.side, limit, rank).id(),
        account,
        direction: trigger.direction,
        trigger: trigger.price,
        side: order.side,
        lots: order.lots.get(),
        limit,
        reserve_price: limit,
        market_order: order.kind == OrderKind::Market,
        immediate: order.time_in_force == TimeInForce::ImmediateOrCancel,
        expires: order.expires,
        client: order.client,
        self_trade: order.self_trade,
        pair: None,
    }
}
