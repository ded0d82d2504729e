//! Watches L1: its inbox, what became of batches, and whether what was consumed is still there.
//!
//! 1. An entry that was consumed counts as taken back only when L1's safe chain holds another one in its place, or none at all up to the height
//!    from which it was consumed. Until that is known nothing is let in (SPEC J-16).
//! 2. What was taken back is told to whoever orders anew together with all that L1 safely holds instead.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use ashlar_api::door::{InboxFacts, L1Transaction, ServiceState, Stage};
use ashlar_batch::{BatchHeader, Hash, InboxChain};
use ashlar_replica::L1Block;
use ashlar_settlement::Activation;
use ashlar_types::{BatchNumber, InboxIndex, Sequence};
use commonware_runtime::{Clock, Storage};
use tokio::sync::{mpsc, watch};

use super::board::Station;
use super::settle::Hands;
use super::supervise::{Service, Turn};
use crate::admit::Gate;
use crate::build::{ProgramNames, Progress, Schedule, Sure, Versions};
use crate::engine::{InboxItem, Work};
use crate::outside::{L1Counts, L1Standing, Layer1, OutsideError, Reached};

/// How the inbox stood after an entry that was consumed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    /// The entry that comes next.
    pub next: InboxIndex,
    /// The chained hash over all before it.
    pub hash: Hash,
    /// The L1 block of the entry.
    pub block: L1Block,
}

/// What L1 took back of what was consumed, and what it holds instead.
#[derive(Clone, Debug)]
pub(crate) struct TakenBack {
    /// The first entry that is not what was consumed.
    pub from: InboxIndex,
    /// What is there now, from that one on: everything that is safe.
    pub instead: Vec<InboxItem>,
}

/// What has to be done anew.
#[derive(Clone, Debug)]
pub(crate) enum Anew {
    /// The order of everything.
    Order(TakenBack),
    /// Batches from this one on, in the order that stands: L1 asks for another version by now.
    Batches(BatchNumber),
}

/// Whether what was consumed is still there.
enum Verdict {
    Holds,
    /// Nothing contradicts it, but whoever answered cannot know.
    Unsaid,
    /// It is not, but L1 is not sure yet of what is there instead.
    Waits,
    Gone,
}

