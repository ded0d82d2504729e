//! Triggers that become due when prices move (M-11 to M-14).

use ashlar_types::limits::{CASCADE_MAX, DROPS_MAX, MATCHES_MAX};
use ashlar_types::{Direction, Event, MarketId, Price, Reason};

use super::matching::{Ended, Taker};
use super::orders::{Place, Resting, Waiting};
use super::state::State;
use super::turn::{Turn, lots};

impl State {
    /// Fires what is due until nothing is, or a bound is reached (M-12 to M-14). Nothing happens if nothing traded.
    pub fn cascade(&mut self, turn: &mut Turn, market: MarketId) {
        let Some((mut low, mut high)) = turn.range else { return };
        while let Some(due) = self.first_due(market, low, high) {
            let dropped = if self.is_dead(turn.now, due.account, due.expires) {
                Some(Reason::Expired)
            } else if self.is_stopped(due.account) {
                Some(Reason::AccountFrozen)
            } else {
                None
            };
            let exhausted = turn.fired == CASCADE_MAX || turn.trades == MATCHES_MAX;
            if exhausted || dropped.is_some() && turn.drops == DROPS_MAX {
                self.market_mut(market).pending = Some((low, high));
                turn.say(Event::CascadePending { market });
                return;
            }
            match dropped {
                Some(reason) => {
                    turn.drops += 1;
                    self.remove(turn, due.id, reason);
                }
                None => self.fire(turn, &due),
            }
            if let Some((traded_low, traded_high)) = turn.range {
                (low, high) = (traded_low, traded_high);
            }
        }
    }

    /// The trigger that M-12 takes next: of those that wait for a fall the first due, or else of those that wait for a rise.
    pub fn first_due(&self, market: MarketId, low: Price, high: Price) -> Option<Waiting> {
        [Direction::Falls, Direction::Rises]
            .into_iter()
            .find_map(|direction| self.first_waiting(market, direction).filter(|waiting| waiting.is_due(low, high)))
            .cloned()
    }

    /// The first trigger of a direction; if it is not due, none after it is.
    fn first_waiting(&self, market: MarketId, direction: Direction) -> Option<&Waiting> {
        let first = Place::sentinel(market, direction as u64);
        let (place, waiting) = self.triggers.range(first..).next()?;
        place.same_list(&first).then_some(waiting)
    }

    /// A trigger fires and its order is matched (M-13).
    fn fire(&mut self, turn: &mut Turn, waiting: &Waiting) {
        turn.fired += 1;
        turn.say(Event::Fired { order: waiting.id, account: waiting.account });
        let gone = self.take_out(waiting.id);
        self.remove_other_leg(turn, &gone);
        let mut taker = Taker {
            id: waiting.id,
            account: waiting.account,
            market: waiting.id.market,
            side: waiting.side,
            limit: waiting.limit,
            self_trade: waiting.self_trade,
            rest: waiting.lots,
            filled: 0,
        };
        let ended = self.match_taker(turn, &mut taker);
        let rests = !waiting.immediate && !waiting.market_order;
        let (reason, remaining) = match ended {
            Ended::Filled => (Reason::Filled, 0),
            Ended::Stopped(reason) => (reason, 0),
            Ended::NothingMore if !rests => (Reason::Unfilled, 0),
            Ended::NothingMore => {
                self.rest_after_firing(waiting, taker.rest);
                (Reason::Resting, taker.rest)
            }
        };
        turn.say(Event::Placed {
            order: waiting.id,
            account: waiting.account,
            client: waiting.client,
            filled: lots(taker.filled),
            remaining: lots(remaining),
            reason,
        });
    }

    /// The rest of a fired order enters the book under a new rank, its id unchanged (K-3).
    fn rest_after_firing(&mut self, waiting: &Waiting, rest: u64) {
        let rank = self.take_rank(waiting.id.market);
        self.put_in_book(Resting {
            id: waiting.id,
            account: waiting.account,
            side: waiting.side,
            limit: waiting.limit,
            rank,
            visible: rest,
            hidden: 0,
            display: 0,
            expires: waiting.expires,
            client: waiting.client,
            self_trade: waiting.self_trade,
            post_only: ashlar_types::PostOnly::No,
            pair: None,
        });
    }
}
