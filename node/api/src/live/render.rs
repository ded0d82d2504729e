//! What is kept, in the words of the schema.

use crate::limits::BOOK_LEVELS_MAX;
use crate::model::{Candle, Entry, MarketModel, Print, What};
use crate::schema::{
    BookView, CandleView, Decimal, FillView, Hex, HistoryLine, LevelView, PublicTrade, TickerView, reason_word,
    side_word,
};

use super::hub::Shown;
use ashlar_types::{AccountId, MarketId, OrderId, Price, Side, Time};

/// Levels as they are written.
pub(super) fn levels(levels: &[(Price, u64)]) -> Vec<LevelView> {
    levels.iter().map(|(price, lots)| LevelView(Decimal(price.get()), Decimal(*lots))).collect()
}

/// A book as it was shown, so many levels of it. The checksum is of the whole.
pub fn book_view(market: MarketId, shown: &Shown, most: usize) -> BookView {
    let most = most.min(BOOK_LEVELS_MAX);
    let best = |side: &[(Price, u64)]| levels(side.get(..most).unwrap_or(side));
    BookView {
        market: market.get(),
        update: Decimal(shown.update),
        sequence: Decimal(shown.sequence.get()),
        bids: best(&shown.depth.bids),
        asks: best(&shown.depth.asks),
        checksum: shown.depth.checksum(),
    }
}

/// A trade.
pub fn trade_view(print: &Print) -> PublicTrade {
    PublicTrade {
        sequence: Decimal(print.sequence.get()),
        time: print.time.get(),
        price: Decimal(print.price.get()),
        lots: Decimal(print.lots.get()),
        side: side_word(print.side),
    }
}

/// A candle.
pub fn candle_view(candle: &Candle) -> CandleView {
    CandleView {
        start: candle.start,
        open: Decimal(candle.open.get()),
        high: Decimal(candle.high.get()),
        low: Decimal(candle.low.get()),
        close: Decimal(candle.close.get()),
        lots: Decimal(candle.lots),
        quote: Decimal(candle.quote),
        trades: Decimal(candle.trades),
    }
}

/// A market at a glance.
pub fn ticker_view(market: &MarketModel, now: Time) -> TickerView {
    let day = market.candles.day(now);
    let best = |side: Side| {
        market.side(side).best(1).next().map(|(price, lots)| LevelView(Decimal(price.get()), Decimal(lots)))
    };
    let price = |at: usize| day.prices.map(|prices| Decimal(prices[at].get()));
    TickerView {
        market: market.facts.id.get(),
        last: Decimal(market.facts.last.get()),
        bid: best(Side::Buy),
        ask: best(Side::Sell),
        open: price(0),
        high: price(1),
        low: price(2),
        lots: Decimal(day.lots),
        quote: Decimal(day.quote),
        trades: Decimal(day.trades),
        state: TickerView::state_of(&market.facts),
    }
}

/// A line of an account's history.
pub fn history_line(account: AccountId, entry: &Entry) -> HistoryLine {
    let (sequence, time) = (Decimal(entry.sequence.get()), entry.time.get());
    let id = |order: OrderId| Hex::of(&order.to_u128().to_be_bytes());
    match entry.what {
        What::Fill { order, maker, price, lots, fee, rebate } => HistoryLine::Fill(FillView {
            sequence,
            time,
            account: account.get(),
            market: order.market.get(),
            order: id(order),
            side: side_word(order.side),
            maker,
            price: Decimal(price.get()),
            lots: Decimal(lots.get()),
            fee: Decimal(fee.get()),
            rebate: Decimal(rebate.get()),
        }),
        What::Receipt { reason, order, client, filled, remaining } => HistoryLine::Receipt {
            sequence,
            time,
            reason: reason_word(reason),
            order: order.map(id),
            client: Decimal(client.0),
            filled: Decimal(filled.get()),
            remaining: Decimal(remaining.get()),
        },
        What::Placed { order, client, filled, remaining, reason } => HistoryLine::Placed {
            sequence,
            time,
            order: order.map(id),
            client: Decimal(client.0),
            filled: Decimal(filled.get()),
            remaining: Decimal(remaining.get()),
            reason: reason_word(reason),
        },
        What::Removed { order, lots, reason } => HistoryLine::Removed {
            sequence,
            time,
            order: id(order),
            lots: Decimal(lots.get()),
            reason: reason_word(reason),
        },
        What::Credited { asset, amount } => {
            HistoryLine::Credited { sequence, time, asset: asset.get(), amount: Decimal(amount.get()) }
        }
    }
}
