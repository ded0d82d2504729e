//! One batch to execute.

use ashlar_guest::pack_inputs;
use ashlar_guest_batches::{Kind, Recorded, batch_of_kind, sample};

/// One batch to execute.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name in the snapshot.
    pub name: String,
    /// How many commands it has.
    pub commands: u64,
    /// What the guest is given.
    pub packed: Vec<u64>,
}

impl Case {
    /// Accounts beside those that trade: the state has some three times as many leaves.
    pub const IDLE: u32 = 50_000;

    /// A batch under this name.
    pub fn new(name: impl Into<String>, recorded: &Recorded) -> Case {
        let commands = recorded.header.next_sequence.get() - recorded.header.first_sequence.get();
        Case { name: name.into(), commands, packed: pack_inputs(&[recorded.input()]) }
    }

    /// So many commands of one kind, over a state with so many idle accounts.
    pub fn of_kind(kind: Kind, commands: usize, idle: u32) -> Case {
        let name = format!("kind/{}/at-once=64/commands={commands}", kind.name());
        Case::new(name, &batch_of_kind(kind, commands, idle))
    }

    /// A batch of each kind, one after the other.
    pub fn of_each_kind(commands: usize) -> impl Iterator<Item = Case> {
        Kind::ALL.into_iter().map(move |kind| Case::of_kind(kind, commands, Case::IDLE))
    }

    /// A bit of everything, with so many commands of traders.
    pub fn of_sample(commands: usize) -> Case {
        Case::new(format!("sample/{commands}"), &sample(commands))
    }
}
