//! Matching one arriving order with the other side of its book (SPEC M-1 to M-8).
//!
//! 1. [`cross`] is the only place where two orders meet: the live engine, replay and the proof guest all run this code.
//! 2. It takes at most as many steps as its [`Budget`] has in it, plus one.
//! 3. It never looks past the first order of the other side: whatever it does to that order, the next one to meet is
//!    again the first.

use ashlar_types::limits::{DROPS_MAX, MATCHES_MAX, SELF_TRADES_MAX};
use ashlar_types::{AccountId, Lots, Price, Reason, SelfTrade, Side};

use crate::orders::{Floor, Resting};

/// An order on its way into the book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Taker {
    /// Whose it is.
    pub account: AccountId,
    /// Its own side; it meets the other.
    pub side: Side,
    /// The worst price it accepts.
    pub limit: Price,
    /// What it still wants.
    pub left: Lots,
    /// What happens when it meets its own account.
    pub self_trade: SelfTrade,
}

/// What one command, its cascade included, may still do. It counts down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Trades (SPEC M-4).
    pub matches: u32,
    /// Dead orders and triggers to remove (SPEC M-2, M-13).
    pub drops: u32,
    /// Removals and decrements of self-trade prevention (SPEC M-3).
    pub self_trades: u32,
}

impl Budget {
    /// What every command starts with.
    pub const COMMAND: Budget = Budget { matches: MATCHES_MAX, drops: DROPS_MAX, self_trades: SELF_TRADES_MAX };
    /// More than a book can hold, for benchmarks whose rules know no bounds.
    pub const UNLIMITED: Budget = Budget { matches: u32::MAX, drops: u32::MAX, self_trades: u32::MAX };

    /// Takes one trade out of the budget, if there is one.
    #[inline(always)]
    pub fn take_match(&mut self) -> bool {
        take(&mut self.matches)
    }

    /// Takes one dead order or trigger out of the budget, if there is one.
    #[inline(always)]
    pub fn take_drop(&mut self) -> bool {
        take(&mut self.drops)
    }

    /// Takes one act of self-trade prevention out of the budget, if there is one.
    #[inline(always)]
    pub fn take_self_trade(&mut self) -> bool {
        take(&mut self.self_trades)
    }
}

#[inline(always)]
fn take(left: &mut u32) -> bool {
    match left.checked_sub(1) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

/// Why matching ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// The taker has no rest.
    Filled,
    /// There is nobody left to meet at its price (SPEC M-1): the rest may enter the book.
    NoMore,
    /// Self-trade prevention ended it (SPEC M-3). The rest, which may be nothing after a decrement, is cancelled.
    SelfTrade,
    /// The budget is spent (SPEC M-2, M-3, M-4). The rest is cancelled.
    Bound,
}

/// Matches `taker` until nothing of it is left, nobody is left for it, or a rule says stop.
#[inline(always)]
pub fn cross<F: Floor>(floor: &mut F, taker: &mut Taker, budget: &mut Budget) -> Ended {
    let other = taker.side.opposite();
    let limit = taker.limit;
    // Most orders meet nobody, and the store can say so without reading an order.
    match floor.best_price(other) {
        Some(price) if taker.side.accepts(limit, price) => meet(floor, taker, budget),
        _ if taker.left.is_zero() => Ended::Filled,
        _ => Ended::NoMore,
    }
}

/// The loop of SPEC M-7.
#[inline(never)]
fn meet<F: Floor>(floor: &mut F, taker: &mut Taker, budget: &mut Budget) -> Ended {
    let mut first = floor.best(taker.side.opposite());
    while !taker.left.is_zero() {
        // SPEC M-1: the first order of the other side, if the limit accepts its price.
        let Some(at) = first else { return Ended::NoMore };
        let maker = floor.get(at);
        if !taker.side.accepts(taker.limit, maker.price) {
            return Ended::NoMore;
        }
        // SPEC M-2: dead orders go.
        if floor.is_dead(maker.account, maker.expires) {
            if !budget.take_drop() {
                return Ended::Bound;
            }
            floor.removed(&maker, Reason::Expired);
            first = floor.remove_then_after(at);
            continue;
        }
        // SPEC M-3: nobody trades with themselves.
        if maker.account == taker.account {
            match meet_own(floor, taker, budget, at, &maker) {
                Ok(next) => first = next,
                Err(ended) => return ended,
            }
            continue;
        }
        // SPEC M-4: the bound.
        if !budget.take_match() {
            return Ended::Bound;
        }
        first = trade(floor, taker, at, &maker);
    }
    Ended::Filled
}

