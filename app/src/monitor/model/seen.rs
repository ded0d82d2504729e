use std::collections::{BTreeMap, VecDeque};

use ashlar_api::admin::LogLine;
use ashlar_api::client::BookMirror;
use ashlar_api::schema::{
    AccountView, AssetView, BatchView, HealthView, Hex, HistoryLine, InboxView, MarketView, OpenOrderView, OutboxView,
    PublicTrade, TickerView, TipView, VenueView, WithdrawalView,
};

use crate::monitor::metrics::Metric;

/// What is listed; it seldom changes.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The exchange.
    pub venue: VenueView,
    /// What is held.
    pub assets: Vec<AssetView>,
    /// What is traded.
    pub markets: Vec<MarketView>,
}

/// Whose account: its number, or its owner.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Subject {
    /// An account by its number.
    Number(u32),
    /// The accounts of an owner.
    Owner(Hex),
}

/// An account as it was found.
#[derive(Clone, Debug)]
pub struct AccountSeen {
    /// Its standing.
    pub view: AccountView,
    /// Its open orders.
    pub orders: Vec<OpenOrderView>,
    /// What happened to it, latest first.
    pub history: Vec<HistoryLine>,
    /// Every account of its owner.
    pub siblings: Vec<u32>,
}

/// What came of looking for an account.
#[derive(Clone, Debug)]
pub enum Looked {
    /// It is there.
    Found(Box<AccountSeen>),
    /// It is not, or the node would not say.
    Missing(String),
}

/// A question about an account with its answer.
#[derive(Clone, Debug)]
pub struct LookedAt {
    /// The question.
    pub subject: Subject,
    /// The answer.
    pub looked: Looked,
}

/// Whether the stream of books and trades is open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Stream {
    /// Not yet.
    #[default]
    Opening,
    /// It is.
    Live,
    /// It was lost, and why.
    Lost(String),
}

/// What is known of the node's log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Log {
    /// It is the operator's, and nobody said where that one's server is.
    #[default]
    NotAsked,
    /// Its last lines, latest first.
    Lines(Vec<LogLine>),
    /// The operator's server would not tell.
    Refused(String),
}

/// What the node told.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// When it told something last, by the monitor's clock.
    pub at_ms: Option<u64>,
    /// What is listed.
    pub listed: Option<Listed>,
    /// How far everything has come, and when that was told.
    pub tip: Option<(u64, TipView)>,
    /// Commands a second between the last two tips.
    pub rate: Option<u64>,
    /// Markets at a glance.
    pub tickers: Vec<TickerView>,
    /// The newest batches.
    pub batches: BTreeMap<u64, BatchView>,
    /// The newest messages from L1.
    pub inbox: BTreeMap<u64, InboxView>,
    /// The newest messages to L1.
    pub withdrawals: BTreeMap<u64, WithdrawalView>,
    /// How the node does.
    pub health: Option<HealthView>,
    /// What it measures.
    pub metrics: Vec<Metric>,
    /// What it wants done on L1 and is not final there; nothing if it would not say.
    pub outbox: Option<Vec<OutboxView>>,
    /// Its log.
    pub log: Log,
    /// The book that is streamed.
    pub book: BookMirror,
    /// Whose book and trades these are.
    pub book_of: Option<u16>,
    /// Its trades, latest first.
    pub trades: VecDeque<PublicTrade>,
    /// The stream of both.
    pub stream: Stream,
    /// The account that was asked for.
    pub account: Option<LookedAt>,
}

impl Seen {
    /// A market's terms.
    pub fn market(&self, number: u16) -> Option<&MarketView> {
        self.listed.as_ref()?.markets.iter().find(|market| market.market == number)
    }

    /// An asset's name and decimals; its number where it is not listed.
    pub fn asset(&self, number: u16) -> (String, u8) {
        let assets = self.listed.as_ref().map(|listed| listed.assets.as_slice()).unwrap_or_default();
        let found = assets.iter().find(|asset| asset.asset == number);
        found.map_or_else(|| (format!("asset {number}"), 0), |asset| (asset.name.clone(), asset.decimals))
    }

    /// A metric's value.
    pub fn metric(&self, name: &str) -> Option<&str> {
        self.metrics.iter().find(|metric| metric.name == name).map(|metric| metric.value.as_str())
    }
}
