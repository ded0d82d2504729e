//! Chance: whatever is changed, nothing panics, and what is accepted says the same as before.

use std::sync::LazyLock;

use ashlar_batch::data_root;
use ashlar_guest::{NativePlatform, check};
use ashlar_state::{Key, Witness};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::accepts::two;
use crate::support::Recorded;

static RIGHT: LazyLock<[Recorded; 2]> = LazyLock::new(two);

/// What happens to one section.
#[derive(Clone, Debug)]
pub enum Change {
    Set(u64),
    Turn(u8),
    Drop,
    Double,
    Swap(usize),
    Cut,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        any::<u64>().prop_map(Change::Set),
        (0..300u64).prop_map(Change::Set),
        any::<u8>().prop_map(Change::Turn),
        Just(Change::Drop),
        Just(Change::Double),
        any::<usize>().prop_map(Change::Swap),
        Just(Change::Cut),
    ]
}

/// A number of some width, as far as changes go.
trait Item: Copy {
    fn of(value: u64) -> Self;
    fn turned(self, bit: u8) -> Self;
}

macro_rules! items {
    ($($of:ty),+) => {
        $(impl Item for $of {
            fn of(value: u64) -> Self {
                value as $of
            }
            fn turned(self, bit: u8) -> Self {
                self ^ 1 << (u32::from(bit) % <$of>::BITS)
            }
        })+
    };
}

items!(u8, u32, u64);

fn apply<T: Item>(section: &mut Vec<T>, place: usize, change: &Change) {
    if section.is_empty() {
        if let Change::Set(value) = change {
            section.push(T::of(*value));
        }
        return;
    }
    let place = place % section.len();
    match change {
        Change::Set(value) => section[place] = T::of(*value),
        Change::Turn(bit) => section[place] = section[place].turned(*bit),
        Change::Drop => drop(section.remove(place)),
        Change::Double => section.insert(place, section[place]),
        Change::Swap(other) => {
            let other = other % section.len();
            section.swap(place, other);
        }
        Change::Cut => section.truncate(place),
    }
}

pub fn mutate(of: &mut Recorded, section: u8, place: usize, change: &Change) {
    let Witness { keys, lens, words, hints, ops, digests } = &mut of.witness;
    match section {
        0 => apply(keys, place, change),
        1 => apply(lens, place, change),
        2 | 3 => apply(words, place, change),
        4 => apply(hints, place, change),
        5 => apply(ops, place, change),
        6 => apply(digests, place, change),
        7 => apply(&mut of.words, place, change),
        8 => apply(&mut of.signatures, place, change),
        _ => apply(&mut of.batch, place, change),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_panics_and_nothing_else_is_accepted(
        which in 0..2usize,
        changes in vec((0..11u8, any::<usize>(), change()), 1..6),
        publish in any::<bool>(),
    ) {
        let right = &RIGHT[which];
        let mut wrong = right.clone();
        for (section, place, change) in &changes {
            mutate(&mut wrong, *section, *place, change);
        }
        if publish && let Ok(root) = data_root(&wrong.batch) {
            wrong.header.data_root = root;
        }
        let platform = &mut NativePlatform::default();
        let expected = check(&right.input(), platform);
        prop_assert!(expected.is_ok());
        if let Ok(values) = check(&wrong.input(), platform) {
            prop_assert_eq!(Ok(values), expected);
        }
    }

    /// The leaves that a batch looks at say anything at all: execution meets every kind of nonsense before the root before is compared.
    #[test]
    fn nonsense_in_every_leaf_panics_nowhere(
        which in 0..2usize,
        values in vec(prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), Just(1 << 63), 0..3u64], 1..40),
        from in any::<usize>(),
        spared in any::<bool>(),
    ) {
        let mut wrong = RIGHT[which].clone();
        let (keys, _) = wrong.witness.keys.as_chunks::<3>();
        let mut owner = Vec::new();
        for (key, len) in keys.iter().zip(&wrong.witness.lens) {
            owner.extend(std::iter::repeat_n(Key::new(*key), usize::from(*len)));
        }
        let words = wrong.witness.words.len();
        let mut changed = false;
        for (place, value) in values.iter().enumerate() {
            let place = (from % words + place) % words;
            // With the leaf of the exchange and those of keys spared, execution gets further.
            if !(spared && matches!(owner[place].words()[0] >> 56, 0x01 | 0x08 | 0x09)) {
                changed |= wrong.witness.words[place] != *value;
                wrong.witness.words[place] = *value;
            }
        }
        prop_assert_eq!(check(&wrong.input(), &mut NativePlatform::default()).is_ok(), !changed);
    }
}
