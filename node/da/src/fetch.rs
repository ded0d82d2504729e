use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{Hash, Signatures};
use ashlar_coding::{CodingError, Collector, Row, Simd, Verifier};
use futures::future::{Either, select, select_all};

use crate::deposit::signatures_of;
use crate::limits::FETCHES_AT_ONCE;
use crate::{Answer, BatchKey, Pace, SectionKey, Share, Standings, Store, StoreError, Wanted};

/// Stores in the order they are asked.
pub(crate) type Sources<'a> = Vec<&'a dyn Store>;

/// A batch that was found.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes, whose root is the header's data root.
    pub bytes: Vec<u8>,
    /// What each store that was asked had to do with it.
    pub sources: Vec<SourceReport>,
}

/// What one store answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceReport {
    /// The store.
    pub name: String,
    /// Rows of its answer that were right.
    pub accepted: usize,
    /// What is to be held against it.
    pub verdict: Verdict,
}

/// How a store behaved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything it sent was right.
    Honest,
    /// It sent nothing, and says why.
    Silent(StoreError),
    /// It sent something wrong: it is damaged or lies. The first thing found.
    Wrong(CodingError),
    /// What it sent is under the commitment and not coded from the data: the publisher lied, and not the store.
    Relayed(CodingError),
}

impl Verdict {
    /// What an error says about who sent the chunk.
    pub(crate) const fn of(error: CodingError) -> Verdict {
        match error {
            CodingError::NotCoded { .. } => Self::Relayed(error),
            _ => Self::Wrong(error),
        }
    }
}

/// Why a batch was not found.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The header's commitment is no digest of this scheme.
    #[error("the header's commitment {commitment:?} is not of this scheme; ask the publisher that the header names")]
    OtherScheme {
        /// What the header says.
        commitment: Hash,
    },
    /// No store sent the manifest.
    #[error("none of {} stores has a manifest of the batch; add stores and try again", .sources.len())]
    NoManifest {
        /// What each store answered.
        sources: Vec<SourceReport>,
    },
    /// All stores together have too few rows.
    #[error("{have} rows of the {need} that are needed were found; missing are {}; add stores", names(.missing))]
    TooFew {
        /// Rows that are needed.
        need: usize,
        /// Rows that were found.
        have: usize,
        /// Rows that no store sent.
        missing: Vec<Row>,
        /// What each store answered.
        sources: Vec<SourceReport>,
    },
    /// The rows are there and are not a batch of that data root: the publisher committed to something else.
    #[error("what the header commits to is no batch of its data root: {0}")]
    NotTheBatch(CodingError),
}

impl FetchError {
    /// What each store answered; nothing where that is not why.
    pub fn sources(&self) -> &[SourceReport] {
        match self {
            FetchError::NoManifest { sources } | FetchError::TooFew { sources, .. } => sources,
            FetchError::OtherScheme { .. } | FetchError::NotTheBatch(_) => &[],
        }
    }
}

/// The numbers of rows, with runs joined.
fn names(rows: &[Row]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for row in rows.iter().map(|row| row.get()) {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(row) => *last = row,
            _ => runs.push((row, row)),
        }
    }
    let name = |(first, last): &(u16, u16)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    runs.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Who is asked, and by what.
pub(crate) struct Asking<'a> {
    /// Stores in the order they are asked.
    pub sources: Sources<'a>,
    /// How they behaved.
    pub standings: &'a Standings,
    /// The clock.
    pub pace: &'a Pace,
}

/// A store that was asked and has not answered.
struct Asked<'a> {
    index: usize,
    since: Duration,
    patience: Duration,
    is_late: bool,
    answer: Answer<'a, Share>,
}

impl Future for Asked<'_> {
    type Output = Result<Share, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.answer.as_mut().poll(context)
    }
}

async fn ask<'a>(store: &'a dyn Store, key: &'a BatchKey, have: Vec<Row>, most: usize) -> Result<Share, StoreError> {
    store.get(key, Wanted::Beside { have: &have, most }).await
}

/// What happens next.
enum Next {
    /// One of those asked has answered.
    Answer(usize, Result<Share, StoreError>),
    /// Somebody has taken longer than was to be expected.
    Late,
}

/// A fetch under way.
struct Fetch<'a> {
    asking: Asking<'a>,
    key: &'a BatchKey,
    data_root: Option<Digest>,
    collector: Option<Collector>,
    asked: Vec<Asked<'a>>,
    /// How many sources were asked so far.
    begun: usize,
    /// Sources that were not waited for any longer, to be asked again if the others do not have enough.
    given_up: VecDeque<usize>,
    reports: Vec<(usize, SourceReport)>,
}

