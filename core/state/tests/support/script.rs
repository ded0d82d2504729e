//! What a batch might do to the map, as data, and a naive map to do it to.

use ashlar_state::{Key, Row, Rows, Value};
use proptest::prelude::*;

use super::{Leaves, any_value, key};

#[derive(Clone, Debug)]
pub enum Step {
    Read(Key),
    Write(Key, Value),
    Erase(Key),
    After(Key),
    /// Takes leaves off the front of the ordered keys after this one, as a taker does, then puts one back.
    Sweep(Key, usize),
}

pub fn script(len_max: usize) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => key().prop_map(Step::Read),
        3 => (key(), any_value()).prop_map(|(key, value)| Step::Write(key, value)),
        2 => key().prop_map(Step::Erase),
        2 => key().prop_map(Step::After),
        1 => (key(), 0usize..6).prop_map(|(key, count)| Step::Sweep(key, count)),
    ];
    prop::collection::vec(step, 0..=len_max)
}

/// What was seen at a row.
pub type Seen = (Key, Vec<u64>);

/// Runs a script. `after` is asked only where the naive map has an answer, so a fault is a defect.
pub fn run(rows: &mut impl Rows, script: &[Step], mut naive: Leaves) -> (Vec<Seen>, Leaves) {
    let mut seen = Vec::new();
    for step in script {
        match step {
            Step::Read(key) => {
                let row = rows.row(key);
                see(rows, row, &mut seen);
            }
            Step::Write(key, value) => {
                let row = rows.row(key);
                rows.write(row, value.words());
                naive.insert(*key, *value);
                see(rows, row, &mut seen);
            }
            Step::Erase(key) => {
                let row = rows.row(key);
                rows.erase(row);
                naive.remove(key);
                see(rows, row, &mut seen);
            }
            Step::After(key) => {
                if has_after(&naive, key) {
                    let row = rows.row(key);
                    let next = rows.after(row);
                    see(rows, next, &mut seen);
                }
            }
            Step::Sweep(key, count) => {
                for _ in 0..*count {
                    if has_after(&naive, key) {
                        let row = rows.row(key);
                        let next = rows.after(row);
                        see(rows, next, &mut seen);
                        rows.erase(next);
                        naive.remove(&rows.key(next));
                    }
                }
                if key.is_ordered() {
                    let row = rows.row(key);
                    rows.write(row, &[9]);
                    naive.insert(*key, Value::new(&[9]).unwrap());
                }
            }
        }
    }
    (seen, naive)
}

fn has_after(naive: &Leaves, key: &Key) -> bool {
    key.is_ordered() && key.successor().is_some_and(|next| naive.range(next..).next().is_some())
}

fn see(rows: &impl Rows, row: Row, seen: &mut Vec<Seen>) {
    assert_eq!(rows.is_present(row), !rows.words(row).is_empty());
    seen.push((rows.key(row), rows.words(row).to_vec()));
}

/// What a plain map answers to a script.
pub fn naive_answers(mut leaves: Leaves, script: &[Step]) -> Vec<Seen> {
    let mut seen = Vec::new();
    let read = |leaves: &Leaves, key: &Key| leaves.get(key).map_or(vec![], |value| value.words().to_vec());
    let after = |leaves: &Leaves, key: &Key| {
        let next = key.successor().filter(|_| key.is_ordered())?;
        leaves.range(next..).next().map(|(key, value)| (*key, value.words().to_vec()))
    };
    for step in script {
        match step {
            Step::Read(key) => seen.push((*key, read(&leaves, key))),
            Step::Write(key, value) => {
                leaves.insert(*key, *value);
                seen.push((*key, value.words().to_vec()));
            }
            Step::Erase(key) => {
                leaves.remove(key);
                seen.push((*key, vec![]));
            }
            Step::After(key) => seen.extend(after(&leaves, key)),
            Step::Sweep(key, count) => {
                for _ in 0..*count {
                    if let Some(next) = after(&leaves, key) {
                        leaves.remove(&next.0);
                        seen.push(next);
                    }
                }
                if key.is_ordered() {
                    leaves.insert(*key, Value::new(&[9]).unwrap());
                }
            }
        }
    }
    seen
}
