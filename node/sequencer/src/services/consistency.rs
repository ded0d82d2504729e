//! Compares, over and over, what this node holds with what L1 keeps, what is given out as data with what was committed, and what it stored
//! with what executing it gives (SPEC Y-6, Y-7).
//!
//! 1. Headers are compared whenever L1 has a new block: a node that went another way knows within one of them.
//! 2. Each check looks at some batches that nobody can guess, and at one more in turn, so that nothing stored stays unseen for good.
//! 3. What cannot be asked says nothing: an outage is no divergence.
//! 4. Looking takes a tenth of a thread at most.

use std::collections::BTreeSet;
use std::sync::Arc;

use ashlar_api::door::{ServiceState, Stage as Progressed};
use ashlar_batch::{BatchHeader, Hash};
use ashlar_replica::{CanonicalEntry, L1Block};
use ashlar_sync::limits::{FINDINGS_MAX, SAMPLES_MAX};
use ashlar_sync::{
    AcceptedProof, BatchSource, Chain, CheckConfig, CommittedBatch, ConsistencyChecker, Cursor, Cursors, Finding,
    Local, MultiLayerStateManager, SourceError, Stage, Strategy, SyncError, samples,
};
use ashlar_types::{BatchNumber, ExchangeId, InboxIndex};
use commonware_runtime::{Clock, Storage};
use tokio::sync::watch;

use super::board::Station;
use super::settle::Hands;
use super::stored::look_at_stored;
use super::supervise::{Service, Turn};
use crate::admit::Gate;
use crate::build::{Books, Shelf};
use crate::config::Limits;
use crate::measure::{micros, millis};
use crate::outside::{Advice, Anchor, Availability, Divergence, Layer1, OutsideError, Reports};
use crate::receipt::NodeKey;

/// Looking rests for this many times as long as it took.
const REST: u64 = 9;

/// The service.
pub(crate) struct Consistency<E> {
    pub hands: Arc<Hands<E>>,
    pub shelf: Shelf<E>,
    pub layer1: Option<Arc<dyn Layer1>>,
    /// Where published data is asked for; nothing where none is published.
    pub availability: Option<Arc<dyn Availability>>,
    pub limits: watch::Receiver<Limits>,
    pub gate: Gate,
    pub reports: Option<Arc<dyn Reports>>,
    /// Headers that were built from an order that does not stand any more: L1 may hold them for a while.
    pub discarded: Arc<Vec<Hash>>,
    /// Whether another node orders: then L1 may leave what is not final, and whoever follows looks to that.
    pub follows: bool,
    pub exchange: ExchangeId,
    /// What is sampled is drawn by it.
    pub key: NodeKey,
    pub station: Station,
    pub seen: Seen,
}

/// How far it is.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The last L1 block at which headers were compared.
    block: u64,
    /// When the next whole check is due.
    due_ms: u64,
    /// The last batch that was looked at in turn.
    swept: BatchNumber,
    /// What was found so far, each once.
    told: BTreeSet<String>,
    /// The first batch of all that differs, and how.
    first: Option<(BatchNumber, String)>,
}

impl<E: Storage + Clock> Service for Consistency<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let rules = self.limits.borrow().checks;
        let now_ms = millis(&self.hands.context);
        let block = self.hands.books.l1_block();
        let is_due = now_ms >= self.seen.due_ms;
        // While the order is in doubt L1 and this node differ rightly.
        let rests = rules.interval.is_zero() || self.gate.held().is_some();
        if rests || !(is_due || block != self.seen.block) {
            return Ok(Turn::Idle);
        }
        let mut findings = Vec::new();
        let seed = self.key.draw(&self.exchange, now_ms).map_err(|error| OutsideError::stop(error.to_string()))?;
        if is_due {
            let interval = u64::try_from(rules.interval.as_millis()).unwrap_or(u64::MAX);
            let begun = micros(&self.hands.context);
            findings.extend(self.look(&rules, seed).await?);
            let took_ms = micros(&self.hands.context).saturating_sub(begun) / 1_000;
            self.seen.due_ms = now_ms.saturating_add(interval.max(took_ms.saturating_mul(REST)));
        }
        let compared = self.compare(&rules, seed, is_due).await;
        let anchor = compared.as_ref().ok().and_then(|(anchor, _)| *anchor);
        let failed = match compared {
            Ok((_, more)) => {
                self.seen.block = block;
                findings.extend(more.into_iter().filter(|finding| !self.may_be_left(finding)));
                None
            }
            Err(error) => Some(error),
        };
        self.tell(&rules, findings, anchor.map(|anchor| anchor.block), now_ms);
        match failed {
            Some(error) => Err(error),
            None => {
                self.show(is_due, now_ms);
                Ok(Turn::Idle)
            }
        }
    }
}