/// Asks stores for what is still missing, the best first and several at once, until there is enough.
///
/// As many are asked as are expected to have enough together, [`FETCHES_AT_ONCE`] at most. Who takes longer than was to be expected counts for
/// nothing from then on: the next is asked beside it, or, when all places are taken, in its place. Whoever lost its place like that is asked again
/// where all others together do not have enough, and then waited for.
pub(crate) async fn fetch(
    asking: Asking<'_>,
    key: &BatchKey,
    data_root: Option<Digest>,
) -> Result<Fetched, FetchError> {
    let (asked, given_up, reports) = (Vec::new(), VecDeque::new(), Vec::new());
    let mut fetch = Fetch { asking, key, data_root, collector: None, asked, begun: 0, given_up, reports };
    loop {
        fetch.ask_more();
        let Some(next) = fetch.next().await else { break };
        match next {
            Next::Late => fetch.mark_late(),
            Next::Answer(at, answer) => {
                fetch.take(at, answer)?;
                if let Some(enough) = fetch.collector.as_ref().filter(|collector| collector.progress().is_enough()) {
                    let bytes = enough.restore(&Simd).map_err(FetchError::NotTheBatch)?;
                    fetch.note_the_late();
                    return Ok(Fetched { bytes, sources: in_order(fetch.reports) });
                }
            }
        }
    }
    let sources = in_order(fetch.reports);
    Err(match fetch.collector {
        None => FetchError::NoManifest { sources },
        Some(collector) => {
            let progress = collector.progress();
            let missing = collector.missing().collect();
            FetchError::TooFew { need: progress.need, have: progress.have, missing, sources }
        }
    })
}

/// In the order they were asked.
fn in_order(mut reports: Vec<(usize, SourceReport)>) -> Vec<SourceReport> {
    reports.sort_by_key(|(index, _)| *index);
    reports.into_iter().map(|(_, report)| report).collect()
}

impl<'a> Fetch<'a> {
    /// Whether what is there and what is expected of those asked is enough.
    fn is_covered(&self) -> bool {
        let stores = self.asking.sources.len();
        let expected = self.asked.iter().filter(|asked| !asked.is_late).count();
        match &self.collector {
            // Of stores of one publisher half have the data, at the shorter of both rates.
            None => expected >= stores.div_ceil(2).min(FETCHES_AT_ONCE),
            Some(collector) => {
                let rows = collector.verifier().manifest().layout().rows();
                let progress = collector.progress();
                progress.have + expected * rows.div_ceil(stores.max(1)) >= progress.need
            }
        }
    }

    fn ask_more(&mut self) {
        while !self.is_covered() {
            let is_new = self.begun < self.asking.sources.len();
            if self.asked.len() >= FETCHES_AT_ONCE && !(is_new && self.give_up_the_latest()) {
                return;
            }
            let index = if is_new { Some(self.begun) } else { self.given_up.pop_front() };
            let Some(index) = index else { return };
            let Some(store) = self.asking.sources.get(index).copied() else { return };
            self.begun += usize::from(is_new);
            let have = self.collector.iter().flat_map(Collector::rows).collect();
            let most = self.collector.as_ref().map_or(usize::MAX, |collector| {
                let progress = collector.progress();
                progress.need - progress.have
            });
            self.asked.push(Asked {
                index,
                since: self.asking.pace.now(),
                patience: self.asking.standings.patience(store),
                is_late: false,
                answer: Box::pin(ask(store, self.key, have, most)),
            });
        }
    }

    /// Takes the place of the one who is late for longest; false if nobody is.
    fn give_up_the_latest(&mut self) -> bool {
        let late = self.asked.iter().enumerate().filter(|(_, asked)| asked.is_late);
        let Some((at, _)) = late.min_by_key(|(_, asked)| asked.since) else { return false };
        let Asked { index, since, .. } = self.asked.remove(at);
        let took = self.asking.pace.now().saturating_sub(since);
        // It is as slow as it was so far, at least.
        if let Some(store) = self.asking.sources.get(index) {
            self.asking.standings.note_time(store.name(), took);
        }
        self.given_up.push_back(index);
        let reason = format!("it has not answered for {} ms, and others were asked in its place", took.as_millis());
        self.report(index, 0, Verdict::Silent(StoreError::Failed { action: "answer", reason }));
        true
    }

