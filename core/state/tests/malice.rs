//! Witnesses made to deceive. Each class names the rule of `docs/spec/witness.md` that stops it.

mod support;

use ashlar_state::{
    Digest, Fault, Key, Map, NodeHash, Recorder, Roots, Rows, Serial, Sha256Node, Table, Witness, WitnessError,
    WitnessLimits,
};
use proptest::prelude::*;
use support::script::{Seen, Step, run, script};
use support::{Leaves, any_value, key, value};

const LIMITS: WitnessLimits = WitnessLimits { rows_max: 10_000, hints_max: 10_000, ops_max: 100_000 };

/// An honest batch to tamper with.
struct Batch {
    leaves: Leaves,
    script: Vec<Step>,
    witness: Witness,
    honest: (Vec<Seen>, Roots),
}

impl Batch {
    fn new(leaves: Leaves, script: Vec<Step>) -> Self {
        let map = map_of(&leaves);
        let mut recorder = Recorder::new(&map);
        run(&mut recorder, &script, leaves.clone());
        let (_, witness) = recorder.finish();
        let mut batch = Self { leaves, script, witness, honest: Default::default() };
        batch.honest = batch.check(&batch.witness).expect("the honest witness is accepted");
        assert_eq!(batch.honest.1.before, map.root());
        batch
    }

    fn check(&self, witness: &Witness) -> Result<(Vec<Seen>, Roots), WitnessError> {
        let mut table = Table::new(witness.view())?;
        let (seen, _) = run(&mut table, &self.script, self.leaves.clone());
        Ok((seen, table.prove::<Sha256Node>()?))
    }

    /// Whether a guest would accept this instead of the honest witness.
    fn is_accepted(&self, witness: &Witness) -> bool {
        self.check(witness).is_ok_and(|(_, roots)| roots.before == self.honest.1.before)
    }

    fn error(&self, tamper: impl FnOnce(&mut Witness)) -> WitnessError {
        let mut witness = self.witness.clone();
        tamper(&mut witness);
        assert_ne!(witness, self.witness, "nothing was tampered with");
        self.check(&witness).expect_err("a tampered witness was accepted")
    }
}

fn map_of(leaves: &Leaves) -> Map<Sha256Node> {
    let sorted: Vec<_> = leaves.iter().map(|(key, value)| (*key, *value)).collect();
    Map::from_sorted(&sorted, &Serial).unwrap()
}

fn ordered(i: u64) -> Key {
    Key::new([1 << 63 | i, 0, 0])
}

/// Orders at even places, with a sentinel on each side.
fn book() -> Leaves {
    (0..32).map(|i| (ordered(2 * i), value(&[i + 1, 7]))).collect()
}

fn position_of(ops: &[u8], op: u8, number: usize) -> usize {
    ops.iter().enumerate().filter(|(_, got)| **got == op).nth(number).expect("there are so many").0
}

/// Shows a row's leaf as an opaque subtree instead, and shifts the hints.
fn hide(witness: &mut Witness, row: usize) {
    let key = Key::new(witness.keys[3 * row..3 * row + 3].try_into().unwrap());
    let start: usize = witness.lens[..row].iter().map(|len| usize::from(*len)).sum();
    let words: Vec<_> = witness.words.drain(start..start + usize::from(witness.lens[row])).collect();
    witness.keys.drain(3 * row..3 * row + 3);
    witness.lens.remove(row);
    let index = position_of(&witness.ops, 255, row);
    witness.ops[index] = 254;
    let opaque = witness.ops[..index].iter().filter(|op| **op == 254).count();
    witness.digests.splice(7 * opaque..7 * opaque, *Sha256Node::leaf(&key, &words).words());
    witness.hints.iter_mut().filter(|hint| **hint > row as u32).for_each(|hint| *hint -= 1);
}

