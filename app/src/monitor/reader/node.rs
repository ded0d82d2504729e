use std::collections::BTreeMap;
use std::net::SocketAddr;

use ashlar_api::admin::Token;
use ashlar_api::client::{ClientError, RestClient};
use ashlar_api::schema::{
    BatchView, Code, HealthView, InboxView, OutboxView, StageView, TickerView, TipView, WithdrawalView,
};
use serde::de::DeserializeOwned;
use tokio::time::{Duration, Instant, timeout};

use super::{Failure, Wish};
use crate::monitor::limits::{
    ANSWER_MS_MAX, BATCHES_MAX, HISTORY_MAX, INBOX_AHEAD_MAX, LOG_LINES_MAX, LOOK_MS_MAX, MESSAGES_MAX,
};
use crate::monitor::metrics::read_metrics;
use crate::monitor::model::{AccountSeen, Broken, Listed, Log, Looked, LookedAt, News, Subject};

/// Looks after which what is listed is asked for again.
const LISTED_EVERY: u64 = 10;

/// A node, with what need not be asked for again.
pub struct Node {
    rest: RestClient,
    operator: Option<RestClient>,
    looks: u64,
    until: Instant,
    stages: BTreeMap<u64, StageView>,
    consumed: BTreeMap<u64, bool>,
    settled: BTreeMap<u64, bool>,
}

impl Node {
    /// At an address, with the operator's server if its log is wanted.
    pub fn new(address: SocketAddr, operator: Option<&(SocketAddr, Token)>) -> Node {
        Node {
            rest: RestClient::new(address),
            operator: operator.map(|(address, token)| RestClient::with_token(*address, token.as_str())),
            looks: 0,
            until: Instant::now(),
            stages: BTreeMap::new(),
            consumed: BTreeMap::new(),
            settled: BTreeMap::new(),
        }
    }