/// The watcher.
pub(crate) struct Watcher<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    pub engine: mpsc::Sender<Work>,
    pub gate: Gate,
    /// The inbox as far as it was handed to the engine.
    pub inbox: InboxChain,
    /// The inbox as far as L1 will never take it back.
    pub base: InboxChain,
    /// How it stood after each entry since then.
    pub marks: VecDeque<Mark>,
    /// The header of no batch.
    pub genesis: BatchHeader,
    /// Headers that were built from an order that does not stand any more.
    pub discarded: Arc<Vec<Hash>>,
    /// The head at which all was seen to hold.
    pub sure_at: L1Block,
    /// Whoever orders and builds anew.
    pub anew: mpsc::Sender<Anew>,
    /// What L1 says of versions, for whoever builds and proves.
    pub versions: watch::Sender<Option<Versions>>,
    /// By what L1 names the programs of this release, if that is to be asked.
    pub programs: Option<ProgramNames>,
    /// Versions that had begun when their rules were seen to be known.
    pub known: BTreeSet<u32>,
    /// The head at which every batch that waits for its commit could still have one.
    pub fit_at: L1Block,
    pub gas_price: watch::Sender<u64>,
    pub heard_ms: watch::Sender<(u64, Option<u128>)>,
    /// What L1 will never take back, for whoever makes checkpoints.
    pub sure: watch::Sender<Option<Sure>>,
    /// The entry after the last one that L1 will never take back.
    pub final_inbox: InboxIndex,
    /// The final block and the entry for which L1 had no answer.
    pub asked_final: (u64, InboxIndex),
    /// Whether another node orders: then entries of the inbox come with its batches, and what L1 takes back is for it to order anew.
    pub follows: bool,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Watcher<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let last_final = self.hands.books.last_at(Stage::Final).unwrap_or_default();
        let standing = self.layer1.standing(last_final.next()).await?;
        self.hands.books.note_l1_block(standing.head.number);
        self.hands.metrics.l1_block.set(standing.head.number);
        self.count(&standing.counts);
        self.gas_price.send_replace(standing.gas_price);
        self.heard_ms.send_replace((crate::measure::millis(&self.hands.context), standing.balance));
        self.station.show("block", standing.head.number);
        if self.follows {
            // What is kept here too has to be published here before it counts as further.
            if self.hands.books.first_before(Stage::Published).is_none() {
                self.note(&standing).await?;
            }
            if let Some(block) = standing.finalized_block {
                // It begins anew where L1 takes back what it followed, so it needs nothing from before.
                self.sure.send_replace(Some(Sure { block: block.number, inbox: InboxIndex::new(u64::MAX) }));
            }
            return Ok(Turn::Idle);
        }
        self.note(&standing).await?;
        self.note_versions(&standing)?;
        match self.verdict(&standing).await? {
            Verdict::Holds => {
                self.gate.hold(None);
                // Only what was just seen to be L1's may be called final.
                self.forget_final(&standing).await?;
            }
            Verdict::Unsaid => self.gate.hold(None),
            Verdict::Waits => {
                self.hold("L1 left the block that was consumed last, and is not sure yet of what is there instead");
                return Ok(Turn::Idle);
            }
            Verdict::Gone => {
                self.hold("L1 took back what was consumed");
                return self.take_back().await;
            }
        }
        if let Some((from, why)) = self.unfit(&standing) {
            return self.build_anew(from, why).await;
        }
        let items = self.layer1.inbox(self.inbox.next).await?;
        if items.is_empty() {
            return Ok(Turn::Idle);
        }
        self.hand_over(items).await
    }
}

impl<E: Storage + Clock> Watcher<E> {
    fn count(&self, counts: &L1Counts) {
        let metrics = &self.hands.metrics;
        metrics.l1_reorgs.set(counts.reorgs);
        metrics.l1_reorg_deepest.set(counts.deepest);
        metrics.l1_waiting.set(counts.waiting);
        metrics.l1_in_flight.set(counts.in_flight);
        metrics.l1_gas_used.set(counts.gas_used);
        metrics.l1_paid.set(u64::try_from(counts.paid_wei / 1_000_000_000).unwrap_or(u64::MAX));
    }

    fn hold(&mut self, why: &str) {
        let block = self.marks.back().map_or(0, |mark| mark.block.number);
        let why = format!("{why} (block {block}); nothing is let in until the order stands again");
        if self.gate.held().is_none() {
            tracing::warn!(why, "the order is in doubt");
        }
        self.station.say(ServiceState::Degraded, why.clone());
        self.gate.hold(Some(why));
    }

    async fn verdict(&mut self, standing: &L1Standing) -> Result<Verdict, OutsideError> {
        let Some(last) = self.marks.back() else { return Ok(Verdict::Holds) };
        if standing.head != L1Block::default() && standing.head == self.sure_at {
            return Ok(Verdict::Holds);
        }
        match self.layer1.inbox_hash(last.next).await? {
            Some(hash) if hash == last.hash => {
                self.sure_at = standing.head;
                Ok(Verdict::Holds)
            }
            Some(_) => Ok(Verdict::Gone),
            None => match self.layer1.holds(last.block).await? {
                Some(false) if standing.safe.number >= last.block.number => Ok(Verdict::Gone),
                Some(false) => Ok(Verdict::Waits),
                // Whoever answers is behind, or counts less as safe than before.
                Some(true) | None => Ok(Verdict::Unsaid),
            },
        }
    }