#[test]
fn a_better_order_cannot_be_hidden() {
    let batch = Batch::new(book(), vec![Step::After(ordered(0)), Step::Read(ordered(4))]);
    let mut hidden = batch.witness.clone();
    hide(&mut hidden, 1);
    // The proof itself stands: only the question about order gives the lie away (W-7).
    let unasked = Witness { hints: vec![], ..hidden.clone() };
    let table = Table::new(unasked.view()).unwrap();
    assert_eq!(table.prove::<Sha256Node>().unwrap().before, batch.honest.1.before);
    assert_eq!(batch.check(&hidden), Err(WitnessError::Fault(Fault::Hidden { from: ordered(0), to: ordered(4) })));
}

#[test]
fn a_wrong_leaf_changes_the_root() {
    let batch = Batch::new(book(), vec![Step::Write(ordered(6), value(&[5]))]);
    for tamper in [
        |witness: &mut Witness| witness.words[0] ^= 1,
        |witness: &mut Witness| witness.words[1] ^= 1 << 63,
        |witness: &mut Witness| witness.digests[0] ^= 1 << 8,
    ] {
        let mut witness = batch.witness.clone();
        tamper(&mut witness);
        assert!(!batch.is_accepted(&witness));
        assert_ne!(batch.check(&witness).unwrap().1.before, batch.honest.1.before);
    }
}

#[test]
fn rows_cannot_be_doubled_or_swapped() {
    let batch = Batch::new(book(), vec![Step::Read(ordered(6)), Step::Read(ordered(8))]);
    let doubled = batch.error(|witness| {
        witness.keys.copy_within(0..3, 3);
    });
    assert_eq!(doubled, WitnessError::KeyOrder { row: 1 });
    let swapped = batch.error(|witness| {
        let (a, b) = witness.keys.split_at_mut(3);
        a.swap_with_slice(&mut b[..3]);
    });
    assert_eq!(swapped, WitnessError::KeyOrder { row: 1 });
}

#[test]
fn hints_are_checked_each_and_all() {
    let script = vec![Step::Read(ordered(6)), Step::Read(ordered(8)), Step::Write(ordered(7), value(&[1]))];
    let batch = Batch::new(book(), script);
    let fault = |tamper: fn(&mut Vec<u32>)| batch.error(|witness| tamper(&mut witness.hints));
    let key = WitnessError::Fault(Fault::HintKey { expected: ordered(6), got: ordered(8) });
    assert_eq!(fault(|hints| hints.swap(0, 1)), key);
    assert_eq!(fault(|hints| hints[0] = 99), WitnessError::Fault(Fault::HintRange { got: 99, rows: 3 }));
    assert!(matches!(fault(|hints| hints[3] += 1), WitnessError::Fault(Fault::HintPredecessor { .. })));
    assert!(matches!(fault(|hints| hints[3] = 2), WitnessError::Fault(Fault::HintPredecessor { .. })));
    assert!(matches!(fault(|hints| hints[3] = 3), WitnessError::Fault(Fault::HintPredecessor { .. })));
    assert_eq!(fault(|hints| hints.truncate(2)), WitnessError::Fault(Fault::HintMissing { hints: 2 }));
    assert_eq!(fault(|hints| hints.push(0)), WitnessError::HintsUnused { expected: 4, got: 5 });
}

#[test]
fn an_erased_leaf_is_no_predecessor() {
    let script = vec![Step::Read(ordered(4)), Step::Erase(ordered(6)), Step::Write(ordered(7), value(&[1]))];
    let batch = Batch::new(book(), script);
    assert_eq!(batch.witness.hints, [0, 1, 2, 0]);
    let erased = batch.error(|witness| witness.hints[3] = 1);
    assert_eq!(erased, WitnessError::Fault(Fault::HintPredecessor { key: ordered(7), got: 1 }));
}

#[test]
fn a_row_stands_on_its_own_side() {
    let leaves = Leaves::from([(ordered(0), value(&[1])), (ordered(1), value(&[2]))]);
    let batch = Batch::new(leaves, vec![Step::Read(ordered(0))]);
    assert_eq!(batch.witness.ops, [255, 254, 63]);
    let swapped = batch.error(|witness| witness.ops.swap(0, 1));
    assert_eq!(swapped, WitnessError::Side { index: 2, position: 63, key: ordered(0) });
}

