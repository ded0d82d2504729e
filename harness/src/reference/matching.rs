//! A taker meets the other side of its book (M-1 to M-8).

use ashlar_types::limits::{DROPS_MAX, MATCHES_MAX, SELF_TRADES_MAX};
use ashlar_types::{AccountId, Event, MarketId, OrderId, Price, Rank, Reason, SelfTrade, Side, Trade};

use super::money::{Party, amount};
use super::orders::{Resting, Standing};
use super::state::State;
use super::turn::{Turn, lots};

/// An order that is being matched.
pub struct Taker {
    pub id: OrderId,
    pub account: AccountId,
    pub market: MarketId,
    pub side: Side,
    pub limit: Price,
    pub self_trade: SelfTrade,
    /// Lots it still wants.
    pub rest: u64,
    /// Lots it has traded.
    pub filled: u64,
}

/// Why matching ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The taker has traded all it wanted (M-7).
    Filled,
    /// Nothing more at its price (M-1).
    NothingMore,
    /// A rule ended it.
    Stopped(Reason),
}

impl State {
    /// Matches until a rule ends it (M-1 to M-7).
    pub fn match_taker(&mut self, turn: &mut Turn, taker: &mut Taker) -> Ended {
        while taker.rest > 0 {
            let Some(next) = self.best(taker.market, taker.side.opposite()) else { return Ended::NothingMore };
            if !taker.side.accepts(taker.limit, next.limit) {
                return Ended::NothingMore;
            }
            let next = next.clone();
            if self.is_dead(turn.now, next.account, next.expires) {
                if turn.drops == DROPS_MAX {
                    return Ended::Stopped(Reason::MatchBound);
                }
                turn.drops += 1;
                self.remove(turn, next.id, Reason::Expired);
            } else if next.account == taker.account {
                if let Some(reason) = self.prevent_self_trade(turn, taker, &next) {
                    return Ended::Stopped(reason);
                }
            } else {
                if turn.trades == MATCHES_MAX {
                    return Ended::Stopped(Reason::MatchBound);
                }
                turn.trades += 1;
                self.trade(turn, taker, next);
            }
        }
        Ended::Filled
    }

    /// The taker met its own account (M-3); a reason ends matching.
    fn prevent_self_trade(&mut self, turn: &mut Turn, taker: &mut Taker, own: &Resting) -> Option<Reason> {
        if taker.self_trade == SelfTrade::CancelNewest {
            return Some(Reason::SelfTrade);
        }
        if turn.self_trades == SELF_TRADES_MAX {
            return Some(Reason::MatchBound);
        }
        turn.self_trades += 1;
        match taker.self_trade {
            SelfTrade::CancelNewest => Some(Reason::SelfTrade),
            SelfTrade::CancelOldest => {
                self.remove(turn, own.id, Reason::SelfTrade);
                None
            }
            SelfTrade::CancelBoth => {
                self.remove(turn, own.id, Reason::SelfTrade);
                Some(Reason::SelfTrade)
            }
            SelfTrade::Decrement => {
                let by = taker.rest.min(own.lots());
                taker.rest -= by;
                if by == own.lots() || own.pair.is_some() {
                    self.remove(turn, own.id, Reason::SelfTrade);
                } else {
                    self.change_resting(own, |order| order.shrink(by));
                    turn.say(Event::Reduced { order: own.id, remaining: lots(own.lots() - by) });
                }
                (taker.rest == 0).then_some(Reason::SelfTrade)
            }
        }
    }

    /// One trade at the maker's price (M-5), and what becomes of the maker (M-6).
    fn trade(&mut self, turn: &mut Turn, taker: &mut Taker, maker: Resting) {
        let mut maker = self.release_waiting_leg(turn, maker);
        let traded = taker.rest.min(maker.visible);
        let market = self.market(taker.market);
        let (terms, schedule) = (market.terms, market.rules.schedule);
        let makes = Party { account: maker.account, side: maker.side, limit: maker.limit, lots: maker.lots() };
        let takes = Party { account: taker.account, side: taker.side, limit: taker.limit, lots: taker.rest };
        let payment = self.payment(&terms, schedule, maker.limit, traded, [makes, takes]);

        self.take_out(maker.id);
        self.settle(&terms, &payment, makes, takes);
        maker.visible -= traded;
        taker.rest -= traded;
        taker.filled += traded;
        self.market_mut(taker.market).last_price = maker.limit;
        turn.traded_at(maker.limit);
        turn.say(Event::Trade(Trade {
            maker: maker.id,
            taker: taker.id,
            maker_account: maker.account,
            taker_account: taker.account,
            price: maker.limit,
            lots: lots(traded),
            maker_remaining: lots(maker.lots()),
            maker_fee: amount(payment.maker_fee),
            maker_rebate: amount(payment.maker_rebate),
            taker_fee: amount(payment.taker_fee),
        }));
        if maker.visible == 0 && maker.hidden > 0 {
            self.refill(turn, &mut maker);
        }
        if maker.lots() > 0 {
            self.put_in_book(maker);
        }
    }

    /// Shows the next part of an iceberg order, at the back of its price (M-6).
    fn refill(&mut self, turn: &mut Turn, order: &mut Resting) {
        order.visible = order.display.min(order.hidden);
        order.hidden -= order.visible;
        order.rank = self.take_rank(order.id.market);
        turn.say(Event::Refilled { order: order.id, rank: Rank::new(order.rank), visible: lots(order.visible) });
    }

    /// Changes an order where it stands; what it reserves follows.
    pub fn change_resting(&mut self, order: &Resting, change: impl FnOnce(&mut Resting)) {
        let mut changed = order.clone();
        change(&mut changed);
        assert_eq!(self.standing[&order.id], Standing::Book(changed.place()), "its place stays");
        self.release_for(order);
        self.reserve_for(&changed);
        self.orders.insert(changed.place(), changed);
    }
}
