//! What is measured: batches as for RISC Zero.

use ashlar_guest_batches::Kind;
use ashlar_guest_meter::Case;

/// Commands of a batch of one kind.
const OF_KIND: usize = 128;

/// All batches of the snapshot, one after the other.
pub fn cases() -> impl Iterator<Item = Case> {
    // What is small enough to be proven in a test.
    let small = [1, 2, 8].into_iter().map(|commands| Case::of_kind(Kind::Match, commands, 0));
    small.chain([1, 40].into_iter().map(Case::of_sample)).chain(Case::of_each_kind(OF_KIND))
}
