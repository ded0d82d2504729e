use ashlar_replica::{DiffError, Shadow, Snapshot, apply_diff, diff};
use ashlar_state::{Map, Serial};

use crate::world::history;

fn map_of(snapshot: &Snapshot) -> Map<ashlar_state::Sha256Node> {
    Map::from_sorted(&snapshot.leaves, &Serial).expect("sorted")
}

/// Every batch's diff, with the header under it.
fn diffs(seed: u64, batches: usize, inputs: usize) -> (Snapshot, Vec<(ashlar_batch::BatchHeader, Vec<u8>, usize)>) {
    let history = history(seed, batches, inputs);
    let genesis = history.genesis;
    let mut shadow = Shadow::new(map_of(&genesis), genesis.order_index(), genesis.head.header);
    let made = history.batches.iter().map(|(header, bytes)| {
        let before = map_after(shadow.map());
        let outcome = shadow.run(bytes, header, &Serial).expect("it was executed");
        assert_eq!(outcome.header, *header);
        (*header, diff(&before, &outcome.changes, header), bytes.len())
    });
    let made = made.collect();
    (genesis, made)
}

/// A copy by its leaves.
fn map_after(map: &Map<ashlar_state::Sha256Node>) -> Map<ashlar_state::Sha256Node> {
    let value = |words: &[u64]| ashlar_state::Value::new(words).expect("a leaf");
    let leaves: Vec<_> = map.iter().map(|(key, words)| (key, value(words))).collect();
    Map::from_sorted(&leaves, &Serial).expect("sorted")
}

#[test]
fn diffs_alone_come_to_every_state_of_a_history() {
    let (genesis, diffs) = diffs(5, 6, 900);
    let mut map = map_of(&genesis);
    for (header, bytes, inputs) in &diffs {
        assert_eq!(apply_diff(&mut map, bytes, &Serial).expect("a diff"), *header);
        println!("batch {}: {} bytes of diff for {inputs} bytes of inputs", header.number.get(), bytes.len());
    }
}

#[test]
fn what_is_no_diff_of_this_state_is_refused() {
    let (genesis, diffs) = diffs(6, 3, 60);
    let (_, first, _) = &diffs[0];
    let (_, second, _) = &diffs[1];
    let mut map = map_of(&genesis);
    assert!(matches!(apply_diff(&mut map, second, &Serial), Err(DiffError::Before { .. })), "one is left out");
    for length in (0..first.len()).step_by(11) {
        assert!(apply_diff(&mut map, &first[..length], &Serial).is_err(), "{length} bytes");
    }
    let long = [first.as_slice(), &[0]].concat();
    assert!(matches!(apply_diff(&mut map, &long, &Serial), Err(DiffError::Decode(_))));
    apply_diff(&mut map, first, &Serial).expect("until here nothing was changed");

    // Whatever bit is turned, no other state is taken for that of the header.
    let header = 1 + ashlar_batch::BatchHeader::WORDS * 32;
    for at in (header..second.len()).step_by(3) {
        let mut garbled = second.clone();
        garbled[at] ^= 1 << (at % 8);
        let mut map = map_after(&map);
        assert!(apply_diff(&mut map, &garbled, &Serial).is_err(), "byte {at}");
    }
}
