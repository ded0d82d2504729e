//! `ashlar bench state`: updates of the state root, and witnesses.

mod counted;
mod leaves;
mod recording;

use anyhow::Result;
use ashlar_harness::flow::{Random, Shape};
use ashlar_state::{Change, Digest, Key, Map, NodeHash, Serial, Sha256Node};

use crate::arguments::StateArguments;
use crate::clock::Ticks;
use crate::figures::Figure;
use crate::threads::Threads;
use counted::Counted;
use recording::Recording;

/// Hashes made to see how fast one core is.
const HASHED: u32 = 1 << 20;
/// Batches whose hashes are counted. Counting takes no clock, so a few are enough.
const COUNTED_BATCHES: usize = 2;

/// Runs the benchmark.
pub fn run(arguments: &StateArguments) -> Result<Vec<Figure>> {
    let ticks = Ticks::new();
    let mut random = Random::new(arguments.seed);
    let changes = leaves::leaves(arguments.leaves, &mut random);
    let known: Vec<Key> = changes.iter().map(|(key, _)| *key).collect();
    let hashes_per_update = count_hashes(arguments, &changes, &known, &mut random)?;
    let mut map = Map::<Sha256Node>::new();
    map.apply(&changes, &Threads(arguments.threads))?;
    drop(changes);
    let hashes_per_s = hash_rate(&ticks);
    let [one, all] = update_rates(arguments, &ticks, &mut map, &known, &mut random)?;
    let mut figures = rate_figures(arguments, hashes_per_s, hashes_per_update, one, all);
    figures.extend(witness_figures(arguments)?);
    Ok(figures)
}

/// Compressions of the hash for each changed leaf.
fn count_hashes(arguments: &StateArguments, leaves: &[Change], known: &[Key], random: &mut Random) -> Result<f64> {
    let mut map = Map::<Counted>::new();
    map.apply(leaves, &Threads(arguments.threads))?;
    let before = Counted::compressions();
    for _ in 0..COUNTED_BATCHES {
        map.apply(&leaves::batch(arguments.batch, known, random), &Serial)?;
    }
    Ok((Counted::compressions() - before) as f64 / (COUNTED_BATCHES * arguments.batch) as f64)
}

/// Hashes of a node in a second on one core, none waiting for another.
fn hash_rate(ticks: &Ticks) -> f64 {
    let start = ticks.now();
    let mut folded = 0;
    let (left, right) = (Digest::EMPTY, Sha256Node::leaf(&Key::MAX, &[1]));
    for index in 0..HASHED {
        folded ^= Sha256Node::node(std::hint::black_box(index as u8), &left, &right).words()[0];
    }
    std::hint::black_box(folded);
    f64::from(HASHED) / ticks.seconds_between(start, ticks.after_all())
}

/// Changed leaves in a second with one thread and with all, in turns.
fn update_rates(
    arguments: &StateArguments,
    ticks: &Ticks,
    map: &mut Map<Sha256Node>,
    known: &[Key],
    random: &mut Random,
) -> Result<[f64; 2]> {
    let threads = [1, arguments.threads];
    let (mut seconds, mut updates) = ([0.0; 2], [0.0; 2]);
    while seconds.iter().sum::<f64>() < arguments.seconds || updates.contains(&0.0) {
        for turn in 0..threads.len() {
            let changes = leaves::batch(arguments.batch, known, random);
            let start = ticks.now();
            map.apply(&changes, &Threads(threads[turn]))?;
            seconds[turn] += ticks.seconds_between(start, ticks.after_all());
            updates[turn] += changes.len() as f64;
        }
    }
    Ok([updates[0] / seconds[0], updates[1] / seconds[1]])
}

fn rate_figures(
    arguments: &StateArguments,
    hashes_per_s: f64,
    hashes_per_update: f64,
    one: f64,
    all: f64,
) -> Vec<Figure> {
    let figure = |metric, value, unit| {
        let figure = Figure::new("state", metric, value, unit);
        figure.at("leaves", arguments.leaves).at("batch", arguments.batch)
    };
    let why = "hashes of one core in a second, measured in this run, times threads, over hashes_per_update";
    let rate = |value, threads: usize| {
        let limit = hashes_per_s * threads as f64 / hashes_per_update;
        figure("leaf_updates_per_s", value, "1/s").at("threads", threads).limit(limit, why)
    };
    let mut figures = vec![rate(all, arguments.threads)];
    if arguments.threads != 1 {
        figures.push(rate(one, 1));
    }
    figures.push(figure("hashes_per_update", hashes_per_update, "1"));
    figures.push(Figure::new("state", "hashes_per_s", hashes_per_s, "1/s").at("threads", 1));
    figures
}

/// A small batch and one ten times as large: what many commands touch is in a witness once.
fn witness_figures(arguments: &StateArguments) -> Result<Vec<Figure>> {
    let shape = Shape::mixed(arguments.seed, arguments.markets, arguments.accounts);
    let mut recording = Recording::new(shape, arguments.commands, Threads(arguments.threads))?;
    let mut figures = Vec::new();
    for batch in [arguments.commands / 50, arguments.commands / 5] {
        let batch = batch.max(1);
        let bytes = recording.batch(batch)?;
        let figure = Figure::new("state", "witness_bytes_per_command", bytes as f64 / batch as f64, "B");
        let figure = figure.at("batch", batch).at("accounts", arguments.accounts).at("markets", arguments.markets);
        figures.push(figure.at("leaves", recording.leaves()));
    }
    Ok(figures)
}
