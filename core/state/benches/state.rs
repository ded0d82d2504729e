//! The map under the load of an exchange. The reference machine has two cores.
//!
//! `Threads` shows how a shell with threads brings its executor.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use ashlar_state::{Change, Executor, Key, Map, Recorder, Rows, Serial, Sha256Node, Value};
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
    group.sample_size(20);
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

/// Commands of ten row accesses: four leaves anywhere, read and written, a successor, and an order put on the book.
fn record(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("state/record");
    group.sample_size(20);
    let mut random = Random(3);
    let (mut map, keys) = map_of(1_000_000, &mut random);
    map.apply(&[(Key::MAX, Some(random_value(&mut random)))], &Serial).expect("sorted");
    let commands = 1_000u64;
    for leaves in [10_000, 1_000_000] {
        group.throughput(Throughput::Elements(commands));
        let mut measure = |name: &str, timed: fn(Recorder<'_, Sha256Node>, Instant) -> Duration| {
            group.bench_function(format!("{name}/leaves=1000000,active={leaves},commands={commands}"), |b| {
                b.iter_custom(|iterations| {
                    (0..iterations)
                        .map(|_| {
                            let plan: Vec<[Key; 5]> = (0..commands)
                                .map(|_| plan_command(&keys[..keys.len().min(leaves)], &mut random))
                                .collect();
                            let start = Instant::now();
                            let mut recorder = Recorder::new(&map);
                            plan.iter().for_each(|command| run_command(&mut recorder, command));
                            assert_eq!(recorder.fault(), None);
                            timed(recorder, start)
                        })
                        .sum()
                });
            });
        };
        measure("commands", |_, start| start.elapsed());
        measure("commands_and_finish", |recorder, start| {
            let (changes, witness) = recorder.finish();
            let spent = start.elapsed();
            std::hint::black_box((changes, witness));
            spent
        });
    }
    group.finish();
}

fn plan_command(keys: &[Key], random: &mut Random) -> [Key; 5] {
    let mut any = || keys[random.below(keys.len() as u64) as usize];
    let leaves = [any(), any(), any(), any()];
    let order = loop {
        let key = random_key(random);
        if key.is_ordered() {
            break key;
        }
    };
    let [a, b, c, d] = leaves;
    [a, b, c, d, order]
}

fn run_command(rows: &mut impl Rows, [a, b, c, d, order]: &[Key; 5]) {
    for key in [a, b, c, d] {
        let row = rows.row(key);
        let words = rows.words(row).first().copied().unwrap_or(0);
        rows.write(row, &[words + 1, 2, 3]);
    }
    for key in [a, b, c] {
        let row = rows.row(key);
        rows.write(row, &[5, 6, 7]);
    }
    let row = rows.row(order);
    rows.write(row, &[1, 2, 3, 4]);
    let next = rows.after(row);
    std::hint::black_box(rows.words(next).len());
    let row = rows.row(order);
    std::hint::black_box(rows.words(row).len());
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    apply(&mut criterion);
    read(&mut criterion);
    record(&mut criterion);
    criterion.final_summary();
}