impl<E: Storage + Clock> Consistency<E> {
    /// Whether L1 may leave what differs: of a node that follows, everything that is not final.
    fn may_be_left(&self, finding: &Finding) -> bool {
        let last_final = self.hands.books.last_at(Progressed::Final).unwrap_or_default();
        self.follows && matches!(finding, Finding::LocalHeader { batch, .. } if *batch > last_final)
    }

    /// Looks at what is stored of some batches, and of the next one in turn.
    async fn look(&mut self, rules: &CheckConfig, seed: u64) -> Result<Vec<Finding>, OutsideError> {
        let books = &self.hands.books;
        let Some((first, last)) = books.range() else { return Ok(Vec::new()) };
        let count = last.get().saturating_sub(first.get()).saturating_add(1);
        // Numbers from one on, of the batches that are here.
        let drawn = samples(BatchNumber::new(count), rules.samples.min(SAMPLES_MAX), seed);
        let drawn =
            drawn.into_iter().map(|at| BatchNumber::new(first.get().saturating_add(at.get()).saturating_sub(1)));
        let next = self.seen.swept.next();
        self.seen.swept = if (first..=last).contains(&next) { next } else { first };
        let numbers: BTreeSet<BatchNumber> = drawn.chain([self.seen.swept]).collect();
        let mut findings = Vec::new();
        for number in numbers {
            let Some(header) = books.header(number) else { continue };
            let published = || async { self.availability.as_ref()?.fetch(header).await.ok()? };
            findings.extend(look_at_stored(&self.shelf, &header, published).await?);
            self.hands.metrics.looks.add(1);
        }
        Ok(findings)
    }

    /// Compares with L1, and, if it is time, what is given out as data with what was committed.
    async fn compare(
        &self,
        rules: &CheckConfig,
        seed: u64,
        is_due: bool,
    ) -> Result<(Option<Anchor>, Vec<Finding>), OutsideError> {
        let Some(layer1) = &self.layer1 else { return Ok((None, Vec::new())) };
        let anchor = layer1.anchor().await?;
        let books = &self.hands.books;
        let chain = OnL1 { layer1: layer1.as_ref(), books, anchor, discarded: &self.discarded };
        let local = Here { books, shelf: &self.shelf };
        let given = GivenOut { availability: self.availability.as_ref(), books };
        if !is_due {
            let layers = MultiLayerStateManager::new(&chain, &given, &local, ConsistencyChecker { config: *rules });
            let seen = layers.synchronize_state().await.map_err(unsynchronized)?;
            self.station.show("taken_back", seen.taken_back);
            return Ok((Some(anchor), seen.divergence.into_iter().collect()));
        }
        let kept_from =
            || self.availability.as_ref().map_or_else(BatchNumber::default, |availability| availability.kept_from());
        let data_batches = data_batches(rules.data_batches, kept_from(), anchor.committed);
        let samples = if self.availability.is_some() { data_batches.map_or(0, |_| rules.samples) } else { 0 };
        let config = CheckConfig { samples, data_batches: data_batches.unwrap_or_default(), ..*rules };
        let layers = MultiLayerStateManager::new(&chain, &given, &local, ConsistencyChecker { config });
        let mut checked = layers.verify_consistency(seed).await.map_err(unsynchronized)?;
        // What was let go on purpose while this looked for it is not missing either: how far that is moves before anything goes.
        let kept = kept_from();
        checked.findings.retain(|finding| !matches!(finding, Finding::DataWithheld { batch, .. } if *batch < kept));
        self.hands.metrics.data_samples.add(checked.sampled);
        self.station.show("behind", checked.lag);
        self.station.show("data", checked.unanswered.unwrap_or_else(|| "answers".to_owned()));
        Ok((Some(anchor), checked.findings))
    }

