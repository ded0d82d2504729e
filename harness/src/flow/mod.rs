//! Flows: endless, seeded streams of inputs.
//!
//! 1. A flow is a pure function of its seed, its shape and what it observes: the same three give the same inputs.
//! 2. A flow learns the ids of orders from the outputs it is shown, so what it names exists, or no longer exists.
//! 3. [`Adversary`] looks for the corners of the rules; [`Realistic`] looks like a busy day.

mod adversary;
mod random;
mod realistic;
mod setup;

pub use adversary::Adversary;
pub use random::Random;
pub use realistic::{Realistic, Shape, Shares};
pub use setup::{Venue, account_of, owner_of};

use ashlar_types::{Input, Time};

use crate::engine::{Engine, Output};

/// An input and when it was put in its place.
pub type Timed = (Time, Input);

/// A stream of inputs.
pub trait Flow {
    /// What it was made from.
    fn seed(&self) -> u64;
    /// The next input.
    fn produce(&mut self) -> Timed;
    /// What an engine answered to the input that came last.
    fn observe(&mut self, output: &Output);
}

/// The first inputs of a flow as an engine lives through them, to be played again later.
pub fn record(flow: &mut dyn Flow, engine: &mut dyn Engine, inputs: usize) -> Vec<Timed> {
    let mut outputs = Vec::new();
    let mut recorded = Vec::with_capacity(inputs);
    for _ in 0..inputs {
        let (time, input) = flow.produce();
        outputs.clear();
        engine.apply(time, &input, &mut outputs);
        for output in &outputs {
            flow.observe(output);
        }
        recorded.push((time, input));
    }
    recorded
}