    /// Everything that is new. The tip comes last, so that who has it has the rest.
    pub async fn look(&mut self, wish: &Wish) -> Result<Vec<News>, Failure> {
        let mut told = Vec::new();
        // What is not told by then is asked for at the next look: a slow node still shows how far it is.
        self.until = Instant::now() + Duration::from_millis(LOOK_MS_MAX);
        if self.looks.is_multiple_of(LISTED_EVERY) {
            let venue = self.get("/v1/venue").await?;
            let assets = self.get("/v1/assets").await?;
            let markets = self.get("/v1/markets").await?;
            told.push(News::Listed(Box::new(Listed { venue, assets, markets })));
        }
        self.looks += 1;
        let tip: TipView = self.get("/v1/tip").await?;
        told.push(News::Tickers(self.get::<Vec<TickerView>>("/v1/tickers").await?));
        told.push(News::Health(self.health().await?));
        let metrics = self.text("/metrics").await?;
        told.push(News::Metrics(read_metrics(&metrics)));
        told.push(News::Batches(self.batches(&tip).await?));
        told.push(News::Inbox(self.inbox(tip.inbox_next.0).await?));
        told.push(News::Withdrawals(self.withdrawals(tip.withdrawal_next.0).await?));
        told.push(News::Outbox(self.find::<Vec<OutboxView>>("/v1/outbox").await.unwrap_or_default()));
        told.extend(self.log().await.map(News::Log));
        if let Some(subject) = &wish.subject {
            let looked = self.account(subject).await?;
            told.push(News::Account(LookedAt { subject: subject.clone(), looked }));
        }
        told.push(News::Tip(tip));
        Ok(told)
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Batches that are new or whose stage is not what the tip says.
    async fn batches(&mut self, tip: &TipView) -> Result<Vec<BatchView>, Failure> {
        let Some(built) = tip.built else { return Ok(Vec::new()) };
        let first = (built.0 + 1).saturating_sub(BATCHES_MAX);
        self.stages.retain(|number, _| (first..=built.0).contains(number));
        let mut batches = Vec::new();
        for number in (first..=built.0).rev() {
            if self.is_late() || self.stages.get(&number) == Some(&stage(tip, number)) {
                continue;
            }
            let Some(mut batch) = self.find::<BatchView>(&format!("/v1/batches/{number}")).await? else { continue };
            self.stages.insert(number, batch.stage);
            // A proof may be long, and nothing of it is shown but that it is there.
            if let Some(proof) = &mut batch.proof {
                proof.bytes = None;
            }
            batches.push(batch);
        }
        Ok(batches)
    }

    async fn inbox(&mut self, next: u64) -> Result<Vec<InboxView>, Failure> {
        let first = next.saturating_sub(MESSAGES_MAX);
        self.consumed.retain(|index, _| *index >= first);
        let mut entries = Vec::new();
        for index in first..next.saturating_add(INBOX_AHEAD_MAX) {
            if self.is_late() || self.consumed.get(&index) == Some(&true) {
                continue;
            }
            match self.find::<InboxView>(&format!("/v1/inbox/{index}")).await? {
                Some(entry) => {
                    self.consumed.insert(index, entry.sequence.is_some() || index < next);
                    entries.push(entry);
                }
                None if index >= next => break,
                None => drop(self.consumed.insert(index, true)),
            }
        }
        Ok(entries)
    }

    async fn withdrawals(&mut self, next: u64) -> Result<Vec<WithdrawalView>, Failure> {
        let first = next.saturating_sub(MESSAGES_MAX);
        self.settled.retain(|index, _| *index >= first);
        let mut withdrawals = Vec::new();
        for index in first..next {
            if self.is_late() || self.settled.get(&index) == Some(&true) {
                continue;
            }
            let found = self.find::<WithdrawalView>(&format!("/v1/withdrawals/{index}")).await?;
            self.settled.insert(index, found.as_ref().is_none_or(|message| message.claimed));
            withdrawals.extend(found);
        }
        Ok(withdrawals)
    }

    async fn account(&mut self, subject: &Subject) -> Result<Looked, Failure> {
        let mut siblings = Vec::new();
        let number = match subject {
            Subject::Number(number) => *number,
            Subject::Owner(owner) => {
                siblings = self.find(&format!("/v1/owners/{owner}/accounts")).await?.unwrap_or_default();
                match siblings.first() {
                    Some(number) => *number,
                    None => return Ok(Looked::Missing(format!("{owner} owns no account"))),
                }
            }
        };
        let Some(view) = self.find::<ashlar_api::schema::AccountView>(&format!("/v1/accounts/{number}")).await? else {
            return Ok(Looked::Missing(format!("there is no account {number}")));
        };
        if siblings.is_empty() {
            siblings = self.find(&format!("/v1/owners/{}/accounts", view.owner)).await?.unwrap_or_default();
        }
        let orders = self.get(&format!("/v1/accounts/{number}/orders")).await?;
        let history = self.get(&format!("/v1/accounts/{number}/history?limit={HISTORY_MAX}")).await?;
        Ok(Looked::Found(Box::new(AccountSeen { view, orders, history, siblings })))
    }

    /// The last lines of the log. A server that does not tell them keeps nothing else back.
    async fn log(&mut self) -> Option<Log> {
        let operator = self.operator.as_mut()?;
        let path = format!("/admin/log?limit={LOG_LINES_MAX}");
        let told = timeout(Duration::from_millis(ANSWER_MS_MAX), operator.get(&path)).await;
        Some(match told.map_err(|_| late(&path)).and_then(|told| told.map_err(failure)) {
            Ok(lines) => Log::Lines(lines),
            Err((_, reason)) => Log::Refused(reason),
        })
    }

    /// A node that does not do well says so with a status that other answers have for errors.
    async fn health(&mut self) -> Result<HealthView, Failure> {
        let text = self.text("/health").await?;
        serde_json::from_str(&text).map_err(|error| (Broken::Refused, format!("/health cannot be read: {error}")))
    }

    async fn text(&mut self, path: &str) -> Result<String, Failure> {
        let answer = timeout(Duration::from_millis(ANSWER_MS_MAX), self.rest.ask("GET", path, Default::default()));
        let (_, body) = answer.await.map_err(|_| late(path))?.map_err(failure)?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    async fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Failure> {
        let answer = timeout(Duration::from_millis(ANSWER_MS_MAX), self.rest.get(path)).await;
        answer.map_err(|_| late(path))?.map_err(failure)
    }

    /// What may not be there.
    async fn find<T: DeserializeOwned>(&mut self, path: &str) -> Result<Option<T>, Failure> {
        let answer = timeout(Duration::from_millis(ANSWER_MS_MAX), self.rest.get(path)).await;
        match answer.map_err(|_| late(path))? {
            Ok(found) => Ok(Some(found)),
            Err(ClientError::Refused(error)) if error.code == Code::NotFound => Ok(None),
            Err(error) => Err(failure(error)),
        }
    }
}

/// The stage that a batch must have by the tip.
fn stage(tip: &TipView, number: u64) -> StageView {
    let reached = |last: Option<ashlar_api::schema::Decimal>| last.is_some_and(|last| number <= last.0);
    let stages = [
        (tip.finalized, StageView::Final),
        (tip.proven, StageView::Proven),
        (tip.committed, StageView::Committed),
        (tip.published, StageView::Published),
    ];
    stages.into_iter().find(|(last, _)| reached(*last)).map_or(StageView::Built, |(_, stage)| stage)
}

fn late(path: &str) -> Failure {
    (Broken::Unreachable, format!("{path} was not answered within {} s", ANSWER_MS_MAX / 1_000))
}

/// Whether the node is gone or only unwilling.
pub fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Connection(reason) => (Broken::Unreachable, reason),
        ClientError::Refused(error) => (Broken::Refused, error.message),
        other => (Broken::Refused, other.to_string()),
    }
}
