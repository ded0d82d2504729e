//! What the tests share: a naive map, and keys that collide often enough to be interesting.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod script;

use std::collections::BTreeMap;
use std::sync::Mutex;

use ashlar_state::{Change, Digest, Executor, Key, NodeHash, Sha256Node, Value};
use proptest::prelude::*;

pub type Leaves = BTreeMap<Key, Value>;

/// The root by its definition: split the leaves at the first bit in which they differ.
pub fn naive_root(leaves: &Leaves) -> Digest {
    let leaves: Vec<_> = leaves.iter().map(|(key, value)| (*key, *value)).collect();
    naive_root_of(&leaves)
}

fn naive_root_of(leaves: &[(Key, Value)]) -> Digest {
    match leaves {
        [] => Digest::EMPTY,
        [(key, value)] => Sha256Node::leaf(key, value.words()),
        [(first, _), .., (last, _)] => {
            let position = first.first_difference(last).expect("keys are distinct");
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !key.bit(position)));
            Sha256Node::node(position, &naive_root_of(left), &naive_root_of(right))
        }
    }
}

pub fn apply_naively(leaves: &mut Leaves, changes: &[Change]) {
    for (key, value) in changes {
        match value {
            Some(value) => leaves.insert(*key, *value),
            None => leaves.remove(key),
        };
    }
}

pub fn value(words: &[u64]) -> Value {
    Value::new(words).expect("1 to 8 words")
}

/// Keys that share long prefixes, differ in every word, and are ordered half of the time.
pub fn key() -> impl Strategy<Value = Key> {
    let nibble = || prop_oneof![4 => 0u64..4, 1 => 0u64..64];
    let shift = || prop_oneof![Just(0u32), Just(31), Just(58)];
    (any::<bool>(), [nibble(), nibble(), nibble()], [shift(), shift(), shift()]).prop_map(|(ordered, words, shifts)| {
        let [a, b, c] = words;
        let [i, j, k] = shifts;
        Key::new([u64::from(ordered) << 63 | (a << i) >> 1, b << j, c << k])
    })
}

pub fn any_value() -> impl Strategy<Value = Value> {
    prop::collection::vec(0u64..3, 1..=8).prop_map(|words| value(&words))
}

/// A batch: about a third of it removes.
pub fn changes(len_max: usize) -> impl Strategy<Value = Vec<Change>> {
    prop::collection::btree_map(key(), prop::option::weighted(0.65, any_value()), 0..=len_max)
        .prop_map(|changes| changes.into_iter().collect())
}

/// Two threads that take tasks from one queue: the executor a shell would bring.
pub struct Threads(pub usize);

impl Executor for Threads {
    fn for_each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        let queue = Mutex::new(tasks.iter_mut());
        let next = || queue.lock().expect("no worker panics while it holds the queue").next();
        std::thread::scope(|scope| {
            for _ in 0..self.0 {
                scope.spawn(|| {
                    while let Some(task) = next() {
                        work(task);
                    }
                });
            }
        });
    }
}