    /// Raises the alarm for what was not told yet, and does what the strategy says.
    fn tell(&mut self, rules: &CheckConfig, findings: Vec<Finding>, block: Option<L1Block>, at_ms: u64) {
        let room = FINDINGS_MAX.saturating_sub(self.seen.told.len());
        let mut findings: Vec<Finding> =
            findings.into_iter().filter(|finding| !self.seen.told.contains(&finding.to_string())).take(room).collect();
        findings.sort_by_key(Finding::batch);
        let Some(first) = findings.first() else { return };
        self.hands.metrics.findings.add(findings.len() as u64);
        self.seen.told.extend(findings.iter().map(ToString::to_string));
        if self.seen.first.as_ref().is_none_or(|(batch, _)| first.batch() < *batch) {
            self.seen.first = Some((first.batch(), first.to_string()));
        }
        for finding in &findings {
            let (batch, command) = (finding.batch().get(), finding.command().map(ashlar_types::Sequence::get));
            tracing::error!(batch, ?command, key = ?finding.key(), %finding, "this node diverges");
        }
        let what = first.to_string();
        let report = Divergence { at_ms, block, strategy: rules.strategy, findings };
        match self.reports.as_ref().map(|reports| reports.keep(&report)) {
            Some(Ok(place)) => {
                tracing::error!(place, "the report of the divergence is kept");
                self.station.show("report", place);
            }
            Some(Err(error)) => tracing::error!(%error, "the report of the divergence cannot be kept"),
            None => {}
        }
        if let Some((_, first)) = &self.seen.first {
            self.hands.books.note_divergence(first.clone());
        }
        match rules.strategy {
            Strategy::Alert => {}
            // Going back would drop what was answered and is not on L1, so only who has answered nobody does it by itself.
            Strategy::Halt | Strategy::Reconcile => {
                self.gate.close(Some(format!(
                    "this node diverges: {what}; nothing is let in until the operator has looked (docs/runbooks.md, divergence)"
                )));
            }
        }
    }

    fn show(&self, is_due: bool, now_ms: u64) {
        if is_due {
            self.hands.metrics.checks.add(1);
            self.hands.metrics.checked.set(now_ms / 1_000);
        }
        for (layer, cursor) in self.hands.books.cursors().named() {
            let Some(Cursor { batch, next, root, .. }) = cursor else { continue };
            self.station.show(layer, format!("batch {}, before command {}, {root:?}", batch.get(), next.get()));
        }
        self.station.show("compared_at_block", self.seen.block);
        self.station.show("swept", self.seen.swept.get());
        match &self.seen.first {
            Some((_, what)) => self.station.say(ServiceState::Degraded, what.clone()),
            None => self.station.say(ServiceState::Running, "nothing differs"),
        }
    }
}

fn unanswered(error: SourceError) -> OutsideError {
    let advice = if error.is_transient { Advice::Retry } else { Advice::Stop };
    OutsideError { advice, why: error.why }
}

fn unsynchronized(error: SyncError) -> OutsideError {
    match error {
        SyncError::Source(error) => unanswered(error),
        SyncError::Recovery(error) => OutsideError::stop(error.to_string()),
    }
}

fn unavailable(error: OutsideError) -> SourceError {
    SourceError { is_transient: error.advice == Advice::Retry, why: error.why }
}

/// What the contract keeps at one block, with the headers of this node: whether they are its own is what the hashes say.
struct OnL1<'a> {
    layer1: &'a dyn Layer1,
    books: &'a Books,
    anchor: Anchor,
    discarded: &'a [Hash],
}

