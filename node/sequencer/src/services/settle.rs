//! The services that move built batches: data, commit, proof, finality. Each looks at the books, does the next thing, and looks again.
//!
//! 1. What each does is decided by the books alone, so after a restart it goes on where it was.
//! 2. Handing the same thing in twice does no harm, and only what is known to have happened is written into the books.

use std::sync::Arc;

use ashlar_api::door::Stage;
use ashlar_settlement::Version;
use ashlar_types::BatchNumber;
use commonware_runtime::{Clock, Storage};
use tokio::sync::{Mutex, watch};

use super::board::Station;
use super::supervise::{Service, Turn};
use crate::build::{Books, Progress, Sealed, Shelf, Versions};
use crate::error::NodeError;
use crate::measure::{Metrics, STEPS, TraceId, millis};
use crate::outside::{self, Availability, Layer1, OutsideError, Proving};

/// What all of them share.
pub(crate) struct Hands<E> {
    pub books: Books,
    /// One at a time writes a batch's progress.
    pub shelf: Arc<Mutex<Shelf<E>>>,
    pub metrics: Arc<Metrics>,
    pub context: E,
}

impl<E: Storage + Clock> Hands<E> {
    /// Changes how far a batch has come, durably: it is known here once it is stored, so what a failing disk left out is still to be done.
    pub async fn advance(&self, number: BatchNumber, change: impl FnOnce(&mut Progress)) -> Result<(), OutsideError> {
        let shelf = self.shelf.lock().await;
        if let Some(progress) = self.books.changed(number, change) {
            shelf.put_progress(number, &progress).await.map_err(durable)?;
            self.books.advance(number, progress);
        }
        Ok(())
    }

    /// A batch with everything that belongs to it. What cannot be read may be read later; what is not stored is for a person to look at.
    pub async fn sealed(&self, number: BatchNumber) -> Result<Arc<Sealed>, OutsideError> {
        let found = self.books.sealed(number).await.map_err(durable)?;
        found.ok_or_else(|| gone(number))
    }

    /// Records that a batch has come to a stage just now: since it was built, and since its first command was accepted.
    pub fn took(&self, stage: Stage, number: BatchNumber) {
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
    /// Without it data stays here.
    pub availability: Option<Arc<dyn Availability>>,
    /// The last batch of which it was told that it is final.
    pub settled: BatchNumber,
}

impl<E: Storage + Clock> Service for Publisher<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let Hands { books, metrics, .. } = &*self.hands;
        let finalized = books.last_at(Stage::Final).unwrap_or_default();
        if let Some(availability) = self.availability.as_ref().filter(|_| finalized > self.settled) {
            availability.settled(finalized).await?;
            self.settled = finalized;
        }
        let Some((number, _)) = books.first_before(Stage::Published) else { return Ok(Turn::Idle) };
        if let Some(availability) = &self.availability {
            let sealed = self.hands.sealed(number).await?;
            availability.publish(sealed).await?;
        }
        self.hands.advance(number, |progress| progress.stage = progress.stage.max(Stage::Published)).await?;
        metrics.batch_published.set(number.get());
        self.hands.took(Stage::Published, number);
        Ok(Turn::Worked)
    }
}

/// How long something that was handed in may go without any progress before it is handed in again: handing it in twice does no harm, and
/// whoever took it may have found that it came to nothing.
const AGAIN_MS: u64 = 60_000;

/// What was handed in last, and since when nothing came of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Handed {
    /// The last batch before those that are known here.
    below: BatchNumber,
    last: BatchNumber,
    done: BatchNumber,
    since_ms: u64,
}

impl Handed {
    /// Nothing was handed in, and nothing up to this batch has to be.
    pub fn after_batch(below: BatchNumber) -> Handed {
        Handed { below, ..Handed::default() }
    }

    /// Where to go on, if so much is done by now.
    fn after(&mut self, done: BatchNumber, now_ms: u64) -> BatchNumber {
        let done = done.max(self.below);
        if done != self.done {
            (self.done, self.since_ms) = (done, now_ms);
        } else if now_ms.saturating_sub(self.since_ms) > AGAIN_MS {
            (self.last, self.since_ms) = (done, now_ms);
        }
        self.last.max(done)
    }

    fn note(&mut self, last: BatchNumber, now_ms: u64) {
        if self.last <= self.done {
            self.since_ms = now_ms;
        }
        self.last = last;
    }
}

