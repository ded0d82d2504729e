//! Runs each batch a second time over the authenticated state: its root, its header, its evidence.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ashlar_api::door::{Line, ServiceState};
use ashlar_batch::{BatchHeader, Hash, Signatures, Timed};
use ashlar_guest::pack_inputs;
use ashlar_prover::{Capture, Captured, Threads};
use ashlar_replica::{SnapshotHead, diff_of};
use ashlar_state::Value;
use commonware_runtime::{Clock, Storage};
use tokio::sync::mpsc;

use super::books::Books;
use super::checkpoints::Checkpoints;
use super::producer::Cut;
use super::progress::Progress;
use super::sealed::{Done, Sealed};
use super::shelf::Shelf;
use crate::error::NodeError;
use crate::measure::{Metrics, STEPS, TraceId, micros, millis};
use crate::outside::{Availability, OutsideError};
use crate::services::Station;

/// Builds batches, one after another.
pub(crate) struct Builder<E> {
    pub capture: Capture,
    /// The header of the last batch.
    pub parent: BatchHeader,
    pub shelf: Shelf<E>,
    pub books: Books,
    pub availability: Option<Arc<dyn Availability>>,
    pub threads: NonZeroUsize,
    pub metrics: Arc<Metrics>,
    pub station: Station,
    pub checkpoints: Checkpoints<E>,
}

impl<E: Storage + Clock> Builder<E> {
    /// Builds what is cut, until nothing comes any more or a batch cannot be built.
    pub async fn run(mut self, context: E, mut cuts: mpsc::Receiver<Cut>) -> Result<(), NodeError> {
        self.station.say(ServiceState::Running, "building batches");
        while let Some(cut) = cuts.recv().await {
            self.station.go().await;
            let started = micros(&context);
            let (sealed, diff) = self.build(&cut)?;
            self.station.show("commands_in_batch", cut.commands);
            let us = micros(&context).saturating_sub(started);
            self.metrics.seal_us.record(us);
            self.log(sealed.header(), us, millis(&context));
            self.keep(sealed, diff, millis(&context)).await?;
            if let Some((last, range)) = cut.parts.last() {
                let block = last.l1_at(range.end.saturating_sub(1));
                let (epoch, header) = (last.epoch, self.parent);
                let head = SnapshotHead { header, epoch, block, leaves: 0 };
                self.checkpoints.consider(head, &self.capture, &self.books).await?;
            }
        }
        self.station.say(ServiceState::Stopped, "the node is stopping");
        Ok(())
    }

    /// A batch, and what it changed.
    fn build(&mut self, cut: &Cut) -> Result<(Sealed, Vec<u8>), NodeError> {
        let number = self.parent.number.next().get();
        let bad = |why: String| NodeError::Batch { number, why };
        let (mut inputs, mut signatures) = (Vec::new(), Signatures::new());
        for (committed, range) in &cut.parts {
            let of_block = committed.block.inputs.iter().zip(&committed.signatures);
            for ((time, input), signature) in of_block.skip(range.start).take(range.len()) {
                inputs.push(Timed { time: *time, input: input.clone() });
                if let Some(signature) = signature {
                    signatures.push(signature).map_err(|error| bad(error.to_string()))?;
                }
            }
        }
        let (mut refused, availability) = (None::<OutsideError>, self.availability.clone());
        let commit = |bytes: &[u8]| match (cut.commitment, availability) {
            (Some(settled), _) => settled,
            (None, Some(availability)) => availability.commitment(bytes).unwrap_or_else(|error| {
                refused = Some(error);
                Hash::ZERO
            }),
            (None, None) => Hash::ZERO,
        };
        let threads = Threads(self.threads);
        let captured = self.capture.capture(&self.parent, cut.version, inputs, &signatures, commit, &threads);
        let captured = captured.map_err(|error| bad(error.to_string()))?;
        if let Some(OutsideError { why, .. }) = refused {
            return Err(bad(why));
        }
        let done = compare(cut, &captured).map_err(|why| {
            self.books.note_divergence(why.clone());
            bad(why)
        })?;
        self.checkpoints.manager.note(&captured.changes);
        let words = pack_inputs(&[captured.guest_input()]);
        let changes = captured.changes.iter().zip(&captured.before);
        let changes = changes.map(|((key, value), before)| (key, before.as_ref().map(Value::words), value.as_ref()));
        let diff = diff_of(changes, &captured.header);
        self.parent = captured.header;
        Ok((Sealed::new(words, done).map_err(|error| bad(error.to_string()))?, diff))
    }

    fn log(&self, header: &BatchHeader, us: u64, now_ms: u64) {
        let (first, next) = (header.first_sequence.get(), header.next_sequence.get());
        let since_first = now_ms.saturating_sub(header.first_time.get()).saturating_mul(1_000);
        self.metrics.accepted_built_us.record_many(since_first, next.saturating_sub(first));
        let trace = TraceId::of(&header.hash().0);
        tracing::info!(target: STEPS, %trace, step = "built", us, batch = header.number.get(), first, next);
    }

    /// Stores a built batch, unless it was stored before a restart; then it must be the same.
    async fn keep(&mut self, sealed: Sealed, diff: Vec<u8>, now_ms: u64) -> Result<(), NodeError> {
        let header = *sealed.header();
        let number = header.number;
        let mut progress = Progress::built(&sealed, now_ms);
        // What has no progress yet nobody was told of; it may be written over.
        match self.shelf.progress(number).await? {
            Some(stored) if stored.header == header => progress = stored,
            Some(_) => {
                let why = "it was stored with another header before the restart".to_owned();
                return Err(NodeError::Batch { number: number.get(), why });
            }
            None => {
                // Its progress says that it is there, so it comes second.
                self.shelf.put(&sealed).await?;
                self.shelf.put_diff(number, diff).await?;
                self.shelf.put_progress(number, &progress).await?;
            }
        }
        self.metrics.batches.add(1);
        self.metrics.batch_built.set(number.get());
        self.metrics.batch_bytes.add(sealed.input().map_or(0, |input| input.batch.len() as u64));
        self.station.show("batch", number.get());
        self.station.show("commands", header.next_sequence.get());
        self.books.enter(progress, Some(Arc::new(sealed)));
        Ok(())
    }
}

/// What each command did, which must be what it was told to have done.
fn compare(cut: &Cut, captured: &Captured) -> Result<Vec<Done>, String> {
    let done: Vec<Done> = captured.answers.iter().map(|(receipt, events)| (*receipt, events.to_vec())).collect();
    let again = done
        .iter()
        .flat_map(|(receipt, events)| events.iter().map(|event| Line::Event(*event)).chain([Line::Receipt(*receipt)]));
    let mut told = cut.parts.iter().flat_map(|(committed, range)| {
        let end_of =
            |input: usize| input.checked_sub(1).and_then(|last| committed.ends.get(last)).copied().unwrap_or(0);
        committed.block.lines.get(end_of(range.start)..end_of(range.end)).unwrap_or_default()
    });
    for line in again {
        if told.next() != Some(&line) {
            return Err(format!("the proven state says {line:?} where the engine said something else"));
        }
    }
    match told.next() {
        None => Ok(done),
        Some(line) => Err(format!("the engine said {line:?} and the proven state says no more")),
    }
}