#[test]
fn positions_ascend_towards_the_leaves() {
    let leaves = Leaves::from([(ordered(0), value(&[1])), (ordered(1), value(&[2])), (ordered(2), value(&[3]))]);
    let batch = Batch::new(leaves, vec![Step::Read(ordered(0))]);
    assert_eq!(batch.witness.ops, [255, 254, 63, 254, 62]);
    let swapped = batch.error(|witness| witness.ops.swap(2, 4));
    assert_eq!(swapped, WitnessError::PositionOrder { index: 4, position: 63, child: 62 });
}

#[test]
fn a_new_node_needs_a_leaf_on_both_sides() {
    let batch = Batch::new(book(), vec![Step::Write(Key::MIN, value(&[1]))]);
    // The neighbour is there although nobody asked for it.
    assert_eq!(batch.witness.lens, [0, 2]);
    // Hidden alone it leaves two opaque subtrees; and the whole old trie as one digest shows no position.
    assert!(matches!(batch.error(|witness| hide(witness, 1)), WitnessError::JoinOpaque { .. }));
    let whole = batch.error(|witness| {
        *witness = Witness {
            keys: Key::MIN.words().to_vec(),
            lens: vec![0],
            hints: vec![0],
            ops: vec![255, 254, 0],
            digests: batch.honest.1.before.words().to_vec(),
            words: vec![],
        };
    });
    assert_eq!(whole, WitnessError::Unsupported { index: 2 });
}

#[test]
fn a_new_node_has_one_position() {
    let batch = Batch::new(book(), vec![Step::Write(ordered(7), value(&[1]))]);
    for (index, op) in batch.witness.ops.iter().enumerate().filter(|(_, op)| **op < 192) {
        for other in (0..192).filter(|other| other != op) {
            let mut witness = batch.witness.clone();
            witness.ops[index] = other;
            assert!(!batch.is_accepted(&witness), "operation {index} at {other} instead of {op}");
        }
    }
}

#[test]
fn a_position_cannot_be_smuggled_into_a_digest() {
    let batch = Batch::new(book(), vec![Step::Read(ordered(6))]);
    let smuggled = batch.error(|witness| witness.digests[6] |= 1);
    assert!(matches!(smuggled, WitnessError::DigestTail { .. }));
}

#[test]
fn nothing_can_be_cut_off() {
    let batch = Batch::new(book(), vec![Step::Read(ordered(6)), Step::Write(ordered(9), value(&[1, 2]))]);
    let bytes = batch.witness.to_bytes();
    assert!((0..bytes.len()).all(|len| Witness::from_bytes(&bytes[..len], &LIMITS).is_err()));
    assert!(matches!(batch.error(|witness| _ = witness.ops.pop()), WitnessError::Unjoined { got: 2 }));
    assert!(matches!(
        batch.error(|witness| _ = witness.ops.remove(0)),
        WitnessError::Count { .. } | WitnessError::JoinMissing { .. }
    ));
    assert!(matches!(batch.error(|witness| _ = witness.digests.drain(..7)), WitnessError::Count { .. }));
    assert!(matches!(batch.error(|witness| _ = witness.digests.pop()), WitnessError::Ragged { .. }));
    assert!(matches!(batch.error(|witness| _ = witness.words.pop()), WitnessError::Count { .. }));
    assert!(matches!(batch.error(|witness| _ = witness.lens.pop()), WitnessError::Count { .. }));
}

/// A subtree of a trie of three leaves, for the exhaustive search.
fn digests_of(leaves: &[(Key, u64)], found: &mut Vec<Digest>) -> Digest {
    let digest = match leaves {
        [(key, word)] => Sha256Node::leaf(key, &[*word]),
        [(first, _), .., (last, _)] => {
            let position = first.first_difference(last).unwrap();
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !key.bit(position)));
            Sha256Node::node(position, &digests_of(left, found), &digests_of(right, found))
        }
        [] => Digest::EMPTY,
    };
    found.push(digest);
    digest
}

