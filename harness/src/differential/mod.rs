//! Engines side by side: the same inputs, the same answers, the same leaves.
//!
//! After every input all engines must have said the same; every so many inputs, and at the end, their leaves must be the
//! same and each engine must find nothing wrong with itself. What differs is reported in full: the seed, the index, the
//! input, both answers, the first leaf that differs, in words.

mod report;
mod shrink;

pub use report::{Mismatch, leaf_in_words};
pub use shrink::shrink;

use std::collections::{BTreeMap, BTreeSet};

use ashlar_state::Key;
use ashlar_types::{Event, Reason};

use crate::engine::{Engine, Output};
use crate::flow::{Flow, Timed};

/// What a run that found no difference has shown.
#[derive(Clone, Default, Debug)]
pub struct Shown {
    /// Inputs applied.
    pub inputs: usize,
    /// Outputs compared.
    pub outputs: usize,
    /// How often each reason was given.
    pub reasons: BTreeMap<Reason, u64>,
    /// How often each kind of event occurred.
    pub events: BTreeMap<&'static str, u64>,
}

/// Applies `inputs` inputs of a flow to all engines; compares answers after each of them and leaves every
/// `compare_every`. The flow observes the first engine.
pub fn run(
    engines: &mut [&mut dyn Engine],
    flow: &mut dyn Flow,
    inputs: usize,
    compare_every: usize,
) -> Result<Shown, Box<Mismatch>> {
    let seed = flow.seed();
    let mut side_by_side = SideBySide::new(engines);
    for index in 0..inputs {
        let timed = flow.produce();
        side_by_side.apply(index, &timed).map_err(|mismatch| mismatch.of_seed(seed))?;
        for output in &side_by_side.answers[0] {
            flow.observe(output);
        }
        if (index + 1) % compare_every == 0 || index + 1 == inputs {
            side_by_side.compare_leaves(index, &timed).map_err(|mismatch| mismatch.of_seed(seed))?;
        }
    }
    Ok(side_by_side.shown)
}

/// Applies recorded inputs to all engines, and compares as [`run`] does.
pub fn replay(engines: &mut [&mut dyn Engine], inputs: &[Timed], compare_every: usize) -> Result<Shown, Box<Mismatch>> {
    let mut side_by_side = SideBySide::new(engines);
    for (index, timed) in inputs.iter().enumerate() {
        side_by_side.apply(index, timed)?;
        if (index + 1) % compare_every == 0 || index + 1 == inputs.len() {
            side_by_side.compare_leaves(index, timed)?;
        }
    }
    Ok(side_by_side.shown)
}

struct SideBySide<'a, 'b> {
    engines: &'a mut [&'b mut dyn Engine],
    /// What each engine said last.
    answers: Vec<Vec<Output>>,
    shown: Shown,
}

impl<'a, 'b> SideBySide<'a, 'b> {
    fn new(engines: &'a mut [&'b mut dyn Engine]) -> SideBySide<'a, 'b> {
        assert!(!engines.is_empty(), "there is an engine to run");
        let answers = engines.iter().map(|_| Vec::new()).collect();
        SideBySide { engines, answers, shown: Shown::default() }
    }

    fn apply(&mut self, index: usize, timed: &Timed) -> Result<(), Box<Mismatch>> {
        let (time, input) = timed;
        for (engine, answer) in self.engines.iter_mut().zip(&mut self.answers) {
            answer.clear();
            engine.apply(*time, input, answer);
        }
        self.shown.inputs += 1;
        self.shown.outputs += self.answers[0].len();
        for output in &self.answers[0] {
            self.shown.count(output);
        }
        match (1..self.engines.len()).find(|other| self.answers[*other] != self.answers[0]) {
            None => Ok(()),
            Some(other) => Err(self.mismatch(index, timed, other, None)),
        }
    }

    fn compare_leaves(&mut self, index: usize, timed: &Timed) -> Result<(), Box<Mismatch>> {
        for engine in 0..self.engines.len() {
            if let Err(wrong) = self.engines[engine].check() {
                let mut mismatch = self.mismatch(index, timed, engine, None);
                mismatch.wrong = Some(wrong);
                return Err(mismatch);
            }
        }
        let expected = self.engines[0].leaves();
        for other in 1..self.engines.len() {
            let got = self.engines[other].leaves();
            if got != expected {
                let keys: BTreeSet<&Key> = expected.keys().chain(got.keys()).collect();
                let differs = keys.into_iter().find(|key| expected.get(*key) != got.get(*key));
                let leaf = differs.map(|key| (*key, expected.get(key).cloned(), got.get(key).cloned()));
                return Err(self.mismatch(index, timed, other, leaf));
            }
        }
        Ok(())
    }

    fn mismatch(&self, index: usize, timed: &Timed, other: usize, leaf: Option<report::LeafPair>) -> Box<Mismatch> {
        let of = |engine: usize| (self.engines[engine].name(), self.answers[engine].clone());
        Box::new(Mismatch {
            seed: None,
            index,
            input: timed.clone(),
            expected: of(0),
            got: of(other),
            leaf,
            wrong: None,
        })
    }
}

impl Shown {
    fn count(&mut self, output: &Output) {
        let reason = match output {
            Output::Receipt(receipt) => Some(receipt.reason),
            Output::Event(event) => {
                let (kind, reason) = kind_and_reason(event);
                *self.events.entry(kind).or_default() += 1;
                reason
            }
        };
        if let Some(reason) = reason {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }
}

fn kind_and_reason(event: &Event) -> (&'static str, Option<Reason>) {
    match event {
        Event::Trade(_) => ("trade", None),
        Event::Removed { reason, .. } => ("removed", Some(*reason)),
        Event::Reduced { .. } => ("reduced", None),
        Event::Refilled { .. } => ("refilled", None),
        Event::Fired { .. } => ("fired", None),
        Event::Placed { reason, .. } => ("placed", Some(*reason)),
        Event::Refused { reason, .. } => ("refused", Some(*reason)),
        Event::Credited { .. } => ("credited", None),
        Event::Withdrawn { .. } => ("withdrawn", None),
        Event::Opened { .. } => ("opened", None),
        Event::CascadePending { .. } => ("pending", None),
    }
}