    /// Tells whoever builds what L1 says of versions.
    fn note_versions(&mut self, standing: &L1Standing) -> Result<(), OutsideError> {
        let Some(listed) = &standing.versions else { return Ok(()) };
        let schedule = match &self.programs {
            Some(ours) => Schedule::of_release(listed, ours),
            None => Schedule::new(listed.iter().map(|version| version.begins).collect()),
        };
        let mut schedule = schedule.map_err(|error| OutsideError::retry(error.to_string()))?;
        schedule.remember(&self.known);
        self.known.extend(schedule.known_by(standing.head_time));
        let latest = schedule.latest();
        self.station.show("version", latest.version);
        self.station.show("version_from_batch", latest.from_batch.get());
        self.station.show("version_not_before", latest.not_before);
        let (head, next) = (standing.head_time, standing.reached.unwrap_or_default().committed.next());
        let unknown = schedule.unknown_from(next, head).map(|Activation { version, from_batch, not_before }| {
            format!(
                "version {version} begins with batch {} once L1's clock says {not_before}, and none of the programs that L1 names for it is of \
                 this release, which will build none of its batches; install the release that has one of them before then",
                from_batch.get()
            )
        });
        self.hands.books.note_unknown(unknown);
        self.versions.send_replace(Some(Versions { schedule, listed: listed.as_slice().into(), head }));
        Ok(())
    }

    /// The first batch that waits for its commit and that no later block of L1 takes as it is, and why.
    fn unfit(&mut self, standing: &L1Standing) -> Option<(BatchNumber, String)> {
        // The contracts are seen to be at least as far as this head, so what they have not committed by now was not.
        let committed = standing.reached?.committed;
        let head = standing.head_time;
        let seen = self.versions.borrow();
        let schedule = seen.as_ref().map(|seen| &seen.schedule).filter(|_| standing.versions.is_some())?;
        if standing.head == self.fit_at {
            return None;
        }
        let waiting = self.hands.books.uncommitted();
        let waiting = waiting.iter().filter(|header| header.number > committed);
        let unfit = waiting.into_iter().find(|header| !schedule.may_take(header.number, header.version, head));
        let Some(BatchHeader { number, version, .. }) = unfit.copied() else {
            self.fit_at = standing.head;
            return None;
        };
        let asked = schedule.version_for(number, head);
        let number_of = number.get();
        let why = format!(
            "batch {number_of} was built as version {version} and not committed before L1 began version {asked}; it and those after it are \
             built anew from the journal, nothing that was answered changes"
        );
        Some((number, why))
    }

    /// Has batches from this one on built anew, in the order that stands.
    async fn build_anew(&mut self, from: BatchNumber, why: String) -> Result<Turn, OutsideError> {
        self.layer1.give_up(from, why.clone()).await?;
        tracing::error!(batch = from.get(), why, "batches are built anew");
        self.hands.books.note_refused(from, why.clone());
        self.station.say(ServiceState::Degraded, why.clone());
        self.gate.hold(Some(why));
        // Whoever builds anew ends this service first.
        let sent = self.anew.send(Anew::Batches(from)).await;
        sent.map_err(|_| OutsideError::stop("the node is stopping"))?;
        Ok(Turn::Over)
    }

    /// Finds where L1 and this node part, and what L1 holds from there on.
    async fn take_back(&mut self) -> Result<Turn, OutsideError> {
        let (mut good, mut bad) = (0, self.marks.len());
        // Each hash is over all before it, so what agrees is a beginning.
        while good < bad {
            let middle = usize::midpoint(good, bad);
            let mark = self.marks[middle];
            let agrees = self.layer1.inbox_hash(mark.next).await? == Some(mark.hash);
            if agrees { good = middle + 1 } else { bad = middle }
        }
        let kept = match good.checked_sub(1) {
            Some(last) => InboxChain { next: self.marks[last].next, hash: self.marks[last].hash },
            None => self.base,
        };
        if self.layer1.inbox_hash(kept.next).await? != Some(kept.hash) {
            let why = format!("L1's inbox is not the one whose {} entries were consumed and final", kept.next.get());
            return Err(OutsideError::retry(format!("{why}; check the L1 endpoint")));
        }
        let (mut now, mut instead) = (kept, Vec::new());
        loop {
            let items = self.layer1.inbox(now.next).await?;
            for item in &items {
                if item.index != now.next {
                    return Err(OutsideError::retry("the client of L1 is between two chains"));
                }
                now = now.consume(item.time, &item.entry);
            }
            if items.is_empty() {
                break;
            }
            instead.extend(items);
        }
        let is_whole = self.layer1.inbox_hash(now.next).await? == Some(now.hash)
            && self.layer1.inbox_hash(now.next.next()).await?.is_none();
        if !is_whole {
            return Err(OutsideError::retry("the client of L1 has not told all that is safe on its new chain"));
        }
        // Whoever orders anew ends this service first.
        let sent = self.anew.send(Anew::Order(TakenBack { from: kept.next, instead })).await;
        sent.map_err(|_| OutsideError::stop("the node is stopping"))?;
        Ok(Turn::Over)
    }