/// Every sequence of operations over these rows and opaque subtrees, up to `items` of them in all.
fn search(
    ops: &mut Vec<u8>,
    opaque: &mut Vec<u32>,
    (rows, items, open): (usize, usize, usize),
    digests: &[Digest],
    visit: &mut impl FnMut(&[u8], &[u32]),
) {
    if rows == 0 && open == 1 {
        visit(ops, opaque);
    }
    if open >= 2 {
        for position in 188..192 {
            ops.push(position);
            search(ops, opaque, (rows, items, open - 1), digests, visit);
            ops.pop();
        }
    }
    if items == 0 {
        return;
    }
    if rows > 0 {
        ops.push(255);
        search(ops, opaque, (rows - 1, items - 1, open + 1), digests, visit);
        ops.pop();
    }
    if items > rows {
        for digest in digests {
            ops.push(254);
            opaque.extend(digest.words());
            search(ops, opaque, (rows, items - 1, open + 1), digests, visit);
            opaque.truncate(opaque.len() - 7);
            ops.pop();
        }
    }
}

/// For every map of the first and two more of eight keys, every key, and every neighbour shown beside it: no sequence of operations
/// whatever proves that a present key is absent, and each absent key has one that does.
#[test]
fn no_sequence_of_operations_proves_a_false_absence() {
    let key = |i: u64| Key::new([0, 0, i]);
    let (mut tried, mut proven) = (0u64, 0u64);
    for set in (1u16..256).step_by(2).filter(|set| set.count_ones() == 3) {
        // Keys 0, 2, .. 14 use three of four bits, so that a wrong position has room.
        let leaves: Vec<_> = (0..8).filter(|i| set >> i & 1 == 1).map(|i| (key(2 * i), 100 + i)).collect();
        let mut digests = vec![];
        let root = digests_of(&leaves, &mut digests);
        for asked in (0..8).map(|i| key(2 * i)) {
            let is_present = leaves.iter().any(|(key, _)| *key == asked);
            let mut proofs = 0;
            for shown in leaves.iter().filter(|(key, _)| *key != asked).map(Some).chain([None]) {
                let mut rows = vec![(asked, None)];
                rows.extend(shown.map(|(key, word)| (*key, Some(*word))));
                rows.sort();
                let mut witness = Witness {
                    keys: rows.iter().flat_map(|(key, _)| *key.words()).collect(),
                    lens: rows.iter().map(|(_, word)| u8::from(word.is_some())).collect(),
                    words: rows.iter().filter_map(|(_, word)| *word).collect(),
                    ..Witness::default()
                };
                search(&mut vec![], &mut vec![], (rows.len(), 4, 0), &digests, &mut |ops, opaque| {
                    witness.ops = ops.to_vec();
                    witness.digests = opaque.to_vec();
                    let table = Table::new(witness.view()).unwrap();
                    tried += 1;
                    if table.prove::<Sha256Node>().is_ok_and(|roots| roots.before == root) {
                        proofs += 1;
                    }
                });
            }
            assert!(!is_present || proofs == 0, "{asked:?} was proven absent from {leaves:?}");
            assert!(is_present || proofs > 0, "{asked:?} could not be proven absent from {leaves:?}");
            proven += proofs;
        }
    }
    assert!(tried > 1_000_000 && proven > 0, "tried {tried}, proven {proven}");
}

#[derive(Clone, Debug)]
enum Mutation {
    Flip { section: usize, at: usize, bit: u32 },
    Remove { section: usize, at: usize },
    Repeat { section: usize, at: usize },
    Swap { section: usize, at: usize },
    Hide { row: usize },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (section, at) = (0usize..6, any::<usize>());
    prop_oneof![
        4 => (section.clone(), at, 0u32..64).prop_map(|(section, at, bit)| Mutation::Flip { section, at, bit }),
        1 => (section.clone(), at).prop_map(|(section, at)| Mutation::Remove { section, at }),
        1 => (section.clone(), at).prop_map(|(section, at)| Mutation::Repeat { section, at }),
        2 => (section, at).prop_map(|(section, at)| Mutation::Swap { section, at }),
        2 => at.prop_map(|row| Mutation::Hide { row }),
    ]
}

