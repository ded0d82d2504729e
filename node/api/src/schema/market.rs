use ashlar_types::MarketState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{Decimal, Hex};
use super::order::{SideWord, snake_case};
use crate::door::{AssetFacts, MarketFacts, Venue};

/// The exchange.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VenueView {
    /// The name of this exchange, which is in whatever is signed.
    pub exchange: Hex,
    /// The L1 chain.
    pub chain_id: Decimal,
    /// The settlement contract.
    pub settlement: Hex,
    /// The key under which receipts at the door are signed.
    pub sequencer_key: Hex,
    /// How batches are proven.
    pub proofs: String,
    /// `standard`, `following` or `validium`.
    pub mode: String,
    /// The node's version.
    pub version: String,
    /// The number of the next command, as far as this server has read.
    pub next: Decimal,
    /// The time of the last command, in milliseconds since 1970.
    pub time: u64,
}

/// An asset.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AssetView {
    /// Which.
    pub asset: u16,
    /// Its name for people.
    pub name: String,
    /// Digits after the point when people read amounts; the exchange counts units only.
    pub decimals: u8,
    /// Its contract on L1; all zero is ether.
    pub token: Hex,
    /// Decimal digits between L1's unit and the internal one.
    pub scale_digits: u8,
    /// The most units the exchange may hold.
    pub total_max: Decimal,
}

/// A market.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MarketView {
    /// Which.
    pub market: u16,
    /// `base/quote`, for people.
    pub name: String,
    /// What is traded.
    pub base: u16,
    /// What it is paid with.
    pub quote: u16,
    /// Units of the base asset in one lot.
    pub base_per_lot: Decimal,
    /// Units of the quote asset that one lot costs per tick of price.
    pub quote_per_tick: Decimal,
    /// The highest fee this market may ever charge, in parts per million.
    pub fee_cap_ppm: u32,
    /// The smallest order.
    pub lots_min: Decimal,
    /// The largest order.
    pub lots_max: Decimal,
    /// How far from the reference price a limit may be, in parts per million.
    pub band_ppm: u32,
    /// How far from the reference price a market order may trade, in parts per million.
    pub collar_ppm: u32,
    /// How many orders and triggers one account may hold here.
    pub orders_max: u32,
    /// Which fee schedule applies.
    pub schedule: u8,
    /// `open`, `post_only`, `cancel_only`, `halted` or `delisting`.
    pub state: String,
    /// Whether it waits for its stop cascade.
    pub cascade_pending: bool,
    /// The price of the last trade, or the listing's reference.
    pub last: Decimal,
}

/// A price with what can be had there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct LevelView(
    /// In ticks.
    pub Decimal,
    /// Visible lots; zero says that the level is gone.
    pub Decimal,
);

/// The book of a market: the best levels of both sides, best first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct BookView {
    /// Which market.
    pub market: u16,
    /// The number of this state of the book. The next delta follows it without a gap.
    pub update: Decimal,
    /// The number of the next command when this was so.
    pub sequence: Decimal,
    /// Who wants to buy.
    pub bids: Vec<LevelView>,
    /// Who wants to sell.
    pub asks: Vec<LevelView>,
    /// CRC-32 over the best 25 levels of each side, as docs/api.md defines it.
    pub checksum: u32,
}

/// A trade as everybody sees it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PublicTrade {
    /// The number of the command that caused it.
    pub sequence: Decimal,
    /// When, in milliseconds since 1970.
    pub time: u64,
    /// In ticks.
    pub price: Decimal,
    /// How many lots.
    pub lots: Decimal,
    /// The side that arrived.
    pub side: SideWord,
}

/// How long a candle is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Interval {
    /// A second.
    #[serde(rename = "1s")]
    Second,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// An hour.
    #[serde(rename = "1h")]
    Hour,
    /// A day.
    #[serde(rename = "1d")]
    Day,
}

