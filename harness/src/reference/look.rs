//! Looking at a book without changing it: the best live order (C-13) and fill-or-kill (M-10).

use ashlar_types::limits::{DROPS_MAX, FOK_WALK_MAX, MATCHES_MAX, SELF_TRADES_MAX};
use ashlar_types::{AccountId, MarketId, OrderId, Price, Reason, SelfTrade, Side, Time};

use super::orders::Resting;
use super::state::State;

/// An order that would take, as the look of M-10 needs it.
#[derive(Clone, Copy)]
pub struct WouldTake {
    pub account: AccountId,
    pub market: MarketId,
    pub side: Side,
    pub limit: Price,
    pub lots: u64,
    pub self_trade: SelfTrade,
}

impl State {
    /// The price of the best live order of a side, as if the orders in `gone` were not there. At most 64 dead ones are
    /// looked past (C-13).
    pub fn best_live(
        &self,
        now: Time,
        market: MarketId,
        side: Side,
        gone: &[OrderId],
    ) -> Result<Option<Price>, Reason> {
        let mut dead = 0;
        for order in self.book_side(market, side).filter(|order| !gone.contains(&order.id)) {
            if !self.is_dead(now, order.account, order.expires) {
                return Ok(Some(order.limit));
            }
            dead += 1;
            if dead > DROPS_MAX {
                return Err(Reason::MatchBound);
            }
        }
        Ok(None)
    }

    /// Whether an order could be filled at once and in full (M-10), as if the orders in `gone` were not there.
    pub fn can_fill(&self, now: Time, taker: &WouldTake, gone: &[OrderId]) -> bool {
        let (mut looked_at, mut dead, mut own, mut trades, mut sum) = (0, 0, 0, 0, 0);
        for order in self.book_side(taker.market, taker.side.opposite()).filter(|order| !gone.contains(&order.id)) {
            looked_at += 1;
            if looked_at > FOK_WALK_MAX || !taker.side.accepts(taker.limit, order.limit) {
                return false;
            }
            if self.is_dead(now, order.account, order.expires) {
                dead += 1;
                if dead > DROPS_MAX {
                    return false;
                }
            } else if order.account == taker.account {
                own += 1;
                if taker.self_trade != SelfTrade::CancelOldest || own > SELF_TRADES_MAX {
                    return false;
                }
            } else {
                sum += order.lots();
                trades += trades_in(order);
                if trades > u64::from(MATCHES_MAX) {
                    return false;
                }
                if sum >= taker.lots {
                    return true;
                }
            }
        }
        false
    }
}

/// How many trades it takes to use an order up: one for what it shows, one for each part that comes after.
fn trades_in(order: &Resting) -> u64 {
    if order.hidden == 0 { 1 } else { 1 + order.hidden.div_ceil(order.display) }
}