macro_rules! with_section {
    ($witness:expr, $section:expr, |$name:ident| $body:expr) => {
        match $section {
            0 => {
                let $name = &mut $witness.keys;
                $body
            }
            1 => {
                let $name = &mut $witness.lens;
                $body
            }
            2 => {
                let $name = &mut $witness.words;
                $body
            }
            3 => {
                let $name = &mut $witness.hints;
                $body
            }
            4 => {
                let $name = &mut $witness.ops;
                $body
            }
            _ => {
                let $name = &mut $witness.digests;
                $body
            }
        }
    };
}

/// Whether the sections still fit together, so that a row can be found in them.
fn is_whole(witness: &Witness) -> bool {
    let rows = witness.lens.len();
    let words: usize = witness.lens.iter().map(|len| usize::from(*len)).sum();
    rows > 0
        && witness.keys.len() == 3 * rows
        && witness.words.len() == words
        && witness.ops.iter().filter(|op| **op == 255).count() == rows
        && witness.digests.len() == 7 * witness.ops.iter().filter(|op| **op == 254).count()
}

fn mutate(witness: &mut Witness, mutation: &Mutation) {
    match *mutation {
        Mutation::Flip { section, at, bit } => with_section!(witness, section, |items| if !items.is_empty() {
            let at = at % items.len();
            items[at] ^= 1 << (bit % (8 * size_of_val(&items[at]) as u32));
        }),
        Mutation::Remove { section, at } => with_section!(witness, section, |items| if !items.is_empty() {
            items.remove(at % items.len());
        }),
        Mutation::Repeat { section, at } => with_section!(witness, section, |items| if !items.is_empty() {
            let at = at % items.len();
            items.insert(at, items[at]);
        }),
        Mutation::Swap { section, at } => with_section!(witness, section, |items| if items.len() > 1 {
            let at = at % (items.len() - 1);
            items.swap(at, at + 1);
        }),
        Mutation::Hide { row } if is_whole(witness) => hide(witness, row % witness.lens.len()),
        Mutation::Hide { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// A mutant is refused, or it is a longer way of saying the same.
    #[test]
    fn mutants_never_change_what_is_proven(
        leaves in prop::collection::btree_map(key(), any_value(), 0..60),
        script in script(16),
        mutations in prop::collection::vec(mutation(), 1..3),
    ) {
        let batch = Batch::new(leaves, script);
        let mut witness = batch.witness.clone();
        mutations.iter().for_each(|mutation| mutate(&mut witness, mutation));
        prop_assume!(witness != batch.witness);
        if let Ok((seen, roots)) = batch.check(&witness)
            && roots.before == batch.honest.1.before
        {
            prop_assert_eq!((seen, roots), batch.honest.clone());
            // Only a row that nobody asked for can be missing.
            prop_assert!(witness.lens.len() < batch.witness.lens.len());
        }
    }

    #[test]
    fn arbitrary_witnesses_are_refused_without_a_panic(
        keys in prop::collection::vec(any::<u64>(), 0..12),
        lens in prop::collection::vec(0u8..4, 0..4),
        words in prop::collection::vec(any::<u64>(), 0..8),
        hints in prop::collection::vec(0u32..5, 0..8),
        ops in prop::collection::vec(prop_oneof![Just(254u8), Just(255), 0u8..194], 0..10),
        digests in prop::collection::vec(any::<u32>(), 0..22),
        script in script(8),
    ) {
        let mut keys = keys;
        keys.sort();
        let witness = Witness { keys, lens, words, hints, ops, digests };
        if let Ok(mut table) = Table::new(witness.view()) {
            run(&mut table, &script, Leaves::new());
            let _ = (table.fault(), table.prove::<Sha256Node>());
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_witness(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(witness) = Witness::from_bytes(&bytes, &LIMITS) {
            prop_assert_eq!(witness.to_bytes(), bytes);
        }
    }
}
