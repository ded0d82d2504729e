//! Commands that place several orders: mass quotes and one-cancels-other (SPEC C-23, C-24).

use ashlar_book::{Look, Resting, best_live};
use ashlar_types::limits::QUOTES_MAX;
use ashlar_types::{
    AccountId, Lots, MarketId, MarketState, NewOrder, OneCancelsOther, OrderId, OrderKind, PostOnly, Price, Quote,
    Reason, SelfTrade, Side, TimeInForce,
};

use crate::outcome::Outcome;
use crate::output::Output;
use crate::place::Ticket;
use crate::removal::Found;
use crate::run::Run;
use crate::store::{Store, View};
use crate::trading::Trading;

impl<S: Store, O: Output> Run<'_, S, O> {
    pub fn mass_quote(&mut self, who: AccountId, market: MarketId, quotes: &[Quote]) -> Outcome {
        if let Err(reason) = self.may_trade(who) {
            return Outcome::of(reason);
        }
        self.in_market(market, |market| {
            if market.view.live().pending.is_some() {
                return Outcome::of(Reason::CascadePending);
            }
            if !matches!(market.view.live().effective_state(), MarketState::Open | MarketState::PostOnly) {
                return Outcome::of(Reason::MarketState);
            }
            if quotes.is_empty() || quotes.len() > QUOTES_MAX {
                return Outcome::of(Reason::BadMessage);
            }
            for quote in quotes {
                put_quote(market, who, quote);
            }
            Outcome::of(Reason::Done)
        })
    }

    pub fn one_cancels_other(&mut self, who: AccountId, pair: &OneCancelsOther) -> Outcome {
        let refused = |reason| Outcome::refused(reason, pair.limit.client);
        if !is_pair(pair) {
            return refused(Reason::BadCombination);
        }
        if let Err(reason) = self.may_trade(who) {
            return refused(reason);
        }
        let outcome = self.in_market(pair.limit.market, |market| match check_pair(market, who, pair) {
            Ok((limit, stop)) => place_pair(market, who, &limit, &stop),
            Err(reason) => refused(reason),
        });
        Outcome { client: pair.limit.client, ..outcome }
    }
}

fn put_quote<S: Store, O: Output>(market: &mut Trading<'_, S, O>, who: AccountId, quote: &Quote) {
    if let Some(old) = quote.replaces
        && old.market == market.view.id()
        && let Some(found @ Found::Resting(_, order)) = market.find(old)
        && order.account == who
        && !order.paired
    {
        market.take_out(&found, Some(Reason::Replaced));
    }
    if quote.lots.is_zero() {
        return;
    }
    let order = NewOrder {
        post_only: PostOnly::Reject,
        self_trade: SelfTrade::CancelOldest,
        client: quote.client,
        ..NewOrder::limit(market.view.id(), quote.side, quote.price, quote.lots)
    };
    let outcome = match market.check(who, &order, None) {
        Ok(ticket) => market.execute(who, &ticket),
        Err(reason) => Outcome::refused(reason, quote.client),
    };
    market.say_placed(who, &outcome);
}

fn is_pair(pair: &OneCancelsOther) -> bool {
    let OneCancelsOther { limit, stop } = pair;
    let alike = limit.market == stop.market
        && limit.side == stop.side
        && limit.lots == stop.lots
        && limit.expires == stop.expires;
    let plain = limit.kind == OrderKind::Limit
        && limit.time_in_force == TimeInForce::Rest
        && limit.post_only == PostOnly::No
        && limit.display == Lots::ZERO
        && limit.trigger.is_none();
    alike && plain && stop.trigger.is_some()
}

fn check_pair<'o, S: Store, O: Output>(
    market: &mut Trading<'_, S, O>,
    who: AccountId,
    pair: &'o OneCancelsOther,
) -> Result<(Ticket<'o>, Ticket<'o>), Reason> {
    let account = market.view.account(who, |a| *a).ok_or(Reason::UnknownAccount)?;
    let mut tickets = [&pair.limit, &pair.stop].map(|order| Ticket { order, limit: order.price });
    for (ticket, more) in tickets.iter_mut().zip([1, 2]) {
        market.check_terms(&account, ticket.order)?;
        ticket.limit = market.check_price(ticket.order)?;
        market.check_room(who, &account, ticket.order, None, more)?;
    }
    let [limit, stop] = tickets;
    match best_live(market, limit.order.side.opposite(), None) {
        Look::Found(price) if limit.order.side.accepts(limit.limit, price) => return Err(Reason::WouldTrade),
        Look::Found(_) | Look::Empty => {}
        Look::Bound => return Err(Reason::MatchBound),
    }
    // A seller reserves lots, whatever the price; what it may earn must be countable at either.
    for price in [limit.limit, stop.limit] {
        market.check_countable(price, limit.order.lots)?;
    }
    market.check_funds(who, limit.order.side, covering(&limit, &stop), limit.order.lots, None)?;
    Ok((limit, stop))
}

fn covering(limit: &Ticket<'_>, stop: &Ticket<'_>) -> Price {
    match limit.order.side {
        Side::Buy => limit.limit.max(stop.limit),
        Side::Sell => stop.limit,
    }
}

fn place_pair<S: Store, O: Output>(
    market: &mut Trading<'_, S, O>,
    who: AccountId,
    limit: &Ticket<'_>,
    stop: &Ticket<'_>,
) -> Outcome {
    let side = limit.order.side;
    let name = |price, rank| OrderId { market: limit.order.market, side, price, rank };
    let limit_id = name(limit.limit, market.view.live_mut().take_rank());
    let stop_id = name(stop.limit, market.view.live_mut().take_rank());
    let lots = limit.order.lots;
    let resting = Resting {
        account: who,
        side,
        price: limit.limit,
        rank: limit_id.rank,
        id_rank: limit_id.rank,
        visible: lots,
        hidden: Lots::ZERO,
        display: Lots::ZERO,
        expires: limit.order.expires,
        client: limit.order.client,
        self_trade: limit.order.self_trade,
        post_only: PostOnly::No,
        paired: true,
    };
    market.view.rest(&resting);
    market.count_in(who);
    market.put_to_wait(who, stop, stop_id, covering(limit, stop), true);
    market.view.set_pair(limit_id, stop_id);
    let outcome = |reason, id, client| Outcome { reason, order: Some(id), client, filled: Lots::ZERO, remaining: lots };
    let rests = outcome(Reason::Resting, limit_id, limit.order.client);
    market.say_placed(who, &rests);
    market.say_placed(who, &outcome(Reason::Waiting, stop_id, stop.order.client));
    rests
}
