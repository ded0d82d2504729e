//! Recorder, table and proof against the map they speak of.

mod support;

use ashlar_state::{Key, Map, Overlay, Recorder, Roots, Rows, Serial, Sha256Node, Table, Witness, WitnessLimits};
use proptest::prelude::*;
use support::script::{Step, naive_answers, run, script};
use support::{Leaves, any_value, key, naive_root, value};

const LIMITS: WitnessLimits = WitnessLimits { rows_max: 10_000, hints_max: 10_000, ops_max: 100_000 };

fn map_of(leaves: &Leaves) -> Map<Sha256Node> {
    let sorted: Vec<_> = leaves.iter().map(|(key, value)| (*key, *value)).collect();
    Map::from_sorted(&sorted, &Serial).unwrap()
}

/// Records a script, executes it again over the witness, and compares all that can be compared.
fn check(leaves: &Leaves, script: &[Step]) -> Witness {
    let mut map = map_of(leaves);
    let answers = naive_answers(leaves.clone(), script);

    let mut overlay = Overlay::new(&map);
    let (seen, after) = run(&mut overlay, script, leaves.clone());
    assert_eq!((overlay.fault(), &seen), (None, &answers));

    let mut recorder = Recorder::new(&map);
    let (seen, _) = run(&mut recorder, script, leaves.clone());
    assert_eq!((recorder.fault(), &seen), (None, &answers));
    let changes = overlay.into_changes();
    let (recorded, witness) = recorder.finish();
    assert_eq!(recorded, changes);

    let read_back = Witness::from_bytes(&witness.to_bytes(), &LIMITS).unwrap();
    assert_eq!(read_back, witness);
    let mut table = Table::new(witness.view()).unwrap();
    let (seen, _) = run(&mut table, script, leaves.clone());
    assert_eq!((table.fault(), &seen), (None, &answers));
    let roots = table.prove::<Sha256Node>().unwrap();

    let before = map.root();
    map.apply(&changes, &Serial).unwrap();
    assert_eq!(roots, Roots { before, after: map.root() });
    assert_eq!(map.root(), naive_root(&after));
    witness
}

fn leaves() -> impl Strategy<Value = Leaves> {
    prop::collection::btree_map(key(), any_value(), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_witness_proves_what_the_map_becomes(leaves in leaves(), script in script(40)) {
        check(&leaves, &script);
    }
}

fn ordered(i: u64) -> Key {
    Key::new([1 << 63 | i, 0, 0])
}

fn ladder(range: std::ops::Range<u64>) -> Leaves {
    range.map(|i| (ordered(2 * i), value(&[i, 1]))).collect()
}

#[test]
fn an_empty_map_that_nobody_touches() {
    assert_eq!(check(&Leaves::new(), &[]), Witness::default());
}

#[test]
fn a_map_that_nobody_touches_is_one_digest() {
    let witness = check(&ladder(0..50), &[]);
    assert_eq!((witness.ops.len(), witness.digests.len(), witness.lens.len()), (1, 7, 0));
}

#[test]
fn from_empty_and_back() {
    let writes = |keys: std::ops::Range<u64>| keys.map(|i| Step::Write(ordered(i * 37), value(&[i])));
    check(&Leaves::new(), &writes(0..20).collect::<Vec<_>>());
    check(&Leaves::new(), &writes(0..1).collect::<Vec<_>>());
    let erases: Vec<_> = (0..50).map(|i| Step::Erase(ordered(2 * i))).collect();
    check(&ladder(0..50), &erases);
    check(&ladder(0..1), &erases);
    check(&Leaves::new(), &writes(0..20).chain(erases).collect::<Vec<_>>());
}

#[test]
fn inserts_and_sweeps_at_the_front() {
    let mut script = vec![Step::Sweep(ordered(0), 5), Step::Write(ordered(1), value(&[7])), Step::After(ordered(0))];
    script.extend([Step::Sweep(ordered(0), 3), Step::Write(ordered(5), value(&[8])), Step::After(ordered(0))]);
    check(&ladder(0..50), &script);
}

#[test]
fn a_leaf_beside_an_untouched_subtree_brings_a_row_nobody_asked_for() {
    let witness = check(&ladder(0..64), &[Step::Write(Key::MIN, value(&[1]))]);
    assert_eq!((witness.lens.len(), witness.hints.len()), (2, 1));
}

#[test]
fn a_leaf_touched_between_an_insert_and_its_predecessor() {
    let script = [
        Step::Read(ordered(10)),
        Step::Write(ordered(15), value(&[1])),
        Step::Read(ordered(12)),
        Step::After(ordered(12)),
        Step::Erase(ordered(12)),
        Step::Erase(ordered(15)),
        Step::Write(ordered(13), value(&[1])),
        Step::After(ordered(11)),
    ];
    check(&ladder(0..64), &script);
}
