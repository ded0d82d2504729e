//! What is measured.

use ashlar_guest_batches::{Day, DayShape, sample};
use ashlar_guest_meter::Case;
use ashlar_harness::flow::Shares;

/// Commands of a batch of one kind.
const OF_KIND: usize = 512;

/// All batches of the snapshot, one after the other, since some are large.
pub fn cases() -> impl Iterator<Item = Case> {
    let days = [
        ("mixed/at-once=64/commands=1000", Shares::MIXED, 64, 1_000, 64),
        ("plain/at-once=64/commands=1000", Shares::PLAIN, 64, 1_000, 64),
        ("mixed/at-once=64/commands=10000", Shares::MIXED, 64, 10_000, 64),
        ("plain/at-once=64/commands=10000", Shares::PLAIN, 64, 10_000, 64),
        ("mixed/at-once=1/commands=1000", Shares::MIXED, 1, 1_000, 500),
        ("plain/at-once=1/commands=1000", Shares::PLAIN, 1, 1_000, 500),
    ];
    let days = days.into_iter().map(|(name, shares, at_once, commands, traders)| {
        let shape = DayShape { seed: 5, markets: 4, traders, idle: Case::IDLE, warm_up: 20_000, shares };
        Case::new(format!("flow/{name}"), &Day::begin(&shape).batch(commands, at_once))
    });
    let sample = std::iter::once_with(|| Case::new("sample", &sample(200)));
    days.chain(Case::of_each_kind(OF_KIND)).chain(sample)
}
