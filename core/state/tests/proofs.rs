//! Proofs: every honest one verifies, nothing else does.

mod support;

use ashlar_state::{Key, LookupProof, Map, ProofError, ProofLimits, ProofPath, Serial, Sha256Node, SuccessorProof};
use proptest::prelude::*;
use support::{Leaves, any_value, key, value};

const LIMITS: ProofLimits = ProofLimits { steps_max: 192 };

fn map_of(leaves: &Leaves) -> Map<Sha256Node> {
    let sorted: Vec<_> = leaves.iter().map(|(key, value)| (*key, *value)).collect();
    Map::from_sorted(&sorted, &Serial).unwrap()
}

fn leaves() -> impl Strategy<Value = Leaves> {
    prop::collection::btree_map(key(), any_value(), 0..60)
}

/// A key that is in the map half of the time.
fn probe(leaves: &Leaves, other: Key, pick: usize) -> Key {
    leaves.keys().nth(pick % 120).copied().unwrap_or(other)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn honest_proofs_say_what_the_map_says(leaves in leaves(), other in key(), pick in 0usize..120) {
        let map = map_of(&leaves);
        let root = map.root();
        let key = probe(&leaves, other, pick);

        let proof = map.prove(&key);
        prop_assert_eq!(proof.verify::<Sha256Node>(&root, &key), Ok(map.get(&key)));
        prop_assert_eq!(LookupProof::from_bytes(&proof.to_bytes(), &LIMITS), Ok(proof));

        let proof = map.prove_first_at_or_after(&key);
        prop_assert_eq!(proof.verify::<Sha256Node>(&root, &key), Ok(map.first_at_or_after(&key)));
        prop_assert_eq!(SuccessorProof::from_bytes(&proof.to_bytes(), &LIMITS), Ok(proof));
    }

    /// Whatever the proof, the key it is used for and the map: it says the truth or nothing.
    #[test]
    fn a_proof_for_one_key_never_lies_about_another(leaves in leaves(), of in key(), about in key()) {
        let map = map_of(&leaves);
        if let Ok(said) = map.prove(&of).verify::<Sha256Node>(&map.root(), &about) {
            prop_assert_eq!(said, map.get(&about));
        }
        if let Ok(said) = map.prove_first_at_or_after(&of).verify::<Sha256Node>(&map.root(), &about) {
            prop_assert_eq!(said, map.first_at_or_after(&about));
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed(leaves in leaves(), other in key(), pick in 0usize..120, seed: u64) {
        let map = map_of(&leaves);
        let root = map.root();
        let key = probe(&leaves, other, pick);
        let lookup = map.prove(&key).to_bytes();
        for bit in (seed as usize % 7..8 * lookup.len()).step_by(7) {
            let mut bytes = lookup.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let verified = LookupProof::from_bytes(&bytes, &LIMITS)
                .and_then(|proof| proof.verify::<Sha256Node>(&root, &key).map(|_| ()));
            prop_assert!(verified.is_err(), "bit {bit}");
        }
        let successor = map.prove_first_at_or_after(&key).to_bytes();
        for bit in (seed as usize % 7..8 * successor.len()).step_by(7) {
            let mut bytes = successor.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let verified = SuccessorProof::from_bytes(&bytes, &LIMITS)
                .and_then(|proof| proof.verify::<Sha256Node>(&root, &key).map(|_| ()));
            prop_assert!(verified.is_err(), "bit {bit}");
        }
        for cut in [0, 1, lookup.len() / 2, lookup.len() - 1] {
            prop_assert!(LookupProof::from_bytes(&lookup[..cut], &LIMITS).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0u8..7) {
        if let [version, of, ..] = &mut bytes[..] {
            (*version, *of) = (1, kind);
        }
        if let Ok(proof) = LookupProof::from_bytes(&bytes, &LIMITS) {
            prop_assert_eq!(proof.to_bytes(), bytes.clone());
            let _ = proof.verify::<Sha256Node>(&Map::<Sha256Node>::new().root(), &Key::MIN);
        }
        if let Ok(proof) = SuccessorProof::from_bytes(&bytes, &LIMITS) {
            prop_assert_eq!(proof.to_bytes(), bytes.clone());
            let _ = proof.verify::<Sha256Node>(&Map::<Sha256Node>::new().root(), &Key::MIN);
        }
    }
}

fn ladder() -> Map<Sha256Node> {
    map_of(&(1..9).map(|i| (Key::new([0, 0, 10 * i]), value(&[i]))).collect())
}

fn at(i: u64) -> Key {
    Key::new([0, 0, i])
}

fn path_to(map: &Map<Sha256Node>, i: u64) -> ProofPath {
    map.prove(&at(i)).path.unwrap()
}

#[test]
fn a_leaf_that_is_not_where_the_key_leads_proves_no_absence() {
    let map = ladder();
    let wrong = LookupProof { path: Some(path_to(&map, 10)) };
    assert!(matches!(wrong.verify::<Sha256Node>(&map.root(), &at(80)), Err(ProofError::Root { .. })));
}

#[test]
fn a_leaf_in_the_middle_is_neither_first_nor_last() {
    let map = ladder();
    let first = SuccessorProof::UpToFirst(path_to(&map, 40));
    assert!(matches!(first.verify::<Sha256Node>(&map.root(), &at(35)), Err(ProofError::Root { .. })));
    let last = SuccessorProof::AfterLast(path_to(&map, 40));
    assert!(matches!(last.verify::<Sha256Node>(&map.root(), &at(45)), Err(ProofError::Root { .. })));
}

#[test]
fn a_skipped_leaf_is_noticed() {
    let map = ladder();
    let SuccessorProof::Between { left, .. } = map.prove_first_at_or_after(&at(35)) else { panic!("not between") };
    let SuccessorProof::Between { right, shared, .. } = map.prove_first_at_or_after(&at(55)) else {
        panic!("not between")
    };
    let skipping = SuccessorProof::Between { left, right, shared };
    assert!(skipping.verify::<Sha256Node>(&map.root(), &at(35)).is_err());
}

#[test]
fn steps_descend_on_the_way_up() {
    let map = ladder();
    let mut proof = map.prove(&at(30));
    let steps = &mut proof.path.as_mut().unwrap().steps;
    let (below, got) = (steps[1].position, steps[0].position);
    steps.swap(0, 1);
    assert_eq!(proof.verify::<Sha256Node>(&map.root(), &at(30)), Err(ProofError::PositionOrder { below, got }));
    let SuccessorProof::Between { left, mut right, mut shared } = map.prove_first_at_or_after(&at(35)) else {
        panic!("not between")
    };
    let above = left.key.first_difference(&right.key).unwrap();
    let moved = shared.remove(0);
    right.steps.push(moved);
    let moved_down = SuccessorProof::Between { left, right, shared };
    let position = ProofError::Position { above, got: moved.position };
    assert_eq!(moved_down.verify::<Sha256Node>(&map.root(), &at(35)), Err(position));
}

#[test]
fn the_wrong_key_is_outside() {
    let map = ladder();
    let proof = map.prove_first_at_or_after(&at(35));
    for key in [at(30), at(41), Key::MAX, Key::MIN] {
        assert!(matches!(proof.verify::<Sha256Node>(&map.root(), &key), Err(ProofError::Outside { .. })));
    }
}

#[test]
fn limits_and_lengths_are_typed() {
    let map = ladder();
    let bytes = map.prove(&at(30)).to_bytes();
    let strict = ProofLimits { steps_max: 1 };
    assert!(matches!(LookupProof::from_bytes(&bytes, &strict), Err(ProofError::Steps { max: 1, .. })));
    let longer: Vec<_> = bytes.iter().copied().chain([0]).collect();
    assert_eq!(LookupProof::from_bytes(&longer, &LIMITS), Err(ProofError::Trailing { got: 1 }));
    assert_eq!(SuccessorProof::from_bytes(&bytes, &LIMITS), Err(ProofError::Kind { got: 1 }));
    let mut no_words = bytes.clone();
    no_words[26] = 0;
    assert!(LookupProof::from_bytes(&no_words, &LIMITS).is_err());
    no_words[26] = 9;
    assert_eq!(LookupProof::from_bytes(&no_words, &LIMITS), Err(ProofError::ValueLength { got: 9 }));
}
