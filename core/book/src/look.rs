//! Looking at the other side without changing anything (SPEC C-13, M-10).
//!
//! An order about to be replaced counts as gone: both looks pass over `skip` without counting it.

use ashlar_types::limits::{DROPS_MAX, FOK_WALK_MAX, MATCHES_MAX, SELF_TRADES_MAX};
use ashlar_types::{Price, SelfTrade, Side};

use crate::matching::{Budget, Taker};
use crate::orders::{Floor, Resting};

/// What is first on a side, dead orders left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// No order is alive there.
    Empty,
    /// The best price at which one is.
    Found(Price),
    /// More dead orders stand in front than a command may look past.
    Bound,
}

/// The best live price of a side (SPEC C-13).
pub fn best_live<F: Floor>(floor: &mut F, side: Side, skip: Option<F::At>) -> Look {
    let mut next = floor.best(side);
    let mut dead = 0;
    while let Some(at) = next {
        if skip != Some(at) {
            let order = floor.get(at);
            if !floor.is_dead(order.account, order.expires) {
                return Look::Found(order.price);
            }
            if dead == DROPS_MAX {
                return Look::Bound;
            }
            dead += 1;
        }
        next = floor.after(at);
    }
    Look::Empty
}

/// Whether `taker` can be filled in full at once by a command that has done nothing yet (SPEC M-10).
///
/// Every order looked at counts towards the walk, also one that is passed over.
pub fn can_fill<F: Floor>(floor: &mut F, taker: &Taker, skip: Option<F::At>) -> bool {
    let mut budget = Budget { matches: MATCHES_MAX, drops: DROPS_MAX, self_trades: SELF_TRADES_MAX };
    let mut walk = FOK_WALK_MAX;
    let mut wanted = taker.left.get();
    let mut next = floor.best(taker.side.opposite());
    while wanted > 0 {
        let Some(at) = next else { return false };
        if skip != Some(at) {
            let maker = floor.get(at);
            if walk == 0 || !taker.side.accepts(taker.limit, maker.price) {
                return false;
            }
            walk -= 1;
            if floor.is_dead(maker.account, maker.expires) {
                if !budget.take_drop() {
                    return false;
                }
            } else if maker.account == taker.account {
                if taker.self_trade != SelfTrade::CancelOldest || !budget.take_self_trade() {
                    return false;
                }
            } else {
                let Some(rest) = budget.matches.checked_sub(trades_in(&maker)) else { return false };
                budget.matches = rest;
                wanted = wanted.saturating_sub(maker.lots().get());
            }
        }
        next = floor.after(at);
    }
    true
}

/// How many trades it takes to fill an order: one for what is visible, one for each display still hidden.
fn trades_in(order: &Resting) -> u32 {
    let hidden = order.hidden.get();
    let refills = if order.display.is_zero() { hidden.min(1) } else { hidden.div_ceil(order.display.get()) };
    u32::try_from(refills).unwrap_or(u32::MAX).saturating_add(1)
}