/// SPEC M-5 and M-6: one trade, and what becomes of the maker. Gives the order to meet next.
#[inline(always)]
fn trade<F: Floor>(floor: &mut F, taker: &mut Taker, at: F::At, maker: &Resting) -> Option<F::At> {
    let lots = taker.left.min(maker.visible);
    floor.traded(maker, lots);
    taker.left = taker.left.saturating_sub(lots);
    let visible = maker.visible.saturating_sub(lots);
    if visible.is_zero() && maker.hidden.is_zero() {
        return floor.remove_then_after(at);
    }
    if !visible.is_zero() {
        floor.set_lots(at, visible, maker.hidden);
        return Some(at);
    }
    let (visible, hidden) = show_next(maker.hidden, maker.display);
    let rank = floor.next_rank();
    floor.requeue(at, rank, visible, hidden);
    floor.refilled(&Resting { rank, visible, hidden, paired: false, ..*maker });
    floor.best(maker.side)
}

/// SPEC M-3. Gives the order to meet next, or why matching ends.
#[cold]
#[inline(never)]
fn meet_own<F: Floor>(
    floor: &mut F,
    taker: &mut Taker,
    budget: &mut Budget,
    at: F::At,
    maker: &Resting,
) -> Result<Option<F::At>, Ended> {
    if taker.self_trade == SelfTrade::CancelNewest {
        return Err(Ended::SelfTrade);
    }
    if !budget.take_self_trade() {
        return Err(Ended::Bound);
    }
    let by = taker.left.min(maker.lots());
    let left = match taker.self_trade {
        SelfTrade::Decrement if !maker.paired => reduce(maker.visible, maker.hidden, by),
        _ => None,
    };
    if taker.self_trade == SelfTrade::Decrement {
        floor.shrunk(by);
    }
    let next = match left {
        Some((visible, hidden)) => {
            floor.decremented(maker, by);
            floor.set_lots(at, visible, hidden);
            Some(at)
        }
        None => {
            floor.removed(maker, Reason::SelfTrade);
            floor.remove_then_after(at)
        }
    };
    match taker.self_trade {
        SelfTrade::CancelNewest | SelfTrade::CancelBoth => Err(Ended::SelfTrade),
        SelfTrade::CancelOldest => Ok(next),
        SelfTrade::Decrement => {
            taker.left = taker.left.saturating_sub(by);
            if taker.left.is_zero() { Err(Ended::SelfTrade) } else { Ok(next) }
        }
    }
}

/// The next part of an iceberg order and what stays hidden behind it (SPEC M-6). A display of zero shows all.
#[inline(always)]
pub fn show_next(hidden: Lots, display: Lots) -> (Lots, Lots) {
    let visible = if display.is_zero() { hidden } else { display.min(hidden) };
    (visible, hidden.saturating_sub(visible))
}

/// What is left, visible and hidden, of an order that loses `by` lots, the hidden ones first (SPEC M-3, C-19);
/// `None` if that is nothing.
#[inline]
pub fn reduce(visible: Lots, hidden: Lots, by: Lots) -> Option<(Lots, Lots)> {
    let from_hidden = hidden.min(by);
    let from_visible = by.saturating_sub(from_hidden);
    let (visible, hidden) = (visible.saturating_sub(from_visible), hidden.saturating_sub(from_hidden));
    if visible.is_zero() { None } else { Some((visible, hidden)) }
}