/// Hands headers in to be committed, in their order.
pub(crate) struct Committer<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    /// The last batch that was handed in.
    pub handed: Handed,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Committer<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let committed = self.hands.books.last_at(Stage::Committed).unwrap_or_default();
        let now_ms = millis(&self.hands.context);
        let next = self.handed.after(committed, now_ms).next();
        match self.hands.books.progress(next) {
            Some(progress) if progress.stage >= Stage::Published => {}
            _ => return Ok(Turn::Idle),
        }
        let sealed = self.hands.sealed(next).await?;
        if self.layer1.commit(sealed).await? == outside::Handed::NotNow {
            self.station.show("waits_for_a_price", next.get());
            return Ok(Turn::Idle);
        }
        self.handed.note(next, now_ms);
        self.station.show("handed_in", next.get());
        Ok(Turn::Worked)
    }
}

/// Tells the prover of versions, hands batches to it and collects its proofs.
pub(crate) struct Coordinator<E> {
    pub hands: Arc<Hands<E>>,
    pub prover: Arc<dyn Proving>,
    /// What L1 says of versions, once it was asked, and what of it the prover was told last.
    pub versions: watch::Receiver<Option<Versions>>,
    pub told: Option<Arc<[Version]>>,
    /// The last batch that was handed in.
    pub handed: BatchNumber,
    /// The batch whose proof was waited for last.
    pub awaited: BatchNumber,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Coordinator<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        self.tell_versions().await?;
        let books = &self.hands.books;
        let Some(unproven) = books.first_unproven() else {
            self.awaited = self.handed.next();
            return Ok(Turn::Idle);
        };
        if unproven < self.awaited {
            // What was proven is not any more.
            self.handed = BatchNumber::new(unproven.get().saturating_sub(1));
        }
        self.awaited = unproven;
        let next = BatchNumber::new(self.handed.next().get().max(unproven.get()));
        if books.progress(next).is_some() {
            let sealed = self.hands.sealed(next).await?;
            self.prover.submit(sealed).await?;
            self.handed = next;
            self.station.show("handed_in", next.get());
            return Ok(Turn::Worked);
        }
        if let Some(proof) = self.half_noted(unproven) {
            self.hands.advance(unproven, |progress| progress.proof = Some(proof)).await?;
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

impl<E: Storage + Clock> Coordinator<E> {
    /// Tells the prover what L1 lists, if that is other than what it was told.
    async fn tell_versions(&mut self) -> Result<(), OutsideError> {
        let listed = self.versions.borrow().as_ref().map(|versions| versions.listed.clone());
        let Some(listed) = listed.filter(|listed| self.told.as_ref() != Some(listed)) else { return Ok(()) };
        let lacking = self.prover.learn(listed.clone()).await?;
        if let Some(why) = &lacking {
            tracing::error!(why, "a version that L1 has announced cannot be proven here as things are");
        }
        self.hands.books.note_unprovable(lacking);
        self.told = Some(listed);
        Ok(())
    }

    /// The proof that a batch is under, if a crash came while it was noted of one batch after the other.
    fn half_noted(&self, number: BatchNumber) -> Option<(String, u64, u32)> {
        let before = BatchNumber::new(number.get().checked_sub(1)?);
        let proof = self.hands.books.progress(before)?.proof?;
        (number.get() < proof.1.saturating_add(u64::from(proof.2))).then_some(proof)
    }
}

/// Sends proofs of committed batches to L1 and asks that they be made final.
pub(crate) struct Sender<E> {
    pub hands: Arc<Hands<E>>,
    pub layer1: Arc<dyn Layer1>,
    pub prover: Arc<dyn Proving>,
    /// The last batch whose proof was handed in, and the last of which finality was asked.
    pub handed: Handed,
    pub asked: Handed,
    /// The last of which the prover was told that it is final.
    pub settled: BatchNumber,
    pub station: Station,
}

impl<E: Storage + Clock> Service for Sender<E> {
    async fn turn(&mut self) -> Result<Turn, OutsideError> {
        let books = &self.hands.books;
        let proven = books.last_at(Stage::Proven).unwrap_or_default();
        let finalized = books.last_at(Stage::Final).unwrap_or_default();
        if finalized > self.settled {
            self.prover.settled(finalized).await?;
            self.settled = finalized;
        }
        let now_ms = millis(&self.hands.context);
        if proven > finalized && proven > self.asked.after(finalized, now_ms) {
            self.layer1.finalize(proven).await?;
            self.asked.note(proven, now_ms);
            return Ok(Turn::Worked);
        }
        let first = self.handed.after(proven, now_ms).next();
        let Some(proof) = books.progress(first).and_then(|progress| progress.proof) else { return Ok(Turn::Idle) };
        let last = BatchNumber::new(first.get().saturating_add(u64::from(proof.2)).saturating_sub(1));
        if books.progress(last).is_none_or(|progress| progress.stage < Stage::Committed) {
            return Ok(Turn::Idle);
        }
        let Some(proof) = self.prover.proof(first).await? else {
            // It has lost what it had, or is another one than the one that proved it. From the last batch to the first, because
            // what is proven is never behind what is not.
            let newest = books.last_at(Stage::Built).unwrap_or(last);
            tracing::warn!(first = first.get(), "the prover has no proof any more, and is asked again");
            for number in (first.get()..=newest.get()).rev() {
                self.hands.advance(BatchNumber::new(number), |progress| progress.proof = None).await?;
            }
            // What L1 has from somebody else was perhaps to be proven together with what is proven anew.
            let before = BatchNumber::new(first.get().saturating_sub(1));
            let end_before = |progress: &mut Progress| {
                if let Some((_, begin, count)) = &mut progress.proof {
                    *count = (*count).min(u32::try_from(first.get().saturating_sub(*begin)).unwrap_or(u32::MAX));
                }
            };
            self.hands.advance(before, end_before).await?;
            return Ok(Turn::Worked);
        };
        let last = proof.last;
        self.layer1.prove(proof).await?;
        self.handed.note(last, now_ms);
        self.station.show("handed_in", last.get());
        Ok(Turn::Worked)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outside::Advice;
    use commonware_runtime::{Runner, Supervisor, deterministic};
    use commonware_utils::Probability;

    fn progress(number: u64) -> Progress {
        Progress::plain(BatchNumber::new(number), Stage::Committed)
    }

    fn hands_over(
        context: &deterministic::Context,
        books: Books,
        shelf: Shelf<deterministic::Context>,
    ) -> Hands<deterministic::Context> {
        let shelf = Arc::new(Mutex::new(shelf));
        Hands { books, shelf, metrics: Arc::default(), context: context.child("hands") }
    }

    #[test]
    fn what_cannot_be_read_is_tried_again_and_what_is_not_stored_is_not() {
        deterministic::Runner::seeded(2).start(|context| async move {
            let shelf = Shelf::new(context.child("shelf"), "read");
            let books = Books::new(shelf.clone());
            // That the partition is there, and the batch that is asked for is not.
            shelf.put_progress(BatchNumber::new(1), &progress(1)).await.expect("written");
            let hands = hands_over(&context, books, shelf);
            let asked = async || hands.sealed(BatchNumber::new(1)).await.map(drop).map_err(|error| error.advice);
            context.storage_fault_config().write().open_rate = Probability::new(1, 1);
            assert_eq!(asked().await, Err(Advice::Retry), "a disk that fails says nothing about the batch");
            context.storage_fault_config().write().open_rate = None;
            assert_eq!(asked().await, Err(Advice::Stop), "nobody can do anything without it");
        });
    }

    #[test]
    fn what_a_disk_did_not_take_is_still_to_be_done() {
        deterministic::Runner::seeded(1).start(|context| async move {
            let shelf = Shelf::new(context.child("shelf"), "advance");
            let books = Books::new(shelf.clone());
            for number in 1..=3 {
                shelf.put_progress(BatchNumber::new(number), &progress(number)).await.expect("written");
                books.enter(progress(number), None);
            }
            let hands = hands_over(&context, books.clone(), shelf);
            let prove = |progress: &mut Progress| progress.proof = Some(("kind".to_owned(), 1, 1));
            let (one, two) = (BatchNumber::new(1), BatchNumber::new(2));
            context.storage_fault_config().write().sync_rate = Probability::new(1, 1);
            assert!(hands.advance(one, prove).await.is_err());
            assert_eq!(books.first_unproven(), Some(one), "what is not stored is not known");
            context.storage_fault_config().write().sync_rate = None;
            // A start may find it so: a batch without a proof before one that has its own.
            hands.advance(two, prove).await.expect("stored");
            assert_eq!(books.first_unproven(), Some(one), "nothing between two others is passed over");
            hands.advance(one, prove).await.expect("stored");
            assert_eq!(books.first_unproven(), Some(BatchNumber::new(3)));
        });
    }
}
