//! What is measured. This machine hashes in plain instructions, so cases are smaller than those of a machine with a circuit for it.

use ashlar_guest_batches::Kind;
use ashlar_guest_meter::Case;

/// Commands of a batch of one kind.
const OF_KIND: usize = 128;

/// All batches of the snapshot, one after the other.
pub fn cases() -> impl Iterator<Item = Case> {
    // What is small enough to be proven in a test.
    let small = [(Kind::Deposit, 1), (Kind::Place, 1), (Kind::Match, 1), (Kind::Match, 2), (Kind::Match, 8)];
    let small = small.into_iter().map(|(kind, commands)| Case::of_kind(kind, commands, 0));
    small.chain([1, 40].into_iter().map(Case::of_sample)).chain(Case::of_each_kind(OF_KIND))
}
