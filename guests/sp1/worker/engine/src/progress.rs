//! How far a proof is, from what SP1 writes to its log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context as LayerContext;
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry::LookupSpan;

/// The spans that SP1 opens for each task of a proof, and what they are to a person.
const STEPS: [(&str, &str); 5] = [
    ("ProveShard", "shards"),
    ("RecursionReduce", "joining"),
    ("ShrinkWrap", "shrinking"),
    ("Groth16Wrap", "groth16"),
    ("PlonkWrap", "plonk"),
];

#[derive(Debug, Default)]
struct Counts {
    begun: [AtomicU64; STEPS.len()],
    done: [AtomicU64; STEPS.len()],
    error: Mutex<Option<String>>,
}

/// What SP1 has begun and done since the last reset, and the first thing it complained about.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counts>);

impl Progress {
    /// Listens to everything that is logged in this process, from now on.
    pub fn install() -> anyhow::Result<Progress> {
        let progress = Progress::default();
        tracing_subscriber::registry().with(progress.clone()).try_init().context("the log of SP1")?;
        Ok(progress)
    }

    /// Forgets everything.
    pub fn reset(&self) {
        self.0.begun.iter().chain(&self.0.done).for_each(|count| count.store(0, Ordering::Relaxed));
        *self.0.error.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Steps done, steps known so far, and the last stage that has begun.
    pub fn read(&self) -> (u64, u64, &'static str) {
        let read = |counts: &[AtomicU64]| counts.iter().map(|count| count.load(Ordering::Relaxed)).collect::<Vec<_>>();
        let (begun, done) = (read(&self.0.begun), read(&self.0.done));
        let stage =
            begun.iter().rposition(|count| *count > 0).and_then(|at| STEPS.get(at)).map_or("executing", |step| step.1);
        (done.iter().sum(), begun.iter().sum(), stage)
    }

    /// The first error since the reset, in SP1's words.
    pub fn error(&self) -> Option<String> {
        self.0.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn step(metadata: &Metadata<'_>) -> Option<usize> {
    STEPS.iter().position(|(name, _)| *name == metadata.name())
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Progress {
    fn enabled(&self, metadata: &Metadata<'_>, _: LayerContext<'_, S>) -> bool {
        *metadata.level() == Level::ERROR || (metadata.is_span() && step(metadata).is_some())
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: LayerContext<'_, S>) {
        if let Some(begun) = step(attributes.metadata()).and_then(|at| self.0.begun.get(at)) {
            begun.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_close(&self, id: Id, context: LayerContext<'_, S>) {
        let at = context.span(&id).and_then(|span| step(span.metadata()));
        if let Some(done) = at.and_then(|at| self.0.done.get(at)) {
            done.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: LayerContext<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        eprintln!("SP1: {}", text.0);
        self.0.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(text.0);
    }
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?} "),
            name => write!(self.0, "{name}={value:?} "),
        };
    }
}
