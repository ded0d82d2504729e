use ashlar_api::schema::{
    BatchView, HealthView, InboxView, OutboxView, PublicTrade, ServerSays, TickerView, TipView, WithdrawalView,
};

use super::{Effect, Listed, Log, LookedAt, Model, Seen, Stream};
use crate::monitor::limits::{BATCHES_MAX, INBOX_AHEAD_MAX, MESSAGES_MAX, TRADES_MAX};
use crate::monitor::metrics::Metric;

/// Why nothing new is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Broken {
    /// The node cannot be reached.
    Unreachable,
    /// It answers, but not what was asked.
    Refused,
}

/// Whether the node answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Link {
    /// It has not been reached yet.
    Connecting,
    /// It answers.
    Live,
    /// It does not.
    Lost {
        /// In which way.
        broken: Broken,
        /// What was said about it.
        reason: String,
        /// How often it was tried since.
        attempt: u32,
        /// When it is tried again, by the monitor's clock.
        retry_at_ms: u64,
    },
}

/// What a reader brings.
#[derive(Clone, Debug)]
pub enum News {
    /// What is listed.
    Listed(Box<Listed>),
    /// How far everything has come; said after what goes with it.
    Tip(TipView),
    /// Markets at a glance.
    Tickers(Vec<TickerView>),
    /// Batches that are new or have come further.
    Batches(Vec<BatchView>),
    /// Messages from L1 that are new or were consumed.
    Inbox(Vec<InboxView>),
    /// Messages to L1 that are new or have come further.
    Withdrawals(Vec<WithdrawalView>),
    /// How the node does.
    Health(HealthView),
    /// What it measures.
    Metrics(Vec<Metric>),
    /// What it wants done on L1; nothing if it would not say.
    Outbox(Option<Vec<OutboxView>>),
    /// The last lines of its log, or why they are not told.
    Log(Log),
    /// What came of looking for an account.
    Account(LookedAt),
    /// The node does not answer as it should.
    Lost {
        /// In which way.
        broken: Broken,
        /// What was said about it.
        reason: String,
        /// How often it was tried.
        attempt: u32,
        /// Until it is tried again.
        retry_ms: u64,
    },
    /// The stream listens to this market.
    StreamOpen(u16),
    /// The stream is gone.
    StreamLost(String),
    /// The trades of a market so far, latest first.
    Trades(u16, Vec<PublicTrade>),
    /// What the stream says.
    Says(ServerSays),
}

impl Model {
    /// Takes news. What must be done about them is returned.
    pub fn take(&mut self, news: News, now_ms: u64) -> Effect {
        self.now_ms = now_ms;
        match news {
            News::Lost { broken, reason, attempt, retry_ms } => {
                let retry_at_ms = now_ms.saturating_add(retry_ms);
                self.link = Link::Lost { broken, reason, attempt, retry_at_ms };
                return Effect::None;
            }
            // The stream has an end of its own; only answers say that the node is there.
            News::StreamLost(reason) => self.live.stream = Stream::Lost(reason),
            News::Says(says) => return self.live.hear(says),
            News::Account(looked) => {
                if self.subject.as_ref() == Some(&looked.subject) {
                    self.live.account = Some(looked);
                }
            }
            News::Tip(tip) => {
                self.link = Link::Live;
                self.live.at_ms = Some(now_ms);
                self.live.take_tip(tip, now_ms);
            }
            other => self.live.take(other),
        }
        Effect::None
    }

    /// Time passes.
    pub fn tick(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }
}

impl Seen {
    fn take(&mut self, news: News) {
        match news {
            News::Listed(listed) => self.listed = Some(*listed),
            News::Tickers(tickers) => self.tickers = tickers,
            News::Health(health) => self.health = Some(health),
            News::Metrics(metrics) => self.metrics = metrics,
            News::Outbox(outbox) => self.outbox = outbox,
            News::Log(log) => self.log = log,
            News::Batches(batches) => {
                self.batches.extend(batches.into_iter().map(|batch| (batch.number.0, batch)));
                keep_newest(&mut self.batches, BATCHES_MAX);
            }
            News::Inbox(entries) => {
                self.inbox.extend(entries.into_iter().map(|entry| (entry.index.0, entry)));
                keep_newest(&mut self.inbox, MESSAGES_MAX + INBOX_AHEAD_MAX);
            }
            News::Withdrawals(withdrawals) => {
                self.withdrawals.extend(withdrawals.into_iter().map(|message| (message.index.0, message)));
                keep_newest(&mut self.withdrawals, MESSAGES_MAX);
            }
            News::StreamOpen(market) => {
                self.stream = Stream::Live;
                self.book = Default::default();
                self.trades.clear();
                self.book_of = Some(market);
            }
            News::Trades(market, trades) if self.book_of == Some(market) => {
                // What was streamed while these were asked for is partly among them.
                let last = trades.first().map(|trade| trade.sequence);
                self.trades.retain(|trade| Some(trade.sequence) > last);
                self.trades.extend(trades);
                self.trades.truncate(TRADES_MAX);
            }
            _ => {}
        }
    }

    fn take_tip(&mut self, tip: TipView, now_ms: u64) {
        if let Some((before_ms, before)) = &self.tip {
            let passed = now_ms.saturating_sub(*before_ms);
            let commands = tip.next.0.saturating_sub(before.next.0);
            self.rate = commands.saturating_mul(1_000).checked_div(passed).or(self.rate);
            if tip.built < before.built {
                // L1 took blocks back, or it is another exchange: what was known of these batches may be wrong.
                self.batches.retain(|number, _| tip.built.is_some_and(|built| *number <= built.0));
            }
        }
        self.tip = Some((now_ms, tip));
    }

    fn hear(&mut self, says: ServerSays) -> Effect {
        match &says {
            ServerSays::BookSnapshot(view) if self.book_of != Some(view.market) => {}
            ServerSays::BookDelta { market, .. } if self.book_of != Some(*market) => {}
            ServerSays::BookSnapshot(_) | ServerSays::BookDelta { .. } => {
                if let Err(reason) = self.book.take(&says) {
                    self.stream = Stream::Lost(reason.to_string());
                    return Effect::Listen;
                }
            }
            ServerSays::Trades { market, trades } if self.book_of == Some(*market) => {
                for trade in trades {
                    self.trades.push_front(trade.clone());
                }
                self.trades.truncate(TRADES_MAX);
            }
            ServerSays::Restarted => return Effect::Listen,
            ServerSays::Error { error, .. } => self.stream = Stream::Lost(error.message.clone()),
            _ => {}
        }
        Effect::None
    }
}

fn keep_newest<T>(kept: &mut std::collections::BTreeMap<u64, T>, most: u64) {
    while kept.len() as u64 > most {
        kept.pop_first();
    }
}
