//! Runs each batch a second time over the authenticated state: its root, its header, its evidence.

use std::num::NonZeroUsize;
use std::sync::Arc;

use ashlar_api::door::{Line, ServiceState};
use ashlar_batch::{BatchHeader, Hash, Signatures, Timed};
use ashlar_guest::pack_inputs;
use ashlar_prover::{Capture, Captured, Threads};
use commonware_runtime::{Clock, Storage};
use tokio::sync::{mpsc, watch};

use super::books::Books;
use super::producer::Cut;
use super::progress::Progress;
use super::sealed::{Done, Sealed};
use super::shelf::Shelf;
use crate::error::NodeError;
use crate::measure::{Metrics, micros, millis};
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
    /// The header after which a checkpoint is made.
    pub checkpoint: watch::Sender<Option<BatchHeader>>,
}

impl<E: Storage + Clock> Builder<E> {
    /// Builds what is cut, until nothing comes any more or a batch cannot be built.
    pub async fn run(mut self, context: E, mut cuts: mpsc::Receiver<Cut>) -> Result<(), NodeError> {
        self.station.say(ServiceState::Running, "building batches");
        while let Some(cut) = cuts.recv().await {
            self.station.go().await;
            let started = micros(&context);
            let sealed = self.build(&cut)?;
            self.metrics.seal_us.record(micros(&context).saturating_sub(started));
            self.keep(sealed, millis(&context)).await?;
        }
        self.station.say(ServiceState::Stopped, "the node is stopping");
        Ok(())
    }

    fn build(&mut self, cut: &Cut) -> Result<Sealed, NodeError> {
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
        let commit = |bytes: &[u8]| match availability.map(|availability| availability.commitment(bytes)) {
            Some(Ok(commitment)) => commitment,
            Some(Err(error)) => {
                refused = Some(error);
                Hash::ZERO
            }
            None => Hash::ZERO,
        };
        let captured = self.capture.capture(&self.parent, inputs, &signatures, commit, &Threads(self.threads));
        let captured = captured.map_err(|error| bad(error.to_string()))?;
        if let Some(OutsideError { why, .. }) = refused {
            return Err(bad(why));
        }
        let done = compare(cut, &captured).map_err(|why| {
            self.books.note_divergence(why.clone());
            bad(why)
        })?;
        let words = pack_inputs(&[captured.guest_input()]);
        self.parent = captured.header;
        Sealed::new(words, done).map_err(|error| bad(error.to_string()))
    }

    /// Stores a built batch, unless it was stored before a restart; then it must be the same.
    async fn keep(&mut self, sealed: Sealed, now_ms: u64) -> Result<(), NodeError> {
        let header = *sealed.header();
        let number = header.number;
        let mut progress = Progress::built(now_ms);
        match self.shelf.get(number).await? {
            Some(stored) if *stored.header() == header => {
                progress = self.shelf.progress(number).await?.unwrap_or(progress);
            }
            Some(_) => {
                let why = "it was stored with another header before the restart".to_owned();
                return Err(NodeError::Batch { number: number.get(), why });
            }
            None => self.shelf.put(&sealed).await?,
        }
        self.metrics.batches.add(1);
        self.metrics.batch_built.set(number.get());
        self.metrics.batch_bytes.add(sealed.input().map_or(0, |input| input.batch.len() as u64));
        self.station.show("batch", number.get());
        self.station.show("commands", header.next_sequence.get());
        self.books.enter(Arc::new(sealed), progress);
        self.checkpoint.send_replace(Some(header));
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
