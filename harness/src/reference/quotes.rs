//! Mass quotes (C-23).

use ashlar_types::limits::QUOTES_MAX;
use ashlar_types::{AccountId, Event, MarketId, MarketState, NewOrder, OrderId, PostOnly, Quote, Reason, SelfTrade};

use super::check::Given;
use super::orders::Standing;
use super::state::State;
use super::turn::{Outcome, Turn, lots};

impl State {
    /// *Mass quote*: each quote in turn, with an event of its own.
    pub fn mass_quote(&mut self, turn: &mut Turn, account: AccountId, market: MarketId, quotes: &[Quote]) -> Outcome {
        if let Err(reason) = self.check_mass_quote(account, market, quotes) {
            return Outcome::only(reason);
        }
        for quote in quotes {
            if let Some(old) = quote.replaces
                && self.may_be_requoted(account, market, old)
            {
                self.remove(turn, old, Reason::Replaced);
            }
            if !quote.lots.is_zero() {
                self.place_quote(turn, account, market, quote);
            }
        }
        Outcome::only(Reason::Done)
    }

    fn check_mass_quote(&self, account: AccountId, market: MarketId, quotes: &[Quote]) -> Result<(), Reason> {
        if self.is_stopped(account) {
            return Err(Reason::AccountFrozen);
        }
        let market = self.markets.get(&market).ok_or(Reason::UnknownMarket)?;
        if market.pending.is_some() {
            return Err(Reason::CascadePending);
        }
        if market.halted || !matches!(market.state, MarketState::Open | MarketState::PostOnly) {
            return Err(Reason::MarketState);
        }
        if quotes.is_empty() || quotes.len() > QUOTES_MAX { Err(Reason::BadMessage) } else { Ok(()) }
    }

    /// Whether it is the account's, of this market, resting and not a leg of a pair.
    fn may_be_requoted(&self, account: AccountId, market: MarketId, id: OrderId) -> bool {
        let Some(Standing::Book(place)) = self.standing.get(&id) else { return false };
        let order = &self.orders[place];
        order.account == account && id.market == market && order.pair.is_none()
    }

    fn place_quote(&mut self, turn: &mut Turn, account: AccountId, market: MarketId, quote: &Quote) {
        let client = quote.client;
        let order = NewOrder {
            post_only: PostOnly::Reject,
            self_trade: SelfTrade::CancelOldest,
            client,
            ..NewOrder::limit(market, quote.side, quote.price, quote.lots)
        };
        let given = Given { account, now: turn.now, gone: &[], added: 0 };
        match self.check_quote(given, &order) {
            Err(reason) => turn.say(Event::Refused { account, client, reason }),
            Ok(limit) => {
                let placed = self.enter(turn, account, &order, limit);
                turn.say(Event::Placed {
                    order: placed.order.expect("an order that entered has an id"),
                    account,
                    client,
                    filled: lots(placed.filled),
                    remaining: lots(placed.remaining),
                    reason: placed.reason,
                });
            }
        }
    }
}
