//! The services that move built batches: data, commit, proof, finality. Each looks at the books, does the next thing, and looks again.
//!
//! 1. What each does is decided by the books alone, so after a restart it goes on where it was.
//! 2. Handing the same thing in twice does no harm, and only what is known to have happened is written into the books.

use std::sync::Arc;

use ashlar_api::door::{InboxFacts, Stage};
use ashlar_replica::L1Block;
use ashlar_types::{BatchNumber, InboxIndex, Sequence};
use commonware_runtime::{Clock, Storage};
use tokio::sync::{Mutex, mpsc, watch};

use super::board::Station;
use super::supervise::{Service, Turn};
use crate::admit::Gate;
use crate::build::{Books, Progress, Shelf};
use crate::engine::{InboxItem, Work};
use crate::error::NodeError;
use crate::measure::{Metrics, STEPS, TraceId, millis};
use crate::outside::{Availability, L1Standing, Layer1, OutsideError, Proving};

/// What all of them share.
pub(crate) struct Hands<E> {
    pub books: Books,
    /// One at a time writes a batch's progress.
    pub shelf: Arc<Mutex<Shelf<E>>>,
    pub metrics: Arc<Metrics>,
    pub context: E,
}

impl<E: Storage + Clock> Hands<E> {
    /// Changes how far a batch has come, durably.
    async fn advance(&self, number: BatchNumber, change: impl FnOnce(&mut Progress)) -> Result<(), OutsideError> {
        let shelf = self.shelf.lock().await;
        if let Some(progress) = self.books.advance(number, change) {
            shelf.put_progress(number, &progress).await.map_err(durable)?;
        }
        Ok(())
    }

    /// Records that a batch has come to a stage just now: since it was built, and since its first command was accepted.
    fn took(&self, stage: Stage, number: BatchNumber) {
        let Some(Progress { header, built_ms, .. }) = self.books.progress(number) else { return };
        let now_ms = millis(&self.context);
        let us = |since_ms: u64| now_ms.saturating_sub(since_ms).saturating_mul(1_000);
        let metrics = &self.metrics;
        let (since_built, since_accepted) = match stage {
            Stage::Built => return,
            Stage::Published => (&metrics.publish_us, &metrics.accepted_published_us),
            Stage::Committed => (&metrics.commit_us, &metrics.accepted_committed_us),
            Stage::Proven => (&metrics.prove_us, &metrics.accepted_proven_us),
            Stage::Final => (&metrics.final_us, &metrics.accepted_final_us),
        };
        since_built.record(us(built_ms));
        let commands = header.next_sequence.get().saturating_sub(header.first_sequence.get());
        since_accepted.record_many(us(header.first_time.get()), commands);
        let (step, us) = (word(stage), us(built_ms));
        tracing::info!(target: STEPS, trace = %TraceId::of(&header.hash().0), step, us, batch = number.get(), commands);
    }
}

/// Makes the data of batches available, in their order.
pub(crate) struct Publisher<E> {
    pub hands: Arc<Hands<E>>,
    /// Without it, and in a validium, data stays here.
    pub availability: Option<Arc<dyn Availability>>,
}

impl<E: Storage + Clock> Service for Publisher<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let Hands { books, metrics, .. } = &*self.hands;
        let Some((number, _)) = books.first_before(Stage::Published) else { return Ok(Turn::Idle) };
        if let Some(availability) = &self.availability {
            let sealed = books.sealed(number).await.ok_or_else(|| gone(number))?;
            availability.publish(sealed).await?;
        }
        self.hands.advance(number, |progress| progress.stage = progress.stage.max(Stage::Published)).await?;
        metrics.batch_published.set(number.get());
        self.hands.took(Stage::Published, number);
        Ok(Turn::Worked)
    }
}

