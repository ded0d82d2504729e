//! The checks an order must pass before it is placed (C-6 to C-16), each under the number of its rule.

use ashlar_types::limits::{ACCOUNT_ORDERS_MAX, AMOUNT_MAX, MARKET_ORDERS_MAX};
use ashlar_types::{
    AccountId, AssetId, Direction, MarketId, MarketState, NewOrder, OrderId, OrderKind, PostOnly, Price, Reason, Side,
    Time, TimeInForce,
};

use super::look::WouldTake;
use super::money;
use super::orders::Standing;
use super::state::State;

/// What is to be taken as done while an order is checked.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// Who places it.
    pub account: AccountId,
    /// When.
    pub now: Time,
    /// Orders that are to be gone by then.
    pub gone: &'a [OrderId],
    /// Orders of the account in this market that are to be there by then.
    pub added: u32,
}

impl State {
    /// All of C-6 to C-16; gives the limit the order ends up with.
    pub fn check_order(&self, given: Given<'_>, order: &NewOrder) -> Result<Price, Reason> {
        self.check_entry(given, order)?;
        check_combination(order)?;
        self.check_quote(given, order)
    }

    /// C-8 to C-16; gives the limit the order ends up with.
    pub fn check_quote(&self, given: Given<'_>, order: &NewOrder) -> Result<Price, Reason> {
        self.check_size(order)?;
        self.check_alive(given, order)?;
        let limit = self.check_limit(order)?;
        self.check_trigger(order)?;
        self.check_room(given, order)?;
        let limit = self.check_post_only(given, order, limit)?;
        self.check_countable(order, limit)?;
        self.check_funds(given, order, limit)?;
        self.check_fill(given, order, limit)?;
        Ok(limit)
    }

    /// C-6 to C-12, for one leg of a pair; gives its limit.
    pub fn check_leg(&self, given: Given<'_>, order: &NewOrder) -> Result<Price, Reason> {
        self.check_entry(given, order)?;
        check_combination(order)?;
        self.check_size(order)?;
        self.check_alive(given, order)?;
        let limit = self.check_limit(order)?;
        self.check_trigger(order)?;
        self.check_room(given, order)?;
        Ok(limit)
    }

    /// C-6.
    fn check_entry(&self, given: Given<'_>, order: &NewOrder) -> Result<(), Reason> {
        if self.is_stopped(given.account) {
            return Err(Reason::AccountFrozen);
        }
        let market = self.markets.get(&order.market).ok_or(Reason::UnknownMarket)?;
        if market.pending.is_some() {
            return Err(Reason::CascadePending);
        }
        let allowed = match market.state {
            _ if market.halted => false,
            MarketState::Open => true,
            MarketState::PostOnly => order.post_only != PostOnly::No && order.trigger.is_none(),
            MarketState::CancelOnly | MarketState::Halted | MarketState::Delisting => false,
        };
        if allowed { Ok(()) } else { Err(Reason::MarketState) }
    }

    /// C-8.
    fn check_size(&self, order: &NewOrder) -> Result<(), Reason> {
        let rules = &self.market(order.market).rules;
        let size_fits = rules.lots_min <= order.lots && order.lots <= rules.lots_max;
        let display_fits = order.display.is_zero() || rules.lots_min <= order.display && order.display <= order.lots;
        if size_fits && display_fits { Ok(()) } else { Err(Reason::BadSize) }
    }

    /// C-9.
    fn check_alive(&self, given: Given<'_>, order: &NewOrder) -> Result<(), Reason> {
        if order.expires <= given.now {
            return Err(Reason::ExpiredOnArrival);
        }
        if self.account(given.account).dead_man <= given.now {
            return Err(Reason::DeadManFired);
        }
        Ok(())
    }

    /// C-10; gives the limit that a market order gets, or the order's own.
    fn check_limit(&self, order: &NewOrder) -> Result<Price, Reason> {
        let market = self.market(order.market);
        let anchor = order.trigger.map_or(market.last_price, |trigger| trigger.price);
        if order.kind == OrderKind::Market {
            let collar = market.rules.collar;
            return Ok(match order.side {
                Side::Buy => order.price.min(anchor.more(collar)),
                Side::Sell => order.price.max(anchor.less(collar)),
            });
        }
        let band = market.rules.band;
        let within = anchor.less(band) <= order.price && order.price <= anchor.more(band);
        if within { Ok(order.price) } else { Err(Reason::OutsideBand) }
    }

    /// C-11.
    fn check_trigger(&self, order: &NewOrder) -> Result<(), Reason> {
        let last = self.market(order.market).last_price;
        let due = order.trigger.is_some_and(|trigger| match trigger.direction {
            Direction::Falls => last <= trigger.price,
            Direction::Rises => last >= trigger.price,
        });
        if due { Err(Reason::TriggerDue) } else { Ok(()) }
    }

