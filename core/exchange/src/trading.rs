//! One market while a command runs in it: the floor on which orders meet, and the account of what each trade costs whom.
//!
//! 1. What a taker pays was checked against its free funds before it met anyone, so nothing here can fail.
//! 2. What an order releases for some lots covers what it pays for them (SPEC F-3).
//! 3. Every unit that leaves one balance arrives in another: fees in the house's (SPEC F-5, F-7).

use ashlar_book::{Budget, Floor, Orders, Resting};
use ashlar_types::limits::CASCADE_MAX;
use ashlar_types::{
    AccountId, Amount, AssetId, Event, Lots, MarketId, MarketTerms, OrderId, Ppm, Price, Rank, Reason, Side, Time,
    Trade,
};

use crate::funds;
use crate::output::Output;
use crate::store::{Store, View, id_of};

/// The house: the account that fees go to.
pub const HOUSE: AccountId = AccountId::new(0).unwrap();

/// The order that is trading now, and what it has spent and gained so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    pub id: OrderId,
    pub account: AccountId,
    pub limit: Price,
    pub left: Lots,
    pub fee: Ppm,
    /// Quote units paid by a buyer, fee included, or gained by a seller, fee taken off.
    pub quote: Amount,
    /// Lots traded.
    pub filled: Lots,
}

/// A market, opened for one command.
pub(crate) struct Trading<'a, S: Store + 'a, O: Output> {
    pub view: S::View<'a>,
    pub out: &'a mut O,
    pub now: Time,
    pub budget: &'a mut Budget,
    pub running: &'a mut Running,
    /// The lowest and highest price traded at.
    pub range: Option<(Price, Price)>,
    house: Amount,
}

