//! The door through which tables, flows and the differential runner see an engine.

use std::collections::BTreeMap;

pub use ashlar_exchange::Genesis;
use ashlar_state::Key;
use ashlar_types::{Event, Input, Receipt, Time};

/// One line of an engine's answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Output {
    /// A consequence of the command whose receipt follows.
    Event(Event),
    /// The end of a command.
    Receipt(Receipt),
}

/// An exchange that can be driven and inspected.
pub trait Engine {
    /// What to call it in a report.
    fn name(&self) -> &'static str;
    /// Executes one input and appends what it answers. `time` is when the input was put in its place.
    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>);
    /// The state as the leaves of docs/spec/keys.md.
    fn leaves(&self) -> BTreeMap<Key, Vec<u64>>;
    /// What the engine can check about itself; an engine without such checks agrees.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}