    /// C-12.
    fn check_room(&self, given: Given<'_>, order: &NewOrder) -> Result<(), Reason> {
        if order.time_in_force != TimeInForce::Rest && order.trigger.is_none() {
            return Ok(());
        }
        let market = self.market(order.market);
        let gone = given.gone.len() as u32;
        let gone_here = given.gone.iter().filter(|id| id.market == order.market).count() as u32;
        if market.orders - gone_here + given.added >= MARKET_ORDERS_MAX {
            return Err(Reason::BookFull);
        }
        let here = self.open_orders(given.account, order.market) - gone_here + given.added;
        let everywhere = self.account(given.account).orders - gone + given.added;
        if here >= market.rules.orders_max || everywhere >= ACCOUNT_ORDERS_MAX {
            return Err(Reason::TooManyOrders);
        }
        Ok(())
    }

    /// C-13; gives the limit after a slide.
    fn check_post_only(&self, given: Given<'_>, order: &NewOrder, limit: Price) -> Result<Price, Reason> {
        if order.post_only == PostOnly::No {
            return Ok(limit);
        }
        match self.would_meet(given, order, limit)? {
            None => Ok(limit),
            Some(_) if order.post_only == PostOnly::Reject => Err(Reason::WouldTrade),
            Some(best) => {
                let short = match order.side {
                    Side::Buy => best.get() - 1,
                    Side::Sell => best.get() + 1,
                };
                Price::new(short).ok_or(Reason::NoPriceToSlide)
            }
        }
    }

    /// The price of the live order that this one would trade with at this limit, if there is one (C-13).
    pub fn would_meet(&self, given: Given<'_>, order: &NewOrder, limit: Price) -> Result<Option<Price>, Reason> {
        let best = self.best_live(given.now, order.market, order.side.opposite(), given.gone)?;
        Ok(best.filter(|price| order.side.accepts(limit, *price)))
    }

    /// C-14.
    pub fn check_countable(&self, order: &NewOrder, limit: Price) -> Result<(), Reason> {
        let terms = &self.market(order.market).terms;
        let base = money::base_units(terms, order.lots.get());
        let quote = money::cost_with_cap(terms, order.lots.get(), limit);
        if base.max(quote) > u128::from(AMOUNT_MAX) { Err(Reason::TooLarge) } else { Ok(()) }
    }

    /// C-15, at the limit that the order reserves at.
    pub fn check_funds(&self, given: Given<'_>, order: &NewOrder, limit: Price) -> Result<(), Reason> {
        let terms = &self.market(order.market).terms;
        let (asset, needed) = money::reservation(terms, order.side, order.lots.get(), limit);
        let free = u128::from(self.free(given.account, asset)) + self.released_by(given.gone, asset);
        if needed > free { Err(Reason::InsufficientFunds) } else { Ok(()) }
    }

    /// C-16.
    fn check_fill(&self, given: Given<'_>, order: &NewOrder, limit: Price) -> Result<(), Reason> {
        let taker = WouldTake {
            account: given.account,
            market: order.market,
            side: order.side,
            limit,
            lots: order.lots.get(),
            self_trade: order.self_trade,
        };
        let must = order.time_in_force == TimeInForce::FillOrKill;
        if must && !self.can_fill(given.now, &taker, given.gone) { Err(Reason::CannotFill) } else { Ok(()) }
    }

    /// What these orders reserve of an asset.
    fn released_by(&self, gone: &[OrderId], asset: AssetId) -> u128 {
        let reserved = gone.iter().map(|id| match &self.standing[id] {
            Standing::Book(place) => self.reserved_by(&self.orders[place]),
            Standing::Triggers(place) => self.reserved_by_waiting(&self.triggers[place]),
        });
        reserved.filter(|(of, _)| *of == asset).map(|(_, units)| u128::from(units)).sum()
    }

    /// Orders and triggers of an account in a market.
    pub fn open_orders(&self, account: AccountId, market: MarketId) -> u32 {
        self.counts.get(&(account, market)).copied().unwrap_or(0)
    }
}

/// C-7.
fn check_combination(order: &NewOrder) -> Result<(), Reason> {
    let rests = order.time_in_force == TimeInForce::Rest;
    let post_only = order.post_only != PostOnly::No;
    let iceberg = !order.display.is_zero();
    let market_order = order.kind == OrderKind::Market;
    let waits = order.trigger.is_some();
    let contradicts = [
        market_order && rests,
        market_order && post_only,
        !rests && (post_only || iceberg || (order.expires != Time::NEVER && !waits)),
        waits && (order.time_in_force == TimeInForce::FillOrKill || post_only || iceberg),
    ];
    if contradicts.contains(&true) { Err(Reason::BadCombination) } else { Ok(()) }
}