    async fn next(&mut self) -> Option<Next> {
        if self.asked.is_empty() {
            return None;
        }
        let now = self.asking.pace.now();
        let waits = self.asked.iter().filter(|asked| !asked.is_late);
        // Who is late matters only if there is somebody else to ask.
        let waits = waits.filter(|_| self.begun < self.asking.sources.len());
        let wait = waits.map(|asked| (asked.since + asked.patience).saturating_sub(now)).min();
        let late = wait.map(|wait| self.asking.pace.sleep(wait));
        let answer = select_all(self.asked.iter_mut());
        match late {
            None => {
                let (answer, at, _) = answer.await;
                Some(Next::Answer(at, answer))
            }
            Some(late) => match select(answer, late).await {
                Either::Left(((answer, at, _), _)) => Some(Next::Answer(at, answer)),
                Either::Right(_) => Some(Next::Late),
            },
        }
    }

    fn mark_late(&mut self) {
        let now = self.asking.pace.now();
        for asked in self.asked.iter_mut().filter(|asked| asked.since + asked.patience <= now) {
            asked.is_late = true;
        }
    }

    /// Who was late and is not waited for is as slow as it was so far, at least.
    fn note_the_late(&self) {
        let now = self.asking.pace.now();
        for asked in self.asked.iter().filter(|asked| asked.is_late) {
            if let Some(store) = self.asking.sources.get(asked.index) {
                self.asking.standings.note_time(store.name(), now.saturating_sub(asked.since));
            }
        }
    }

    fn take(&mut self, at: usize, answer: Result<Share, StoreError>) -> Result<(), FetchError> {
        let Asked { index, since, .. } = self.asked.remove(at);
        match answer {
            Err(error) => self.report(index, 0, Verdict::Silent(error)),
            Ok(share) => {
                let took = self.asking.pace.now().saturating_sub(since);
                if let Some(store) = self.asking.sources.get(index) {
                    self.asking.standings.note_time(store.name(), took);
                }
                let (accepted, verdict) = take(&mut self.collector, self.key, self.data_root, share)?;
                self.report(index, accepted, verdict);
            }
        }
        Ok(())
    }

    /// Says what a store did, in place of what was said before it was asked again.
    fn report(&mut self, index: usize, accepted: usize, verdict: Verdict) {
        self.reports.retain(|(at, _)| *at != index);
        let name = self.asking.sources.get(index).map_or_else(String::new, |store| store.name().to_owned());
        self.reports.push((index, SourceReport { name, accepted, verdict }));
    }
}

/// Asks one store after the other for signatures, until they are those of the root.
pub(crate) async fn fetch_section(
    stores: Sources<'_>,
    key: &SectionKey,
) -> Result<(Signatures, Vec<SourceReport>), Vec<SourceReport>> {
    let mut sources = Vec::new();
    for store in stores {
        let report = |accepted, verdict| SourceReport { name: store.name().to_owned(), accepted, verdict };
        match store.signatures(key).await {
            Err(error) => sources.push(report(0, Verdict::Silent(error))),
            Ok(bytes) => match signatures_of(&bytes).filter(|signatures| signatures.root() == key.root) {
                Some(signatures) => {
                    sources.push(report(1, Verdict::Honest));
                    return Ok((signatures, sources));
                }
                None => {
                    let wrong = "it sent signatures of another root".to_owned();
                    sources.push(report(0, Verdict::Silent(StoreError::Wrong(wrong))));
                }
            },
        }
    }
    Err(sources)
}

/// Checks everything in a share; what is right is kept even if something else is wrong.
fn take(
    collector: &mut Option<Collector>,
    key: &BatchKey,
    data_root: Option<Digest>,
    share: Share,
) -> Result<(usize, Verdict), FetchError> {
    let collector = match collector {
        Some(collector) if *collector.verifier().manifest() == share.manifest => collector,
        Some(_) | None => {
            match Verifier::new(key.commitment, data_root.unwrap_or(share.manifest.data_root()), share.manifest) {
                Ok(verifier) => collector.insert(Collector::new(verifier)),
                Err(error @ CodingError::DataRoot { .. }) => return Err(FetchError::NotTheBatch(error)),
                Err(error) => return Ok((0, Verdict::Wrong(error))),
            }
        }
    };
    let (mut accepted, mut verdict) = (0, Verdict::Honest);
    for chunk in &share.chunks {
        match collector.add(chunk) {
            Ok(_) => accepted += 1,
            Err(error @ CodingError::NotCoded { .. }) => {
                if verdict == Verdict::Honest {
                    verdict = Verdict::Relayed(error);
                }
            }
            Err(error) if !matches!(verdict, Verdict::Wrong(_)) => verdict = Verdict::Wrong(error),
            Err(_) => {}
        }
    }
    Ok((accepted, verdict))
}
