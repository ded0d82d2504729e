//! The map under the load of an exchange. The reference machine has two cores.
//!
//! `threads` shows how a shell with threads brings its executor.

#[path = "../tests/support/mod.rs"]
#[allow(dead_code)]
mod support;

use std::time::{Duration, Instant};

use ashlar_state::{Change, Executor, Key, Map, Serial, Sha256Node, Value};
use criterion::{BenchmarkId, Criterion, Throughput};
use support::Threads;

/// A fast generator whose whole state is a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

const ACCOUNTS: u64 = 200_000;
const MARKETS: u64 = 32;

/// Half the leaves are orders on books, the rest balances, counters and client order ids of accounts.
fn random_key(random: &mut Random) -> Key {
    let account = random.below(ACCOUNTS);
    match random.below(8) {
        0..4 => {
            let (market, side) = (random.below(MARKETS), random.below(2));
            let price = (1 << 30) + random.below(2_000);
            Key::new([1 << 63 | market << 47 | side << 46 | price >> 1, price << 63 | random.below(1 << 22), 0])
        }
        4 | 5 => Key::new([1 << 56 | account, random.below(4), 0]),
        6 => Key::new([2 << 56 | account, random.below(MARKETS), 0]),
        _ => Key::new([3 << 56 | account, random.below(1 << 48), 0]),
    }
}

fn random_value(random: &mut Random) -> Value {
    let words: Vec<u64> = (0..2 + random.below(4)).map(|_| random.below(u64::MAX)).collect();
    Value::new(&words).expect("2 to 5 words")
}

fn sorted(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by_key(|(key, _)| *key);
    changes.dedup_by_key(|(key, _)| *key);
    changes
}

fn map_of(leaves: usize, random: &mut Random) -> (Map<Sha256Node>, Vec<Key>) {
    let mut changes = Vec::new();
    while changes.len() < leaves {
        changes.extend((changes.len()..leaves + 1_000).map(|_| (random_key(random), Some(random_value(random)))));
        changes = sorted(changes);
    }
    let mut map = Map::new();
    map.apply(&changes, &Threads(2)).expect("sorted");
    (map, changes.into_iter().map(|(key, _)| key).collect())
}

/// Six updates, two inserts and two removals in ten; what is inserted is what an earlier batch removed or is new.
fn batch_of(len: usize, keys: &[Key], random: &mut Random) -> Vec<Change> {
    let mut changes = Vec::new();
    while changes.len() < len {
        changes.extend((changes.len()..len).map(|_| {
            let old = keys[random.below(keys.len() as u64) as usize];
            match random.below(10) {
                0..6 => (old, Some(random_value(random))),
                6 | 7 => (random_key(random), Some(random_value(random))),
                _ => (old, None),
            }
        }));
        changes = sorted(changes);
    }
    changes
}

fn apply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state/apply");
    group.sample_size(10);
    let mut random = Random(1);
    let (mut map, keys) = map_of(1_000_000, &mut random);
    for batch in [1_000, 10_000, 100_000] {
        group.throughput(Throughput::Elements(batch as u64));
        let mut run = |name: &str, executor: &dyn Fn(&mut Map<Sha256Node>, &[Change])| {
            group.bench_function(
                BenchmarkId::from_parameter(format!("leaves=1000000,batch={batch},threads={name}")),
                |b| {
                    b.iter_custom(|iterations| {
                        let mut spent = Duration::ZERO;
                        for _ in 0..iterations {
                            let changes = batch_of(batch, &keys, &mut random);
                            let start = Instant::now();
                            executor(&mut map, &changes);
                            spent += start.elapsed();
                        }
                        spent
                    });
                },
            );
        };
        run("1", &|map, changes| apply_with(map, changes, &Serial));
        run("2", &|map, changes| apply_with(map, changes, &Threads(2)));
    }
    group.finish();
}

fn apply_with(map: &mut Map<Sha256Node>, changes: &[Change], executor: &impl Executor) {
    map.apply(changes, executor).expect("sorted");
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state");
    let mut random = Random(2);
    let (map, keys) = map_of(1_000_000, &mut random);
    group.throughput(Throughput::Elements(1));
    group.bench_function("get/leaves=1000000", |b| {
        b.iter(|| map.get(&keys[random.below(keys.len() as u64) as usize]).map(<[u64]>::len))
    });
    group.bench_function("first_at_or_after/leaves=1000000", |b| {
        b.iter(|| map.first_at_or_after(&random_key(&mut random)).map(|(key, _)| key))
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    apply(&mut criterion);
    read(&mut criterion);
    criterion.final_summary();
}
