//! What can be read often, kept from the lines alone: books, open orders, trades, candles, histories.
//!
//! 1. It begins from a [`Standing`] and then needs nothing but the blocks of its feed, without a gap.
//! 2. It holds nothing that the exchange does not bound, and rings of fixed size beside that.
//! 3. Orders that are dead (SPEC C-27) count for nothing from the moment on at which they died.

mod apply;
mod book;
mod candles;
mod history;
mod orders;

pub use apply::Gap;
pub use book::{BookSide, Depth, checksum};
pub use candles::{Candle, Candles, Day};
pub use history::{Entry, History, What};
pub use orders::Orders;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ashlar_types::{AccountId, FeeTier, Lots, MarketId, Price, Sequence, Side, Time};

use crate::door::{AssetFacts, MarketFacts, Recalled, Standing};
use crate::limits::{NEWS_MAX, TRADES_MAX};

/// A trade as everybody sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Print {
    /// The command that caused it.
    pub sequence: Sequence,
    /// When.
    pub time: Time,
    /// At what price.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// The side that arrived.
    pub side: Side,
}

/// What is kept of one market.
#[derive(Debug)]
pub struct MarketModel {
    /// What the node said of it, and what was said since.
    pub facts: MarketFacts,
    /// Both sides, by [`Side::index`].
    pub sides: [BookSide; 2],
    /// The last trades, oldest first.
    pub trades: VecDeque<Print>,
    /// Candles of every interval.
    pub candles: Candles,
    /// Trades that were ever seen; the last of them are in the ring.
    pub traded: u64,
    /// Whether the book changed since someone asked.
    pub book_changed: bool,
    /// Whether anything a ticker shows changed since someone asked.
    pub ticker_changed: bool,
}

impl MarketModel {
    fn new(facts: MarketFacts) -> MarketModel {
        MarketModel {
            facts,
            sides: [BookSide::new(Side::Buy), BookSide::new(Side::Sell)],
            trades: VecDeque::new(),
            candles: Candles::default(),
            traded: 0,
            book_changed: true,
            ticker_changed: true,
        }
    }

    /// One side of the book.
    pub fn side(&self, side: Side) -> &BookSide {
        &self.sides[side.index()]
    }

    fn keep_trade(&mut self, print: Print) {
        let quote = print.price.get().saturating_mul(print.lots.get()).saturating_mul(self.facts.terms.quote_per_tick);
        if self.trades.len() == TRADES_MAX {
            self.trades.pop_front();
        }
        self.trades.push_back(print);
        self.traded = self.traded.saturating_add(1);
        self.candles.trade(print.time, print.price, print.lots, quote);
        self.facts.last = print.price;
        self.ticker_changed = true;
    }
}

/// Everything that is kept.
#[derive(Debug)]
pub struct Model {
    /// The number of the next command.
    pub next: Sequence,
    /// The time of the last command.
    pub time: Time,
    /// Every asset listed.
    pub assets: Vec<AssetFacts>,
    /// Fees by schedule and tier.
    pub fees: BTreeMap<(u8, u8), FeeTier>,
    /// Every market listed.
    pub markets: BTreeMap<MarketId, MarketModel>,
    /// Open orders.
    pub orders: Orders,
    /// What happened to accounts.
    pub history: History,
    /// The accounts somebody listens to.
    pub watched: BTreeSet<AccountId>,
    /// What happened to them since someone asked; older news are left out when it is too much.
    pub news: VecDeque<(AccountId, Entry)>,
}

impl Model {
    /// From the state as the node gives it.
    pub fn new(standing: &Standing) -> Model {
        let mut model = Model {
            next: standing.next,
            time: standing.time,
            assets: standing.assets.clone(),
            fees: standing.fees.iter().map(|(schedule, tier, fees)| ((*schedule, *tier), *fees)).collect(),
            markets: standing.markets.iter().map(|facts| (facts.id, MarketModel::new(*facts))).collect(),
            orders: Orders::new(&standing.dead_men),
            history: History::default(),
            watched: BTreeSet::new(),
            news: VecDeque::new(),
        };
        for order in &standing.orders {
            model.enter(order);
        }
        model.let_die();
        model
    }

    /// From an earlier state and what happened since, with its trades, candles and histories.
    pub fn recall(recalled: &Recalled) -> Result<Model, Gap> {
        let mut model = Model::new(&recalled.standing);
        recalled.blocks.iter().try_for_each(|block| model.apply(block))?;
        Ok(model)
    }

    /// Begins anew, from the state as the node gives it now; what happened in between is missing from trades, candles and histories.
    pub fn restart(&mut self, standing: &Standing) {
        let mut fresh = Model::new(standing);
        fresh.history = std::mem::take(&mut self.history);
        fresh.watched = std::mem::take(&mut self.watched);
        fresh.news = std::mem::take(&mut self.news);
        for (id, market) in &mut fresh.markets {
            if let Some(old) = self.markets.get_mut(id) {
                market.trades = std::mem::take(&mut old.trades);
                market.candles = std::mem::take(&mut old.candles);
                market.traded = old.traded;
            }
        }
        *self = fresh;
    }

    fn tell(&mut self, account: AccountId, entry: Entry) {
        self.history.push(account, entry);
        if self.watched.contains(&account) {
            if self.news.len() == NEWS_MAX {
                self.news.pop_front();
            }
            self.news.push_back((account, entry));
        }
    }
}