impl OnL1<'_> {
    /// The header that L1 was told with a hash. That it is not to be had changes nothing about the hash.
    async fn told(&self, number: BatchNumber, hash: Hash) -> Option<BatchHeader> {
        self.layer1.header(number).await.ok().flatten().filter(|header| header.hash() == hash)
    }
}

impl Chain for OnL1<'_> {
    async fn head(&self) -> Result<L1Block, SourceError> {
        Ok(self.anchor.block)
    }

    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(self.anchor.committed)
    }

    async fn batch(&self, number: BatchNumber) -> Result<Option<CommittedBatch>, SourceError> {
        let Some(header) = self.books.header(number) else { return Ok(None) };
        let Anchor { block, .. } = self.anchor;
        let hash = self.layer1.header_hash(block, number).await.map_err(unavailable)?;
        let Some(hash) = hash.filter(|hash| !self.discarded.contains(hash)) else { return Ok(None) };
        let header = if hash == header.hash() { header } else { self.told(number, hash).await.unwrap_or(header) };
        Ok(Some(CommittedBatch { header, hash, block, stage: Stage::Committed }))
    }

    async fn inbox(&self, _: InboxIndex) -> Result<Option<CanonicalEntry>, SourceError> {
        Ok(None)
    }

    async fn proofs(&self, _: BatchNumber) -> Result<Vec<AcceptedProof>, SourceError> {
        Ok(Vec::new())
    }
}

/// What is on this node's disk.
struct Here<'a, E> {
    books: &'a Books,
    shelf: &'a Shelf<E>,
}

impl<E: Storage> Here<'_, E> {
    async fn stored<T>(
        &self,
        read: impl Future<Output = Result<Option<T>, crate::error::NodeError>> + Send,
    ) -> Result<Option<T>, SourceError> {
        read.await.map_err(|error| SourceError { is_transient: true, why: error.to_string() })
    }
}

impl<E: Storage> Local for Here<'_, E> {
    async fn tip(&self) -> Result<BatchNumber, SourceError> {
        Ok(self.books.waits().last.unwrap_or_default())
    }

    async fn header(&self, number: BatchNumber) -> Result<Option<BatchHeader>, SourceError> {
        let progress = self.stored(self.shelf.progress(number)).await?;
        Ok(progress.map(|progress| progress.header))
    }

    async fn bytes(&self, number: BatchNumber) -> Result<Option<Vec<u8>>, SourceError> {
        let sealed = self.stored(self.shelf.get(number)).await?;
        Ok(sealed.and_then(|sealed| sealed.input().ok().map(|input| input.batch.to_vec())))
    }

    async fn cursors(&self) -> Result<Cursors, SourceError> {
        Ok(self.books.cursors())
    }
}

/// How many of the newest committed batches are asked for; zero says all, and nothing that there is none to ask for. What was let go on purpose is not
/// missing.
fn data_batches(newest: u64, kept_from: BatchNumber, committed: BatchNumber) -> Option<u64> {
    match (newest, kept_from.get()) {
        (newest, 0 | 1) => Some(newest),
        (_, kept_from) if kept_from > committed.get() => None,
        (0, kept_from) => Some(committed.get() - kept_from + 1),
        (newest, kept_from) => Some(newest.min(committed.get() - kept_from + 1)),
    }
}

/// What stores give out.
struct GivenOut<'a> {
    availability: Option<&'a Arc<dyn Availability>>,
    books: &'a Books,
}

impl BatchSource for GivenOut<'_> {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        let not_yet = |why: &str| Err(SourceError { is_transient: true, why: why.to_owned() });
        let Some(availability) = self.availability else { return not_yet("nothing is published by this node") };
        match self.books.progress(header.number) {
            Some(progress) if progress.stage >= Progressed::Published => {
                availability.fetch(*header).await.map_err(unavailable)
            }
            _ => not_yet("what was followed is not published by this node yet"),
        }
    }
}