    /// Forgets how the inbox stood after entries that L1 will never take back. An entry may be the same and in another block than the one that it was
    /// consumed from, so a block counts only while L1 holds it.
    async fn forget_final(&mut self, standing: &L1Standing) -> Result<(), OutsideError> {
        let Some(block) = standing.finalized_block else { return Ok(()) };
        let is_news = |mark: &Mark| mark.block.number <= block.number && mark.next > self.final_inbox;
        if let Some(newest) = self.marks.iter().rposition(is_news)
            && self.asked_final != (block.number, self.marks[newest].next)
        {
            let mark = self.marks[newest];
            match self.layer1.holds(mark.block).await {
                Ok(Some(true)) => self.final_inbox = mark.next,
                Ok(Some(false)) => {
                    let index = InboxIndex::new(mark.next.get().saturating_sub(1));
                    let there = self.layer1.inbox(index).await?.into_iter().next().filter(|item| item.index == index);
                    match there {
                        Some(item) => self.marks[newest].block = item.block,
                        None => self.asked_final = (block.number, mark.next),
                    }
                }
                // It is asked again at the next look.
                Ok(None) | Err(_) => {}
            }
        }
        while self.marks.len() > 1
            && let Some(first) = self.marks.front()
            && first.next <= self.final_inbox
        {
            self.base = InboxChain { next: first.next, hash: first.hash };
            self.marks.pop_front();
        }
        self.sure.send_replace(Some(Sure { block: block.number, inbox: self.final_inbox.max(self.base.next) }));
        Ok(())
    }

    async fn hand_over(&mut self, items: Vec<InboxItem>) -> Result<Turn, OutsideError> {
        let mut marks = Vec::with_capacity(items.len());
        let mut now = self.inbox;
        for item in &items {
            if item.index != now.next {
                return Err(OutsideError::retry("the client of L1 is between two chains"));
            }
            now = now.consume(item.time, &item.entry);
            marks.push(Mark { next: now.next, hash: now.hash, block: item.block });
            self.hands.books.note_inbox(InboxFacts {
                index: item.index,
                time: item.time,
                entry: item.entry.clone(),
                l1_block: item.block.number,
                transaction: item.transaction,
                sequence: None::<Sequence>,
            });
        }
        let sent = self.engine.send(Work::Inbox(items)).await;
        sent.map_err(|_| OutsideError::stop("the engine has stopped"))?;
        self.inbox = now;
        self.marks.extend(marks);
        self.station.show("inbox", now.next.get());
        Ok(Turn::Worked)
    }