/// Hands headers in to be committed, in their order.
pub(crate) struct Committer<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    /// The last batch that was handed in.
    pub handed: BatchNumber,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Committer<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let committed = self.hands.books.last_at(Stage::Committed).unwrap_or_default();
        // A commit that L1 took back is below what was handed in, and the outbox behind the door sends it again by itself.
        let next = self.handed.max(committed).next();
        match self.hands.books.progress(next) {
            Some(progress) if progress.stage >= Stage::Published => {}
            _ => return Ok(Turn::Idle),
        }
        let sealed = self.hands.books.sealed(next).await.ok_or_else(|| gone(next))?;
        self.layer1.commit(sealed).await?;
        self.handed = next;
        self.station.show("handed_in", next.get());
        Ok(Turn::Worked)
    }
}

/// Hands batches to the prover and collects its proofs.
pub(crate) struct Coordinator<E> {
    pub hands: Arc<Hands<E>>,
    pub prover: Arc<dyn Proving>,
    /// The last batch that was handed in.
    pub handed: BatchNumber,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Coordinator<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let books = &self.hands.books;
        let Some(unproven) = books.first_unproven() else { return Ok(Turn::Idle) };
        let next = BatchNumber::new(self.handed.next().get().max(unproven.get()));
        if books.progress(next).is_some() {
            let sealed = books.sealed(next).await.ok_or_else(|| gone(next))?;
            self.prover.submit(sealed).await?;
            self.handed = next;
            self.station.show("handed_in", next.get());
            return Ok(Turn::Worked);
        }
        let Some(proof) = self.prover.proof(unproven).await? else { return Ok(Turn::Idle) };
        let count = u32::try_from(proof.last.get().saturating_sub(unproven.get()) + 1).unwrap_or(u32::MAX);
        for number in unproven.get()..=proof.last.get() {
            let proof = Some((proof.kind.clone(), unproven.get(), count));
            self.hands.advance(BatchNumber::new(number), |progress| progress.proof = proof).await?;
        }
        self.station.show("proven", proof.last.get());
        Ok(Turn::Worked)
    }
}

/// Sends proofs of committed batches to L1 and asks that they be made final.
pub(crate) struct Sender<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    pub prover: Arc<dyn Proving>,
    /// The last batch whose proof was handed in, and the last of which finality was asked.
    pub handed: BatchNumber,
    pub asked: BatchNumber,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Sender<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let books = &self.hands.books;
        let proven = books.last_at(Stage::Proven).unwrap_or_default();
        let finalized = books.last_at(Stage::Final).unwrap_or_default();
        if proven > finalized && proven > self.asked {
            self.layer1.finalize(proven).await?;
            self.asked = proven;
            return Ok(Turn::Worked);
        }
        let first = self.handed.max(proven).next();
        let Some(proof) = books.progress(first).and_then(|progress| progress.proof) else { return Ok(Turn::Idle) };
        let last = BatchNumber::new(first.get().saturating_add(u64::from(proof.2)).saturating_sub(1));
        if books.progress(last).is_none_or(|progress| progress.stage < Stage::Committed) {
            return Ok(Turn::Idle);
        }
        let proof = self.prover.proof(first).await?.ok_or_else(|| {
            OutsideError::retry(format!("the prover said that batch {} is proven and has no proof now", first.get()))
        })?;
        self.handed = proof.last;
        self.station.show("handed_in", proof.last.get());
        self.layer1.prove(proof).await.inspect_err(|_| self.handed = proven)?;
        Ok(Turn::Worked)
    }
}

