//! Placing an order: first every check, which changes nothing, then the deed, which cannot fail (SPEC C-6 to C-17).

use ashlar_book::{Ended, Look, PendingTrigger, Resting, Taker, best_live, can_fill, cross};
use ashlar_types::limits::{ACCOUNT_ORDERS_MAX, MARKET_ORDERS_MAX};
use ashlar_types::{
    AccountId, Amount, AssetId, ClientId, Direction, Event, Lots, MarketState, NewOrder, OrderId, OrderKind, PostOnly,
    Price, Reason, Side, Time, TimeInForce,
};

use crate::funds;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::record::Account;
use crate::store::{Store, View};
use crate::trading::Trading;

/// What an order that is about to go leaves behind, while the one that takes its place is checked.
#[derive(Clone, Copy)]
pub(crate) struct Gone<S: Store> {
    /// Where it is, if it rests in the same market.
    pub at: Option<S::At>,
    /// Whether it is of the same market.
    pub same_market: bool,
    /// The asset it frees.
    pub asset: AssetId,
    /// How much it frees.
    pub amount: Amount,
    /// How many orders go.
    pub orders: u32,
}

/// An order that passed every check.
#[derive(Clone, Copy)]
pub(crate) struct Ticket<'o> {
    pub order: &'o NewOrder,
    /// The limit after collar and slide.
    pub limit: Price,
}

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// Places an order that takes the place of none.
    #[inline(always)]
    pub fn place(&mut self, who: AccountId, order: &NewOrder) -> Result<Outcome, Reason> {
        let limit = self.check_but_funds(who, order, None)?;
        if order.time_in_force == TimeInForce::Rest && order.trigger.is_none() && !self.would_meet(order.side, limit) {
            // The usual one: nobody to meet, so its funds are checked and set aside in one step.
            let (asset, need) = self.need(order.side, limit, order.lots)?;
            self.view.balance(who, asset, |b| b.try_hold(need)).ok_or(Reason::InsufficientFunds)?;
            return Ok(self.rest_whole(who, order, limit));
        }
        let ticket = self.check_rest(who, order, limit, None)?;
        Ok(self.execute(who, &ticket))
    }

    /// Makes every check of an order, as if what is `gone` were gone.
    #[inline(always)]
    pub fn check<'o>(
        &mut self,
        who: AccountId,
        order: &'o NewOrder,
        gone: Option<&Gone<S>>,
    ) -> Result<Ticket<'o>, Reason> {
        let limit = self.check_but_funds(who, order, gone)?;
        self.check_rest(who, order, limit, gone)
    }

    /// C-6 to C-13: the limit the order will have.
    #[inline(always)]
    pub fn check_but_funds(
        &mut self,
        who: AccountId,
        order: &NewOrder,
        gone: Option<&Gone<S>>,
    ) -> Result<Price, Reason> {
        let account = self.view.account(who, |a| *a).ok_or(Reason::UnknownAccount)?;
        if !account.may_trade() {
            return Err(Reason::AccountFrozen);
        }
        self.check_terms(&account, order)?;
        let mut limit = self.check_price(order)?;
        self.check_room(who, &account, order, gone, 1)?;
        if order.post_only != PostOnly::No {
            limit = self.check_post_only(order, limit, gone)?;
        }
        Ok(limit)
    }

    /// C-14 to C-16.
    #[inline(always)]
    pub fn check_rest<'o>(
        &mut self,
        who: AccountId,
        order: &'o NewOrder,
        limit: Price,
        gone: Option<&Gone<S>>,
    ) -> Result<Ticket<'o>, Reason> {
        self.check_funds(who, order.side, limit, order.lots, gone)?;
        if order.time_in_force == TimeInForce::FillOrKill {
            let taker = taker_of(who, order, limit);
            if !can_fill(self, &taker, gone.and_then(|g| g.at)) {
                return Err(Reason::CannotFill);
            }
        }
        Ok(Ticket { order, limit })
    }

    /// C-6 to C-9: whether the order makes sense, here and now.
    #[inline(always)]
    pub fn check_terms(&mut self, account: &Account, order: &NewOrder) -> Result<(), Reason> {
        if self.view.live().pending.is_some() {
            return Err(Reason::CascadePending);
        }
        let post_only = order.post_only != PostOnly::No;
        match self.view.live().effective_state() {
            MarketState::Open => {}
            MarketState::PostOnly if post_only && order.trigger.is_none() => {}
            _ => return Err(Reason::MarketState),
        }
        let rests = order.time_in_force == TimeInForce::Rest;
        let shows_part = !order.display.is_zero();
        let market_rests = order.kind == OrderKind::Market && (rests | post_only);
        let ends = order.expires != Time::NEVER && order.trigger.is_none();
        let fleeting = !rests && (post_only | shows_part | ends);
        let waits =
            order.trigger.is_some() && (order.time_in_force == TimeInForce::FillOrKill || post_only | shows_part);
        if market_rests | fleeting | waits {
            return Err(Reason::BadCombination);
        }
        let rules = self.view.record().rules;
        let size = order.lots >= rules.lots_min && order.lots <= rules.lots_max;
        let display = !shows_part || (order.display >= rules.lots_min && order.display <= order.lots);
        if !(size && display) {
            return Err(Reason::BadSize);
        }
        if order.expires <= self.now {
            return Err(Reason::ExpiredOnArrival);
        }
        if account.dead_man <= self.now {
            return Err(Reason::DeadManFired);
        }
        Ok(())
    }

    /// C-10 and C-11: the limit it will trade at.
    #[inline(always)]
    pub fn check_price(&mut self, order: &NewOrder) -> Result<Price, Reason> {
        let rules = self.view.record().rules;
        let anchor = order.trigger.map_or(self.view.live().last, |t| t.price);
        let limit = match (order.kind, order.side) {
            (OrderKind::Market, Side::Buy) => order.price.min(anchor.more(rules.collar)),
            (OrderKind::Market, Side::Sell) => order.price.max(anchor.less(rules.collar)),
            (OrderKind::Limit, _) => {
                let away = order.price.get().abs_diff(anchor.get());
                if away > rules.band.of_rounding_down(anchor.get()) {
                    return Err(Reason::OutsideBand);
                }
                order.price
            }
        };
        if let Some(trigger) = order.trigger {
            let due = match trigger.direction {
                Direction::Falls => self.view.live().last <= trigger.price,
                Direction::Rises => self.view.live().last >= trigger.price,
            };
            if due {
                return Err(Reason::TriggerDue);
            }
        }
        Ok(limit)
    }

    /// C-12: whether there is room for `more` orders.
    #[inline(always)]
    pub fn check_room(
        &mut self,
        who: AccountId,
        account: &Account,
        order: &NewOrder,
        gone: Option<&Gone<S>>,
        more: u32,
    ) -> Result<(), Reason> {
        if order.time_in_force != TimeInForce::Rest && order.trigger.is_none() {
            return Ok(());
        }
        let (gone_all, gone_here) = gone.map_or((0, 0), |g| (g.orders, if g.same_market { g.orders } else { 0 }));
        let after = |held: u32, gone: u32| held.saturating_sub(gone).saturating_add(more);
        if after(self.view.live().orders, gone_here) > MARKET_ORDERS_MAX {
            return Err(Reason::BookFull);
        }
        let all = after(account.orders, gone_all);
        let most_here = self.view.record().rules.orders_max;
        // No market holds more of an account's orders than all do, so most accounts need not be counted here.
        let too_many_here = all > most_here && after(self.view.count(who), gone_here) > most_here;
        if too_many_here || all > ACCOUNT_ORDERS_MAX { Err(Reason::TooManyOrders) } else { Ok(()) }
    }

    /// C-13: the limit of a post-only order.
    pub fn check_post_only(&mut self, order: &NewOrder, limit: Price, gone: Option<&Gone<S>>) -> Result<Price, Reason> {
        let best = match best_live(self, order.side.opposite(), gone.and_then(|g| g.at)) {
            Look::Found(price) if order.side.accepts(limit, price) => price,
            Look::Found(_) | Look::Empty => return Ok(limit),
            Look::Bound => return Err(Reason::MatchBound),
        };
        if order.post_only != PostOnly::Slide {
            return Err(Reason::WouldTrade);
        }
        let one_short = match order.side {
            Side::Buy => best.get().checked_sub(1),
            Side::Sell => best.get().checked_add(1),
        };
        one_short.and_then(Price::new).ok_or(Reason::NoPriceToSlide)
    }

    /// C-14: whether its units can be counted.
    pub fn check_countable(&self, limit: Price, lots: Lots) -> Result<(), Reason> {
        let base = funds::base(&self.terms(), lots);
        if base.is_some() && funds::is_cost_countable(&self.terms(), limit, lots) {
            Ok(())
        } else {
            Err(Reason::TooLarge)
        }
    }

    /// C-14: what it reserves, of which asset.
    #[inline(always)]
    pub fn need(&self, side: Side, limit: Price, lots: Lots) -> Result<(AssetId, Amount), Reason> {
        let terms = self.view.record().terms;
        let base = funds::base(&terms, lots).ok_or(Reason::TooLarge)?;
        match side {
            Side::Buy => Ok((terms.quote, funds::cost_and_fee(&terms, limit, lots).ok_or(Reason::TooLarge)?)),
            Side::Sell if funds::is_cost_countable(&terms, limit, lots) => Ok((terms.base, base)),
            Side::Sell => Err(Reason::TooLarge),
        }
    }

    /// C-14 and C-15: whether it can be counted and paid.
    #[inline(always)]
    pub fn check_funds(
        &mut self,
        who: AccountId,
        side: Side,
        limit: Price,
        lots: Lots,
        gone: Option<&Gone<S>>,
    ) -> Result<(), Reason> {
        let (asset, need) = self.need(side, limit, lots)?;
        let freed = gone.filter(|g| g.asset == asset).map_or(Amount::ZERO, |g| g.amount);
        let free = self.view.balance(who, asset, |b| b.free);
        if free.saturating_add(freed) < need { Err(Reason::InsufficientFunds) } else { Ok(()) }
    }

    /// C-17: does what was checked.
    #[inline(always)]
    pub fn execute(&mut self, who: AccountId, ticket: &Ticket<'_>) -> Outcome {
        let Ticket { order, limit } = *ticket;
        let rank = self.view.live_mut().take_rank();
        let id = OrderId { market: self.view.id(), side: order.side, price: limit, rank };
        if order.trigger.is_some() {
            self.put_to_wait(who, ticket, id, limit, false);
            return Outcome {
                reason: Reason::Waiting,
                order: Some(id),
                client: order.client,
                filled: Lots::ZERO,
                remaining: order.lots,
            };
        }
        let (reason, filled, remaining) = self.trade_and_rest(who, order, id, limit, false);
        Outcome { reason, order: Some(id), client: order.client, filled, remaining }
    }

    /// Whether an order would meet another, dead or alive.
    #[inline(always)]
    pub fn would_meet(&mut self, side: Side, limit: Price) -> bool {
        self.view.best_price(side.opposite()).is_some_and(|price| side.accepts(limit, price))
    }

    /// An order that meets nobody rests as it is; its funds are set aside already.
    #[inline(always)]
    fn rest_whole(&mut self, who: AccountId, order: &NewOrder, limit: Price) -> Outcome {
        self.count_in(who);
        self.put_whole(who, order, limit)
    }

    /// The same of an order that is counted already, or takes the place of another.
    #[inline(always)]
    pub fn put_whole(&mut self, who: AccountId, order: &NewOrder, limit: Price) -> Outcome {
        let rank = self.view.live_mut().take_rank();
        let id = OrderId { market: self.view.id(), side: order.side, price: limit, rank };
        self.put(who, order, id, limit, rank, order.lots);
        Outcome {
            reason: Reason::Resting,
            order: Some(id),
            client: order.client,
            filled: Lots::ZERO,
            remaining: order.lots,
        }
    }

    /// Matches an order and deals with its rest (M-1 to M-8). An order that has `fired` takes a rank to rest at.
    #[inline(never)]
    pub fn trade_and_rest(
        &mut self,
        who: AccountId,
        order: &NewOrder,
        id: OrderId,
        limit: Price,
        fired: bool,
    ) -> (Reason, Lots, Lots) {
        let mut taker = taker_of(who, order, limit);
        self.begin(id, who, limit, order.lots);
        let mut budget = *self.budget;
        let ended = cross(self, &mut taker, &mut budget);
        *self.budget = budget;
        let left = taker.left;
        let reason = match ended {
            Ended::Filled => Reason::Filled,
            Ended::SelfTrade => Reason::SelfTrade,
            Ended::Bound => Reason::MatchBound,
            Ended::NoMore if order.time_in_force == TimeInForce::Rest => Reason::Resting,
            Ended::NoMore => Reason::Unfilled,
        };
        let resting = if reason == Reason::Resting { left } else { Lots::ZERO };
        self.settle_taker(resting);
        if !resting.is_zero() {
            let rank = if fired { self.view.live_mut().take_rank() } else { id.rank };
            self.put(who, order, id, limit, rank, resting);
            self.count_in(who);
        }
        (reason, self.running.filled, resting)
    }

    /// Lets so many lots of an order rest.
    #[inline(always)]
    fn put(
        &mut self,
        who: AccountId,
        order: &NewOrder,
        id: OrderId,
        limit: Price,
        rank: ashlar_types::Rank,
        lots: Lots,
    ) {
        let visible = if order.display.is_zero() { lots } else { order.display.min(lots) };
        let resting = Resting {
            account: who,
            side: order.side,
            price: limit,
            rank,
            id_rank: id.rank,
            visible,
            hidden: lots.saturating_sub(visible),
            display: order.display,
            expires: order.expires,
            client: order.client,
            self_trade: order.self_trade,
            post_only: order.post_only,
            paired: false,
        };
        self.view.rest(&resting);
    }

    /// Puts an order to wait and reserves for it.
    pub fn put_to_wait(&mut self, who: AccountId, ticket: &Ticket<'_>, id: OrderId, reserve_at: Price, paired: bool) {
        let order = ticket.order;
        let Some(trigger) = order.trigger else { return };
        let waiting = PendingTrigger {
            account: who,
            direction: trigger.direction,
            trigger: trigger.price,
            rank: id.rank,
            side: order.side,
            limit: ticket.limit,
            reserve_at,
            lots: order.lots,
            kind: order.kind,
            time_in_force: order.time_in_force,
            self_trade: order.self_trade,
            paired,
            expires: order.expires,
            client: order.client,
        };
        let held = funds::reserved(&self.terms(), order.side, reserve_at, order.lots);
        let asset = funds::reserved_asset(&self.terms(), order.side);
        self.view.balance(who, asset, |b| b.hold(held));
        self.view.wait(&waiting);
        self.count_in(who);
    }

    /// Says what became of an order of a command that is about several.
    pub fn say_placed(&mut self, account: AccountId, outcome: &Outcome) {
        let Outcome { reason, order, client, filled, remaining } = *outcome;
        match order {
            Some(order) => self.out.event(&Event::Placed { order, account, client, filled, remaining, reason }),
            None => self.out.event(&Event::Refused { account, client, reason }),
        }
    }
}

fn taker_of(who: AccountId, order: &NewOrder, limit: Price) -> Taker {
    Taker { account: who, side: order.side, limit, left: order.lots, self_trade: order.self_trade }
}

/// The client's name in a receipt about no order.
pub(crate) const NO_CLIENT: ClientId = ClientId(0);
