//! The map against its naive twin.

mod support;

use ashlar_state::{Key, Map, MapError, Serial, Sha256Node};
use proptest::prelude::*;
use support::{Leaves, Threads, apply_naively, changes, key, naive_root, value};

fn check_same(map: &Map<Sha256Node>, leaves: &Leaves, probes: &[Key]) {
    assert_eq!(map.root(), naive_root(leaves));
    assert_eq!(map.len(), leaves.len());
    assert_eq!(map.is_empty(), leaves.is_empty());
    assert!(map.iter().eq(leaves.iter().map(|(key, value)| (*key, value.words()))));
    for probe in probes {
        assert_eq!(map.get(probe), leaves.get(probe).map(|value| value.words()));
        let next = leaves.range(probe..).next().map(|(key, value)| (*key, value.words()));
        assert_eq!(map.first_at_or_after(probe), next);
    }
}

proptest! {
    #[test]
    fn batches_leave_what_the_naive_map_leaves(
        batches in prop::collection::vec(changes(60), 1..12),
        probes in prop::collection::vec(key(), 20),
    ) {
        let (mut map, mut leaves) = (Map::new(), Leaves::new());
        for batch in &batches {
            map.apply(batch, &Serial).unwrap();
            apply_naively(&mut leaves, batch);
            check_same(&map, &leaves, &probes);
        }
        let sorted: Vec<_> = leaves.iter().map(|(key, value)| (*key, *value)).collect();
        prop_assert_eq!(Map::<Sha256Node>::from_sorted(&sorted, &Serial).unwrap().root(), map.root());
    }

    #[test]
    fn keys_that_do_not_ascend_are_refused(batch in changes(8), at in 0usize..8) {
        prop_assume!(batch.len() > at + 1);
        let mut map = Map::<Sha256Node>::new();
        map.apply(&batch, &Serial).unwrap();
        let root = map.root();
        let mut swapped = batch.clone();
        swapped.swap(at, at + 1);
        prop_assert_eq!(map.apply(&swapped, &Serial), Err(MapError::Unsorted { index: at + 1 }));
        let mut doubled = batch.clone();
        doubled.insert(at, batch[at]);
        prop_assert_eq!(map.apply(&doubled, &Serial), Err(MapError::Unsorted { index: at + 1 }));
        prop_assert_eq!(map.root(), root);
    }
}

/// Large enough that shards are cut, joined and compacted, on two threads.
#[test]
fn a_map_that_outgrows_its_shards_and_shrinks_again() {
    let key = |i: u64| Key::new([((i % 7) << 61) | (i / 1_000), i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40, i]);
    let (mut map, mut leaves) = (Map::<Sha256Node>::new(), Leaves::new());
    let steps: [(core::ops::Range<u64>, u64, usize); 6] = [
        (0..100_000, 1, 3),
        (50_000..120_000, 3, 5),
        (0..120_000, 2, 0),
        (0..60_000, 1, 8),
        (0..119_000, 1, 0),
        (0..120_000, 1, 0),
    ];
    for (range, step, len) in steps {
        let mut batch: Vec<_> =
            range.step_by(step as usize).map(|i| (key(i), (len > 0).then(|| value(&vec![i; len])))).collect();
        batch.sort_by_key(|(key, _)| *key);
        map.apply(&batch, &Threads(2)).unwrap();
        apply_naively(&mut leaves, &batch);
        let probes: Vec<_> = (0..120_000).step_by(997).map(key).collect();
        check_same(&map, &leaves, &probes);
    }
    assert!(map.is_empty());
}
