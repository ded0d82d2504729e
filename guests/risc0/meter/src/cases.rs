//! What is measured. This machine hashes in plain instructions, so cases are smaller than those of a machine with a circuit for it.

use ashlar_guest::pack_inputs;
use ashlar_guest_batches::{Kind, Recorded, batch_of_kind, sample};

/// Accounts beside those that trade: the state has some three times as many leaves.
const IDLE: u32 = 50_000;
/// Commands of a batch of one kind.
const OF_KIND: usize = 128;

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
    fn new(name: String, recorded: &Recorded) -> Case {
        let commands = recorded.header.next_sequence.get() - recorded.header.first_sequence.get();
        Case { name, commands, packed: pack_inputs(&[recorded.input()]) }
    }
}

/// All batches of the snapshot, one after the other.
pub fn cases() -> impl Iterator<Item = Case> {
    let kinds = Kind::ALL.into_iter().map(|kind| {
        Case::new(format!("kind/{}/at-once=64/commands={OF_KIND}", kind.name()), &batch_of_kind(kind, OF_KIND, IDLE))
    });
    // What is small enough to be proven in a test.
    let small = [(Kind::Deposit, 1), (Kind::Place, 1), (Kind::Match, 1), (Kind::Match, 2), (Kind::Match, 8)];
    let small = small.into_iter().map(|(kind, commands)| {
        Case::new(format!("kind/{}/at-once=64/commands={commands}", kind.name()), &batch_of_kind(kind, commands, 0))
    });
    let samples = [1, 40].into_iter().map(|commands| Case::new(format!("sample/{commands}"), &sample(commands)));
    small.chain(samples).chain(kinds)
}