/// Watches L1: its inbox, and what became of batches.
pub(crate) struct Watcher<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    pub engine: mpsc::Sender<Work>,
    pub gate: Gate,
    /// The next entry to hand to the engine.
    pub inbox: InboxIndex,
    /// The L1 block of the last entry that was handed to it.
    pub block: Option<L1Block>,
    pub gas_price: watch::Sender<u64>,
    pub heard_ms: watch::Sender<(u64, Option<u128>)>,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Watcher<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let last_final = self.hands.books.last_at(Stage::Final).unwrap_or_default();
        let standing = self.layer1.standing(last_final.next()).await?;
        self.hands.books.note_l1_block(standing.head.number);
        self.hands.metrics.l1_block.set(standing.head.number);
        self.gas_price.send_replace(standing.gas_price);
        self.heard_ms.send_replace((millis(&self.hands.context), standing.balance));
        self.station.show("block", standing.head.number);
        self.note(&standing).await?;
        if let Some(block) = self.block
            && !self.layer1.holds(block).await?
        {
            // What is executed from here on rests on funds that may not be there.
            let why =
                format!("L1 took back block {}, from which entries were consumed; order anew from there", block.number);
            self.gate.close(Some(why.clone()));
            self.hands.books.note_divergence(why.clone());
            return Err(OutsideError::retry(why));
        }
        let items = self.layer1.inbox(self.inbox).await?;
        if items.is_empty() {
            return Ok(Turn::Idle);
        }
        self.hand_over(items).await
    }
}

impl<E: Storage + Clock> Watcher<E> {
    async fn hand_over(&mut self, items: Vec<InboxItem>) -> Result<Turn, OutsideError> {
        for item in &items {
            self.hands.books.note_inbox(InboxFacts {
                index: item.index,
                time: item.time,
                entry: item.entry.clone(),
                l1_block: item.block.number,
                transaction: item.transaction,
                sequence: None::<Sequence>,
            });
        }
        let (next, block) = match items.last() {
            Some(last) => (last.index.next(), Some(last.block)),
            None => return Ok(Turn::Idle),
        };
        let sent = self.engine.send(Work::Inbox(items)).await;
        sent.map_err(|_| OutsideError::stop("the engine has stopped"))?;
        (self.inbox, self.block) = (next, block);
        self.station.show("inbox", next.get());
        Ok(Turn::Worked)
    }

    /// Writes down what became of batches.
    async fn note(&self, standing: &L1Standing) -> Result<(), OutsideError> {
        let Hands { books, metrics, .. } = &*self.hands;
        for commit in &standing.commits {
            let Some(header) = books.header(commit.number) else { continue };
            if header.hash() != commit.hash {
                books.note_divergence(format!("batch {} on L1 has another header than here", commit.number.get()));
                continue;
            }
            let is_new = books.progress(commit.number).is_some_and(|progress| progress.stage < Stage::Committed);
            let change = |progress: &mut Progress| {
                progress.stage = progress.stage.max(Stage::Committed);
                progress.commit = Some(commit.at);
            };
            self.hands.advance(commit.number, change).await?;
            if is_new {
                self.hands.took(Stage::Committed, commit.number);
                metrics.batch_committed.set(commit.number.get());
            }
        }
        self.reached(Stage::Proven, standing.proven).await?;
        self.reached(Stage::Final, standing.finalized).await?;
        metrics.batch_proven.set(books.last_at(Stage::Proven).map_or(0, BatchNumber::get));
        metrics.batch_final.set(books.last_at(Stage::Final).map_or(0, BatchNumber::get));
        Ok(())
    }

    async fn reached(
        &self,
        stage: Stage,
        upto: Option<(BatchNumber, ashlar_api::door::L1Transaction)>,
    ) -> Result<(), OutsideError> {
        let Some((upto, at)) = upto else { return Ok(()) };
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
        }
        Ok(())
    }
}

/// What a step of a batch's way is called.
const fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Built => "built",
        Stage::Published => "published",
        Stage::Committed => "committed",
        Stage::Proven => "proven",
        Stage::Final => "final",
    }
}

fn gone(number: BatchNumber) -> OutsideError {
    OutsideError::stop(format!("batch {} is not stored here any more, and it is needed", number.get()))
}

fn durable(error: NodeError) -> OutsideError {
    OutsideError::retry(error.to_string())
}