impl Running {
    /// Before any order runs.
    pub const NOBODY: Running = Running {
        id: OrderId { market: MarketId::FIRST, side: Side::Buy, price: Price::MIN, rank: Rank::new(0) },
        account: HOUSE,
        limit: Price::MIN,
        left: Lots::ZERO,
        fee: Ppm(0),
        quote: Amount::ZERO,
        filled: Lots::ZERO,
    };
}

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// A market that was opened, on behalf of a command.
    #[inline(always)]
    pub fn new(
        view: S::View<'a>,
        out: &'a mut O,
        budget: &'a mut Budget,
        running: &'a mut Running,
        now: Time,
    ) -> Trading<'a, S, O> {
        Trading { view, out, now, budget, running, range: None, house: Amount::ZERO }
    }

    /// Ends a deed: whatever triggers it made due fire, and the market is left.
    #[inline(always)]
    pub fn end(mut self) {
        self.cascade(CASCADE_MAX);
        self.close();
    }

    /// Leaves the market; the house gets its fees.
    #[inline(always)]
    pub fn close(mut self) {
        if !self.house.is_zero() {
            let (fees, quote) = (self.house, self.terms().quote);
            self.view.balance(HOUSE, quote, |b| b.free = b.free.saturating_add(fees));
        }
        self.view.close();
    }

    #[inline(always)]
    pub fn terms(&self) -> MarketTerms {
        self.view.record().terms
    }

    /// Counts an order or trigger in, everywhere but in the count of its account in this market, which the store keeps.
    #[inline(always)]
    pub fn count_in(&mut self, account: AccountId) {
        let live = self.view.live_mut();
        live.orders = live.orders.saturating_add(1);
        self.view.account(account, |a| a.orders = a.orders.saturating_add(1));
    }

    /// Counts an order or trigger out, likewise.
    #[inline(always)]
    pub fn count_out(&mut self, account: AccountId) {
        let live = self.view.live_mut();
        live.orders = live.orders.saturating_sub(1);
        self.view.account(account, |a| a.orders = a.orders.saturating_sub(1));
    }

    /// Frees what was put aside.
    #[inline(always)]
    pub fn release(&mut self, account: AccountId, asset: AssetId, amount: Amount) {
        self.view.balance(account, asset, |b| b.release(amount));
    }

    fn fee_rates(&mut self, account: AccountId) -> ashlar_types::FeeTier {
        let tier = self.view.account(account, |a| a.tier).unwrap_or(0);
        self.view.fees(tier)
    }

    /// Begins an order's trading: from here on the running order is the taker.
    #[inline(always)]
    pub fn begin(&mut self, id: OrderId, account: AccountId, limit: Price, lots: Lots) {
        *self.running =
            Running { id, account, limit, left: lots, fee: Ppm(0), quote: Amount::ZERO, filled: Lots::ZERO };
    }

    /// Ends it: the taker pays, is paid, and sets aside for what will rest.
    #[inline(always)]
    pub fn settle_taker(&mut self, resting: Lots) {
        let Running { id, account, limit, quote, filled, .. } = *self.running;
        let terms = self.terms();
        if filled.is_zero() && resting.is_zero() {
            return;
        }
        let aside = if resting.is_zero() { Amount::ZERO } else { funds::reserved(&terms, id.side, limit, resting) };
        let base = funds::base(&terms, filled).unwrap_or(Amount::MAX);
        let (spent, gained) = match id.side {
            Side::Buy => ((terms.quote, quote), (terms.base, base)),
            Side::Sell => ((terms.base, base), (terms.quote, quote)),
        };
        self.view.balance(account, spent.0, |b| {
            b.free = b.free.saturating_sub(spent.1);
            b.hold(aside);
        });
        if !filled.is_zero() {
            self.view.balance(account, gained.0, |b| b.free = b.free.saturating_add(gained.1));
        }
    }

    /// What the taker pays in fees for a trade that costs `cost` (SPEC F-3).
    #[inline(always)]
    fn taker_fee(&mut self, cost: Amount, lots: Lots) -> Amount {
        let Running { id, limit, left, filled, account, .. } = *self.running;
        if filled.is_zero() {
            self.running.fee = self.fee_rates(account).taker.min(self.terms().fee_cap);
        }
        let fee = fee_of(self.running.fee, cost);
        let terms = self.terms();
        match id.side {
            Side::Buy if fee <= surely_spare(&terms, limit, lots, cost) => fee,
            Side::Buy => fee.min(set_aside(&terms, limit, left, lots).saturating_sub(cost)),
            Side::Sell => fee.min(cost),
        }
    }

    /// Settles the maker's part; what it paid and what it was given.
    #[inline(always)]
    fn settle_maker(&mut self, maker: &Resting, lots: Lots, cost: Amount, taker_fee: Amount) -> (Amount, Amount) {
        let terms = self.terms();
        let rates = self.fee_rates(maker.account);
        let rebate =
            Amount::new(rates.maker_rebate.of_rounding_down(cost.get())).unwrap_or(Amount::ZERO).min(taker_fee);
        let wanted = fee_of(rates.maker.min(terms.fee_cap), cost);
        let base = funds::base(&terms, lots).unwrap_or(Amount::MAX);
        match maker.side {
            Side::Buy => {
                let released = set_aside(&terms, maker.price, maker.lots(), lots);
                let fee = wanted.min(released.saturating_sub(cost));
                let back = released.saturating_sub(cost).saturating_sub(fee).saturating_add(rebate);
                self.view.balance(maker.account, terms.quote, |b| {
                    b.reserved = b.reserved.saturating_sub(released);
                    b.free = b.free.saturating_add(back);
                });
                self.view.balance(maker.account, terms.base, |b| b.free = b.free.saturating_add(base));
                (fee, rebate)
            }
            Side::Sell => {
                let fee = wanted.min(cost);
                let gained = cost.saturating_sub(fee).saturating_add(rebate);
                self.view.balance(maker.account, terms.base, |b| b.reserved = b.reserved.saturating_sub(base));
                self.view.balance(maker.account, terms.quote, |b| b.free = b.free.saturating_add(gained));
                (fee, rebate)
            }
        }
    }
}

#[inline(always)]
fn fee_of(rate: Ppm, cost: Amount) -> Amount {
    if rate.0 == 0 { Amount::ZERO } else { Amount::new(rate.of_rounding_up(cost.get())).unwrap_or(Amount::MAX) }
}

/// No more than what is left for fees of what a buy order's reservation falls by when `lots` of it cost `cost`: of two fees that are
/// rounded up the difference is at least that of the rates, rounded down.
#[inline(always)]
fn surely_spare(terms: &MarketTerms, limit: Price, lots: Lots, cost: Amount) -> Amount {
    let at_limit = funds::cost(terms, limit, lots).unwrap_or(Amount::ZERO);
    let cap = Amount::new(terms.fee_cap.of_rounding_down(at_limit.get())).unwrap_or(Amount::ZERO);
    at_limit.saturating_sub(cost).saturating_add(cap)
}