impl Interval {
    /// Every interval, shortest first.
    pub const ALL: [Interval; 5] =
        [Interval::Second, Interval::Minute, Interval::FiveMinutes, Interval::Hour, Interval::Day];

    /// Its length.
    pub const fn ms(self) -> u64 {
        match self {
            Interval::Second => 1_000,
            Interval::Minute => 60_000,
            Interval::FiveMinutes => 300_000,
            Interval::Hour => 3_600_000,
            Interval::Day => 86_400_000,
        }
    }
}

/// What a market did in an interval. Intervals without a trade have none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct CandleView {
    /// When it begins, in milliseconds since 1970.
    pub start: u64,
    /// The first price, in ticks.
    pub open: Decimal,
    /// The highest.
    pub high: Decimal,
    /// The lowest.
    pub low: Decimal,
    /// The last.
    pub close: Decimal,
    /// Lots traded.
    pub lots: Decimal,
    /// Quote units traded.
    pub quote: Decimal,
    /// How many trades.
    pub trades: Decimal,
}

/// A market at a glance; the day is the last 24 hours, in steps of a minute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TickerView {
    /// Which.
    pub market: u16,
    /// The price of the last trade, or the listing's reference.
    pub last: Decimal,
    /// The best price to sell at.
    pub bid: Option<LevelView>,
    /// The best price to buy at.
    pub ask: Option<LevelView>,
    /// The price a day ago, if anything traded since.
    pub open: Option<Decimal>,
    /// The day's highest.
    pub high: Option<Decimal>,
    /// The day's lowest.
    pub low: Option<Decimal>,
    /// The day's lots.
    pub lots: Decimal,
    /// The day's quote units.
    pub quote: Decimal,
    /// The day's trades.
    pub trades: Decimal,
    /// `open`, `post_only`, `cancel_only`, `halted` or `delisting`.
    pub state: String,
}

impl AssetView {
    /// In words.
    pub fn of(asset: &AssetFacts, venue: &Venue) -> AssetView {
        let named = venue.names.iter().find(|(id, _)| *id == asset.id);
        AssetView {
            asset: asset.id.get(),
            name: named.map_or_else(|| format!("asset {}", asset.id.get()), |(_, (name, _))| name.clone()),
            decimals: named.map_or(0, |(_, (_, decimals))| *decimals),
            token: Hex::of(&asset.terms.token.0),
            scale_digits: asset.terms.scale_digits,
            total_max: Decimal(asset.terms.total_max.get()),
        }
    }
}

impl MarketView {
    /// In words.
    pub fn of(market: &MarketFacts, venue: &Venue) -> MarketView {
        let name = |id: ashlar_types::AssetId| {
            let named = venue.names.iter().find(|(named, _)| *named == id);
            named.map_or_else(|| id.get().to_string(), |(_, (name, _))| name.clone())
        };
        let MarketFacts { terms, rules, .. } = market;
        MarketView {
            market: market.id.get(),
            name: format!("{}/{}", name(terms.base), name(terms.quote)),
            base: terms.base.get(),
            quote: terms.quote.get(),
            base_per_lot: Decimal(terms.base_per_lot),
            quote_per_tick: Decimal(terms.quote_per_tick),
            fee_cap_ppm: terms.fee_cap.0,
            lots_min: Decimal(rules.lots_min.get()),
            lots_max: Decimal(rules.lots_max.get()),
            band_ppm: rules.band.0,
            collar_ppm: rules.collar.0,
            orders_max: rules.orders_max,
            schedule: rules.schedule,
            state: state_word(market),
            cascade_pending: market.cascade_pending,
            last: Decimal(market.last.get()),
        }
    }
}

/// The state that is in force.
pub(super) fn state_word(market: &MarketFacts) -> String {
    let halted = market.halted && market.state != MarketState::Delisting;
    snake_case(&format!("{:?}", if halted { MarketState::Halted } else { market.state }))
}

impl TickerView {
    /// The state of a market, in its word.
    pub fn state_of(market: &MarketFacts) -> String {
        state_word(market)
    }
}
