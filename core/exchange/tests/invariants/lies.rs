//! The invariants are worth something only if they notice: each leaf of a state is taken away, and each of its words changed.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_harness::flow::Adversary;

use crate::state::Leaves;
use crate::{check, run};

/// Kinds of leaves without which a state is still a state: fees that were never set, nonces nobody used.
const DISPENSABLE: [u64; 2] = [0x05, 0x0A];

/// Words that may say something else, by kind: counters, times, parameters, names and wishes of clients.
fn is_free(kind: u64, index: usize) -> bool {
    match kind {
        0x01 => index != 4,
        0x02 => index != 4,
        0x03 => true,
        0x04 => index != 2,
        0x05 | 0x09 | 0x0A => true,
        0x07 => index == 1,
        0x80 => matches!(index, 3..=5),
        0x81 => matches!(index, 4 | 5),
        _ => false,
    }
}

/// The bit to change: of an order its account, of an address one that makes it nobody's.
fn bit_of(kind: u64, index: usize) -> u64 {
    match (kind, index) {
        (0x80 | 0x81, 0) => 1 << 32,
        (0x08, 2) => 1 << 20,
        _ => 1,
    }
}

/// States with something of every kind.
fn states() -> Vec<Leaves> {
    (1..=6).map(|seed| run(&Adversary::genesis(), &mut Adversary::new(seed), 900, 900)).collect()
}

#[test]
fn no_leaf_can_be_taken_away() {
    let mut noticed = BTreeSet::new();
    for leaves in states() {
        for key in leaves.keys() {
            let kind = key.words()[0] >> 56;
            let mut without = leaves.clone();
            without.remove(key);
            if check(&without).is_err() {
                noticed.insert(kind);
            } else {
                assert!(DISPENSABLE.contains(&kind) || is_lone_key(&leaves, kind, key), "nobody misses {key:?}");
            }
        }
    }
    let kinds: Vec<u64> = (0x01..=0x0E).chain([0x80, 0x81, 0xFF]).filter(|kind| !DISPENSABLE.contains(kind)).collect();
    assert!(noticed.iter().copied().eq(kinds), "{noticed:x?}");
}

/// A session key that has signed nothing.
fn is_lone_key(leaves: &Leaves, kind: u64, key: &ashlar_state::Key) -> bool {
    let [_, account, slot] = *key.words();
    kind == 0x09 && !leaves.contains_key(&ashlar_state::Key::new([0x0A << 56, account, slot]))
}

#[test]
fn no_word_can_be_changed() {
    let mut unnoticed: BTreeMap<(u64, usize), u64> = BTreeMap::new();
    for leaves in states() {
        for (key, words) in &leaves {
            for index in 0..words.len() {
                let mut changed = leaves.clone();
                changed.get_mut(key).expect("it is there")[index] ^= bit_of(key.words()[0] >> 56, index);
                if check(&changed).is_ok() {
                    *unnoticed.entry((key.words()[0] >> 56, index)).or_default() += 1;
                }
            }
        }
    }
    let lies: Vec<_> = unnoticed.iter().filter(|((kind, index), _)| !is_free(*kind, *index)).collect();
    assert!(lies.is_empty(), "nobody notices {lies:x?}");
}