/// What a buy order's reservation falls by when `lots` of its `left` go.
#[inline(always)]
fn set_aside(terms: &MarketTerms, limit: Price, left: Lots, lots: Lots) -> Amount {
    let before = funds::reserved(terms, Side::Buy, limit, left);
    let after = funds::reserved(terms, Side::Buy, limit, left.saturating_sub(lots));
    before.saturating_sub(after)
}

impl<'a, S: Store + 'a, O: Output> Orders for Trading<'a, S, O> {
    type At = S::At;

    #[inline(always)]
    fn best(&mut self, side: Side) -> Option<S::At> {
        self.view.best(side)
    }
    #[inline(always)]
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.view.best_price(side)
    }
    #[inline(always)]
    fn after(&mut self, at: S::At) -> Option<S::At> {
        self.view.after(at)
    }
    #[inline(always)]
    fn get(&self, at: S::At) -> Resting {
        self.view.resting(at)
    }
    #[inline(always)]
    fn insert(&mut self, order: &Resting) -> S::At {
        self.view.rest(order)
    }
    #[inline(always)]
    fn remove(&mut self, at: S::At) {
        self.view.take_out(at);
    }
    #[inline(always)]
    fn remove_then_after(&mut self, at: S::At) -> Option<S::At> {
        self.view.take_out_then_after(at)
    }
    #[inline(always)]
    fn set_lots(&mut self, at: S::At, visible: Lots, hidden: Lots) {
        self.view.set_lots(at, visible, hidden);
    }
    #[inline(always)]
    fn requeue(&mut self, at: S::At, rank: Rank, visible: Lots, hidden: Lots) {
        self.view.requeue(at, rank, visible, hidden);
    }
}

impl<'a, S: Store + 'a, O: Output> Floor for Trading<'a, S, O> {
    #[inline(always)]
    fn is_dead(&mut self, account: AccountId, expires: Time) -> bool {
        let dead_man = self.view.account(account, |a| a.dead_man).unwrap_or(Time::NEVER);
        self.now >= expires.min(dead_man)
    }

    #[inline(always)]
    fn next_rank(&mut self) -> Rank {
        self.view.live_mut().take_rank()
    }

    #[inline(always)]
    fn traded(&mut self, maker: &Resting, lots: Lots) {
        if maker.paired {
            self.free_limit_leg(maker);
        }
        let price = maker.price;
        let cost = funds::cost(&self.terms(), price, lots).unwrap_or(Amount::MAX);
        let taker_fee = self.taker_fee(cost, lots);
        let (maker_fee, maker_rebate) = self.settle_maker(maker, lots, cost, taker_fee);
        let maker_remaining = maker.lots().saturating_sub(lots);
        if maker_remaining.is_zero() {
            self.count_out(maker.account);
        }
        let run = &mut *self.running;
        run.quote = match run.id.side {
            Side::Buy => run.quote.saturating_add(cost).saturating_add(taker_fee),
            Side::Sell => run.quote.saturating_add(cost.saturating_sub(taker_fee)),
        };
        run.left = run.left.saturating_sub(lots);
        run.filled = run.filled.checked_add(lots).unwrap_or(Lots::MAX);
        self.house = self.house.saturating_add(taker_fee.saturating_add(maker_fee).saturating_sub(maker_rebate));
        self.view.live_mut().last = price;
        self.range = Some(self.range.map_or((price, price), |(low, high)| (low.min(price), high.max(price))));
        self.out.event(&Event::Trade(Trade {
            maker: id_of(self.view.id(), maker),
            taker: self.running.id,
            maker_account: maker.account,
            taker_account: self.running.account,
            price,
            lots,
            maker_remaining,
            maker_fee,
            maker_rebate,
            taker_fee,
        }));
    }

    #[inline(always)]
    fn removed(&mut self, order: &Resting, reason: Reason) {
        self.let_go(order, Some(reason));
    }

    #[inline(always)]
    fn shrunk(&mut self, by: Lots) {
        self.running.left = self.running.left.saturating_sub(by);
    }

    #[inline(always)]
    fn decremented(&mut self, order: &Resting, by: Lots) {
        self.shrink(order, by);
        let remaining = order.lots().saturating_sub(by);
        self.out.event(&Event::Reduced { order: id_of(self.view.id(), order), remaining });
    }

    #[inline(always)]
    fn refilled(&mut self, order: &Resting) {
        self.out.event(&Event::Refilled {
            order: id_of(self.view.id(), order),
            rank: order.rank,
            visible: order.visible,
        });
    }
}
