use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account::{AccountView, HistoryLine};
use super::answer::AnswerView;
use super::command::MessageForm;
use super::error::ErrorView;
use super::market::{BookView, CandleView, Interval, LevelView, PublicTrade, TickerView};
use super::number::{Decimal, Hex};
use super::settled::TipView;
use super::unwound::UnwoundView;

/// What can be listened to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Channel {
    /// A snapshot of a book, then its changes.
    Book {
        /// Of which market.
        market: u16,
    },
    /// Trades.
    Trades {
        /// Of which market.
        market: u16,
    },
    /// The candle in progress, each time it changes.
    Candles {
        /// Of which market.
        market: u16,
        /// How long each is.
        interval: Interval,
    },
    /// A market at a glance, each time it changes.
    Ticker {
        /// Of which market.
        market: u16,
    },
    /// Everything that happens to an account, and its funds after it.
    Account {
        /// Which.
        account: u32,
    },
    /// How far commands, batches, proofs and L1 have come, each time that it changes; at most five times a second.
    Tip,
}

/// What a client says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientSays {
    /// Listen.
    Subscribe {
        /// Comes back with the answer.
        #[serde(default)]
        id: Option<Decimal>,
        /// To what.
        channel: Channel,
    },
    /// Listen no more.
    Unsubscribe {
        /// Comes back with the answer.
        #[serde(default)]
        id: Option<Decimal>,
        /// To what.
        channel: Channel,
    },
    /// Hand in a signed message.
    Submit {
        /// Comes back with the answer.
        #[serde(default)]
        id: Option<Decimal>,
        /// The message.
        message: MessageForm,
        /// Its signature.
        signature: Hex,
    },
    /// Cancel on disconnect: a signed message that is handed in when this connection ends, whatever ends it. The last one said
    /// counts.
    LastWill {
        /// Comes back with the answer.
        #[serde(default)]
        id: Option<Decimal>,
        /// The message, which may hold only what cancels; absent takes the will back.
        #[serde(default)]
        message: Option<MessageForm>,
        /// Its signature.
        #[serde(default)]
        signature: Hex,
    },
    /// Are you there?
    Ping {
        /// Comes back with the answer.
        #[serde(default)]
        id: Option<Decimal>,
    },
}

/// What the server says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerSays {
    /// It was done.
    Done {
        /// As the client named it.
        id: Option<Decimal>,
    },
    /// It was not done, or (without an id) the connection ends with this word.
    Error {
        /// As the client named it.
        id: Option<Decimal>,
        /// Why.
        error: ErrorView,
    },
    /// A message was answered.
    Answer {
        /// As the client named it.
        id: Option<Decimal>,
        /// The answer.
        answer: AnswerView,
    },
    /// The book as it stands; deltas follow it.
    BookSnapshot(BookView),
    /// What changed in a book. Levels of zero lots are gone.
    BookDelta {
        /// Which market.
        market: u16,
        /// The state that it leads from; if that is not the reader's, something was missed: subscribe again.
        previous: Decimal,
        /// The state that it leads to.
        update: Decimal,
        /// The number of the next command when this was so.
        sequence: Decimal,
        /// Changed levels of buyers.
        bids: Vec<LevelView>,
        /// Changed levels of sellers.
        asks: Vec<LevelView>,
        /// Of the state that it leads to.
        checksum: u32,
    },
    /// Trades, oldest first.
    Trades {
        /// Which market.
        market: u16,
        /// The trades.
        trades: Vec<PublicTrade>,
    },
    /// The candle in progress.
    Candle {
        /// Which market.
        market: u16,
        /// How long it is.
        interval: Interval,
        /// The candle.
        candle: CandleView,
    },
    /// A market at a glance.
    Ticker(TickerView),
    /// What happened to an account, oldest first.
    Account {
        /// Which.
        account: u32,
        /// What happened.
        lines: Vec<HistoryLine>,
    },
    /// An account as it stands.
    Standing(AccountView),
    /// How far everything has come.
    Tip(TipView),
    /// L1 took something back, and everything after it was ordered anew: these commands of an account are answered otherwise now.
    Unwound {
        /// Which account.
        account: u32,
        /// The commands, in their old order.
        commands: Vec<UnwoundView>,
    },
    /// This server lost its place behind the exchange and began anew: what was streamed before may have a gap.
    Restarted,
    /// I am there.
    Pong {
        /// As the client named it.
        id: Option<Decimal>,
    },
}
