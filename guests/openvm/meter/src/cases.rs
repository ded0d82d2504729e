//! What is measured.

use ashlar_guest::pack_inputs;
use ashlar_guest_batches::{Day, DayShape, Kind, Recorded, batch_of_kind, sample};
use ashlar_harness::flow::Shares;

/// Accounts beside those that trade, and commands of a batch of one kind: as in `guests/sp1/meter`, so that what both cost can be compared.
const IDLE: u32 = 50_000;
const OF_KIND: usize = 512;

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

/// All batches of the snapshot, one after the other, since some are large.
pub fn cases() -> impl Iterator<Item = Case> {
    let days = [
        ("mixed/at-once=64/commands=1000", Shares::MIXED, 64, 64),
        ("plain/at-once=64/commands=1000", Shares::PLAIN, 64, 64),
        ("mixed/at-once=1/commands=1000", Shares::MIXED, 1, 500),
    ];
    let days = days.into_iter().map(|(name, shares, at_once, traders)| {
        let shape = DayShape { seed: 5, markets: 4, traders, idle: IDLE, warm_up: 20_000, shares };
        Case::new(format!("flow/{name}"), &Day::begin(&shape).batch(1_000, at_once))
    });
    let kinds = Kind::ALL.into_iter().map(|kind| {
        Case::new(format!("kind/{}/at-once=64/commands={OF_KIND}", kind.name()), &batch_of_kind(kind, OF_KIND, IDLE))
    });
    let samples =
        [40, 200].into_iter().map(|commands| Case::new(format!("sample/commands={commands}"), &sample(commands)));
    days.chain(kinds).chain(samples)
}
