use alloc::vec::Vec;

use ashlar_types::{Input, Sequence, Time};

/// One input and when it was put into the order of everything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timed {
    /// When; never before the input ahead of it.
    pub time: Time,
    /// What.
    pub input: Input,
}

/// What one batch executes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// The number of its first command.
    pub first_sequence: Sequence,
    /// Everything, in order; at least one.
    pub inputs: Vec<Timed>,
}

impl Batch {
    /// Commands of all inputs: how many sequence numbers it takes.
    pub fn commands(&self) -> usize {
        self.inputs.iter().map(|timed| timed.input.commands()).sum()
    }

    /// Messages, and so signatures.
    pub fn messages(&self) -> usize {
        self.inputs.iter().filter(|timed| matches!(timed.input, Input::Message(_))).count()
    }
}
