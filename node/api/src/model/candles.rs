//! Trades by interval.

use std::collections::VecDeque;

use ashlar_types::{Lots, Price, Time};

use crate::limits::CANDLES_MAX;
use crate::schema::Interval;

/// What a market did in an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candle {
    /// When it begins, in milliseconds.
    pub start: u64,
    /// The first price.
    pub open: Price,
    /// The highest.
    pub high: Price,
    /// The lowest.
    pub low: Price,
    /// The last.
    pub close: Price,
    /// Lots traded.
    pub lots: u64,
    /// Quote units traded.
    pub quote: u64,
    /// Trades.
    pub trades: u64,
}

impl Candle {
    fn add(&mut self, price: Price, lots: Lots, quote: u64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.lots = self.lots.saturating_add(lots.get());
        self.quote = self.quote.saturating_add(quote);
        self.trades = self.trades.saturating_add(1);
    }
}

/// The last candles of every interval.
#[derive(Debug, Default)]
pub struct Candles([VecDeque<Candle>; Interval::ALL.len()]);

/// The last 24 hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Day {
    /// The price at its beginning, its highest and its lowest; none if nothing traded.
    pub prices: Option<[Price; 3]>,
    /// Lots traded.
    pub lots: u64,
    /// Quote units traded.
    pub quote: u64,
    /// Trades.
    pub trades: u64,
}

impl Candles {
    /// Counts a trade. Times never go back.
    pub fn trade(&mut self, time: Time, price: Price, lots: Lots, quote: u64) {
        for (interval, candles) in Interval::ALL.iter().zip(&mut self.0) {
            let start = time.get() / interval.ms() * interval.ms();
            match candles.back_mut() {
                Some(candle) if candle.start == start => candle.add(price, lots, quote),
                _ => {
                    if candles.len() == CANDLES_MAX {
                        candles.pop_front();
                    }
                    let prices = Candle {
                        start,
                        open: price,
                        high: price,
                        low: price,
                        close: price,
                        lots: 0,
                        quote: 0,
                        trades: 0,
                    };
                    candles.push_back(prices);
                    if let Some(candle) = candles.back_mut() {
                        candle.add(price, lots, quote);
                    }
                }
            }
        }
    }

    /// The candles of an interval, oldest first.
    pub fn of(&self, interval: Interval) -> &VecDeque<Candle> {
        let index = Interval::ALL.iter().position(|known| *known == interval).unwrap_or_default();
        &self.0[index]
    }

    /// The 24 hours before `now`, in whole minutes.
    pub fn day(&self, now: Time) -> Day {
        let since = now.get().saturating_sub(Interval::Day.ms());
        let mut day = Day { prices: None, lots: 0, quote: 0, trades: 0 };
        for candle in self.of(Interval::Minute).iter().rev().take_while(|candle| candle.start > since) {
            let [_, high, low] = day.prices.unwrap_or([candle.open, candle.high, candle.low]);
            day.prices = Some([candle.open, high.max(candle.high), low.min(candle.low)]);
            day.lots = day.lots.saturating_add(candle.lots);
            day.quote = day.quote.saturating_add(candle.quote);
            day.trades = day.trades.saturating_add(candle.trades);
        }
        day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trades_gather_in_their_intervals() {
        let mut candles = Candles::default();
        let trade = |candles: &mut Candles, ms, ticks| {
            let (time, price) = (Time::new(ms).expect("a time"), Price::new(ticks).expect("a price"));
            candles.trade(time, price, Lots::new(2).expect("lots"), 2 * ticks);
        };
        for (ms, ticks) in [(0, 10), (30_000, 14), (59_999, 8), (60_000, 9), (200_000_000, 20)] {
            trade(&mut candles, ms, ticks);
        }
        let minutes = candles.of(Interval::Minute);
        assert_eq!(minutes.len(), 3);
        let first = minutes[0];
        assert_eq!([first.open, first.high, first.low, first.close].map(Price::get), [10, 14, 8, 8]);
        assert_eq!((first.lots, first.trades, first.quote), (6, 3, 64));
        assert_eq!(candles.of(Interval::Day).len(), 2);
        let day = candles.day(Time::new(200_000_001).expect("a time"));
        assert_eq!((day.trades, day.prices.map(|prices| prices.map(Price::get))), (1, Some([20, 20, 20])));
        for second in 0..2 * CANDLES_MAX as u64 {
            trade(&mut candles, 300_000_000 + second * 1_000, 5);
        }
        assert_eq!(candles.of(Interval::Second).len(), CANDLES_MAX);
    }
}
