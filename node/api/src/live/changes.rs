//! What listeners are told after a look at what changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use ashlar_types::{AccountId, MarketId};

use super::hub::{Hub, Shown};
use super::render::{book_view, candle_view, history_line, levels, ticker_view, trade_view};
use crate::limits::BOOK_LEVELS_MAX;
use crate::model::{Depth, MarketModel, Model};
use crate::schema::{Channel, Decimal, Interval, ServerSays};

/// How far each market's trades and candles were told.
#[derive(Debug, Default)]
pub struct Told {
    trades: HashMap<MarketId, u64>,
    candles: HashMap<(MarketId, Interval), u64>,
}

impl Told {
    /// Tells everybody what changed since the last time. Returns the accounts with news.
    pub fn tell(&mut self, model: &mut Model, hub: &mut Hub) -> BTreeSet<AccountId> {
        let (next, time) = (model.next, model.time);
        for (id, market) in &mut model.markets {
            if std::mem::take(&mut market.book_changed) {
                show(*id, market, hub, next);
            }
            self.tell_trades(*id, market, hub);
            let ticker = Channel::Ticker { market: id.get() };
            if std::mem::take(&mut market.ticker_changed) && hub.is_heard(&ticker) {
                hub.tell(&ticker, &ServerSays::Ticker(ticker_view(market, time)));
            }
        }
        tell_news(model, hub)
    }

    fn tell_trades(&mut self, id: MarketId, market: &MarketModel, hub: &mut Hub) {
        let told = self.trades.insert(id, market.traded).unwrap_or(market.traded);
        let new = usize::try_from(market.traded.saturating_sub(told)).unwrap_or(usize::MAX).min(market.trades.len());
        if new == 0 {
            return;
        }
        let channel = Channel::Trades { market: id.get() };
        if hub.is_heard(&channel) {
            let trades = market.trades.iter().skip(market.trades.len() - new).map(trade_view).collect();
            hub.tell(&channel, &ServerSays::Trades { market: id.get(), trades });
        }
        for interval in Interval::ALL {
            self.tell_candles(id, interval, market, hub);
        }
    }

    /// The candle in progress, and before it those that ended since it was told last.
    fn tell_candles(&mut self, id: MarketId, interval: Interval, market: &MarketModel, hub: &mut Hub) {
        let candles = market.candles.of(interval);
        let Some(last) = candles.back() else { return };
        let since = self.candles.insert((id, interval), last.start).unwrap_or(last.start);
        let channel = Channel::Candles { market: id.get(), interval };
        if !hub.is_heard(&channel) {
            return;
        }
        let first = candles.partition_point(|candle| candle.start < since);
        for candle in candles.iter().skip(first) {
            let says = ServerSays::Candle { market: id.get(), interval, candle: candle_view(candle) };
            hub.tell(&channel, &says);
        }
    }
}

/// Shows a book as it is now and tells how it came there from what was shown before.
fn show(id: MarketId, market: &MarketModel, hub: &mut Hub, next: ashlar_types::Sequence) {
    let depth = Depth::of(&market.sides);
    let old = hub.books.get(&id).cloned().unwrap_or_default();
    let [bids, asks] = depth.changes_since(&old.depth);
    if bids.is_empty() && asks.is_empty() && old.update > 0 {
        return;
    }
    let update = old.update.saturating_add(1);
    let says = ServerSays::BookDelta {
        market: id.get(),
        previous: Decimal(old.update),
        update: Decimal(update),
        sequence: Decimal(next.get()),
        bids: levels(&bids),
        asks: levels(&asks),
        checksum: depth.checksum(),
    };
    hub.books.insert(id, Shown { update, sequence: next, depth: Arc::new(depth) });
    hub.tell(&Channel::Book { market: id.get() }, &says);
}

fn tell_news(model: &mut Model, hub: &mut Hub) -> BTreeSet<AccountId> {
    let mut by_account: BTreeMap<AccountId, Vec<_>> = BTreeMap::new();
    for (account, entry) in model.news.drain(..) {
        by_account.entry(account).or_default().push(history_line(account, &entry));
    }
    for (account, lines) in &by_account {
        let says = ServerSays::Account { account: account.get(), lines: lines.clone() };
        hub.tell(&Channel::Account { account: account.get() }, &says);
    }
    by_account.into_keys().collect()
}

/// Tells everybody that there may be a gap, and shows every book anew.
pub fn tell_restart(model: &Model, hub: &mut Hub) {
    let channels: Vec<Channel> = hub.listeners.keys().copied().collect();
    for channel in channels {
        hub.tell(&channel, &ServerSays::Restarted);
    }
    for (id, market) in &model.markets {
        let update = hub.books.get(id).map_or(0, |shown| shown.update).saturating_add(1);
        let shown = Shown { update, sequence: model.next, depth: Arc::new(Depth::of(&market.sides)) };
        hub.tell(
            &Channel::Book { market: id.get() },
            &ServerSays::BookSnapshot(book_view(*id, &shown, BOOK_LEVELS_MAX)),
        );
        hub.books.insert(*id, shown);
    }
}