    /// Writes down what became of batches.
    async fn note(&self, standing: &L1Standing) -> Result<(), OutsideError> {
        let Hands { books, metrics, .. } = &*self.hands;
        if let Some(reached) = standing.reached {
            self.fall_back(reached).await?;
        }
        let mut own = u64::MAX;
        for commit in &standing.commits {
            let Some(header) = books.header(commit.number) else { continue };
            if header.hash() != commit.hash {
                self.foreign_commit(commit.number, commit.hash, standing).await?;
                own = commit.number.get().saturating_sub(1);
                break;
            }
            let is_new = books.progress(commit.number).is_some_and(|progress| progress.stage < Stage::Committed);
            let change = |progress: &mut Progress| {
                progress.stage = progress.stage.max(Stage::Committed);
                progress.commit = Some(commit.at);
            };
            self.hands.advance(commit.number, change).await?;
            if is_new {
                self.hands.took(Stage::Committed, commit.number);
                self.noted(standing);
            }
        }
        // What was proven of another's batches says nothing about ours.
        let of_ours = |(upto, at): (BatchNumber, L1Transaction)| (BatchNumber::new(upto.get().min(own)), at);
        let is_new = self.reached(Stage::Proven, standing.proven.map(of_ours)).await?
            | self.reached(Stage::Final, standing.finalized.map(of_ours)).await?;
        if is_new {
            self.noted(standing);
        }
        let at = |stage| books.last_at(stage).map_or(0, BatchNumber::get);
        metrics.batch_committed.set(at(Stage::Committed));
        metrics.batch_proven.set(at(Stage::Proven));
        metrics.batch_final.set(at(Stage::Final));
        Ok(())
    }

    /// What L1 took back of the way that batches had come.
    async fn fall_back(&self, reached: Reached) -> Result<(), OutsideError> {
        let books = &self.hands.books;
        for (stage, below, upto) in [
            (Stage::Final, Stage::Proven, reached.finalized),
            (Stage::Proven, Stage::Committed, reached.proven),
            (Stage::Committed, Stage::Published, reached.committed),
        ] {
            // From the last one down, so that no batch is ever further than one before it.
            while let Some(number) = books.last_at(stage).filter(|number| *number > upto) {
                tracing::warn!(batch = number.get(), ?stage, "L1 took back how far a batch had come");
                let change = |progress: &mut Progress| {
                    progress.stage = below;
                    progress.finalize = None;
                    if below < Stage::Proven {
                        progress.prove = None;
                    }
                    if below < Stage::Committed {
                        progress.commit = None;
                    }
                };
                self.hands.advance(number, change).await?;
            }
        }
        Ok(())
    }

    /// L1 holds a header that is not the one here: one of ours from before an unwinding is taken back, any other is a divergence.
    async fn foreign_commit(&self, number: BatchNumber, hash: Hash, standing: &L1Standing) -> Result<(), OutsideError> {
        let books = &self.hands.books;
        let is_final = standing.reached.is_some_and(|reached| number <= reached.finalized);
        // L1 may leave what was followed; whoever follows looks to that.
        if self.follows && !is_final {
            return Ok(());
        }
        if is_final || !self.discarded.contains(&hash) {
            books.note_divergence(format!("batch {} on L1 has another header than here", number.get()));
            return Ok(());
        }
        let below = BatchNumber::new(number.get().saturating_sub(1));
        let kept = if below == self.genesis.number { Some(self.genesis) } else { books.header(below) };
        match kept {
            Some(kept) => self.layer1.revert(kept).await,
            None => Ok(()),
        }
    }

    /// Records how long at most something was on L1 before it was known here.
    fn noted(&self, standing: &L1Standing) {
        let Hands { metrics, context, .. } = &*self.hands;
        if let Some(unseen_ms) = standing.unseen_ms {
            metrics.noted_us.record(crate::measure::millis(context).saturating_sub(unseen_ms).saturating_mul(1_000));
        }
    }

    /// Whether a batch came further by it.
    async fn reached(&self, stage: Stage, upto: Option<(BatchNumber, L1Transaction)>) -> Result<bool, OutsideError> {
        let Some((upto, at)) = upto else { return Ok(false) };
        let mut is_new = false;
        while let Some((number, _)) = self.hands.books.first_before(stage).filter(|(number, _)| *number <= upto) {
            let change = |progress: &mut Progress| {
                progress.stage = progress.stage.max(stage);
                match stage {
                    Stage::Final => progress.finalize = Some(at),
                    _ => progress.prove = Some(at),
                }
            };
            self.hands.advance(number, change).await?;
            self.hands.took(stage, number);
            is_new = true;
        }
        Ok(is_new)
    }
}
