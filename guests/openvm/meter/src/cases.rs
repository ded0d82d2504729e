//! What is measured: what RISC Zero's meter and ZisK's measure, and days as for SP1.

use ashlar_guest_batches::{Day, DayShape, Kind};
use ashlar_guest_meter::Case;
use ashlar_harness::flow::Shares;

/// Commands of a batch of one kind.
const OF_KIND: usize = 128;

/// All batches of the snapshot, one after the other, since some are large.
pub fn cases() -> impl Iterator<Item = Case> {
    // What is small enough to be proven in a test.
    let small = [(Kind::Deposit, 1), (Kind::Place, 1), (Kind::Match, 1), (Kind::Match, 2), (Kind::Match, 8)];
    let small = small.into_iter().map(|(kind, commands)| Case::of_kind(kind, commands, 0));
    let days = [("mixed", Shares::MIXED, 64, 64), ("plain", Shares::PLAIN, 64, 64), ("mixed", Shares::MIXED, 1, 500)];
    let days = days.into_iter().map(|(flow, shares, at_once, traders)| {
        let shape = DayShape { seed: 5, markets: 4, traders, idle: Case::IDLE, warm_up: 20_000, shares };
        let name = format!("flow/{flow}/at-once={at_once}/commands=1000");
        Case::new(name, &Day::begin(&shape).batch(1_000, at_once))
    });
    small.chain([1, 40].into_iter().map(Case::of_sample)).chain(Case::of_each_kind(OF_KIND)).chain(days)
}
