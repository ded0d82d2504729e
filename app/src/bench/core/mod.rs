//! `ashlar bench core`: the whole core over the hot store.
//!
//! 1. Accounts, keys, nonces, reservations, risk, fees and receipts are all in it; signatures are checked at the door of a
//!    node and in the proof, and are not.
//! 2. Chunks of commands are made while no clock runs, so memory is bounded however long the run.
//! 3. At the end the engine must be in the state of the one that made the commands.

mod engine;
mod record;
mod ring;

use anyhow::{Result, ensure};
use ashlar_exchange::Store;
use stats_alloc::Region;

use crate::arguments::CoreArguments;
use crate::clock::Ticks;
use crate::figures::Figure;
use crate::latency::{Idle, Latencies, open_loop};
use crate::memory::resident_bytes;
use crate::traffic::{Chunk, Traffic, exchange};
use engine::{Arrivals, Engine, TOUCHED_MAX};

/// Chunks that run before anything is measured.
const WARM_UP_CHUNKS: usize = 4;
/// One of so many commands of a chunk runs before anything is recorded: making it has filled the caches otherwise.
const RUN_IN_SHARE: usize = 8;
/// Scheduled chunks for each burst.
const SCHEDULED_PER_BURST: usize = 2;
/// With more accounts than this the states are not compared leaf by leaf.
const COMPARED_MAX: u32 = 100_000;

/// What was measured.
#[derive(Debug)]
struct Measured {
    few: Latencies,
    many: Latencies,
    idle: Idle,
    bursts: Vec<f64>,
    allocations: u64,
    measured_s: f64,
}

/// Runs the benchmark.
pub fn run(arguments: &CoreArguments) -> Result<Vec<Figure>> {
    let ticks = Ticks::new();
    let shape = arguments.shape();
    let mut traffic = Traffic::new(shape);
    let mut engine = Engine::new(exchange(&shape, traffic.flow()));
    traffic.set_up(|(time, input)| engine.exchange.apply(*time, input, &mut engine.ring));
    let mut chunk = Chunk::default();
    for _ in 0..WARM_UP_CHUNKS {
        traffic.fill(&mut chunk, arguments.chunk);
        engine.burst(&ticks, &chunk.inputs);
    }
    let rss_start = resident_bytes();
    let measured = measure(arguments, &ticks, &mut traffic, &mut engine, &mut chunk);
    let rss_end = resident_bytes();
    let same_clock = engine.exchange.store.clock() == traffic.shadow().clock();
    let compares = arguments.accounts <= COMPARED_MAX;
    ensure!(
        same_clock && (!compares || engine.exchange.store.leaves() == traffic.shadow().leaves()),
        "the engine that was measured came to another state than the one that made its commands: this is a bug of \
         Ashlar; seed {} shows it",
        arguments.seed
    );
    ensure!(engine.ring.published() > 0, "no receipt was written");
    Ok(figures(arguments, &traffic, &measured, rss_start, rss_end))
}

/// Takes turns between the idle schedule, scheduled chunks and bursts until enough time has been measured.
fn measure(
    arguments: &CoreArguments,
    ticks: &Ticks,
    traffic: &mut Traffic,
    engine: &mut Engine,
    chunk: &mut Chunk,
) -> Measured {
    let mut measured = Measured {
        few: Latencies::new(),
        many: Latencies::new(),
        idle: Idle(Latencies::new()),
        bursts: Vec::new(),
        allocations: 0,
        measured_s: 0.0,
    };
    let run_in = arguments.chunk / RUN_IN_SHARE;
    while measured.measured_s < arguments.seconds || measured.bursts.is_empty() {
        for _ in 0..SCHEDULED_PER_BURST {
            traffic.fill(chunk, arguments.chunk);
            let (few, many) = (&mut measured.few, &mut measured.many);
            let mut arrivals = Arrivals { engine, chunk, run_in, few, many };
            let start = ticks.now();
            open_loop(ticks, arguments.rate, chunk.inputs.len(), &mut arrivals);
            open_loop(ticks, arguments.rate, run_in, &mut measured.idle);
            measured.measured_s += ticks.seconds_between(start, ticks.now());
        }
        traffic.fill(chunk, arguments.chunk);
        let region = Region::new(crate::MEMORY);
        let (cold, warm) = chunk.inputs.split_at(run_in);
        engine.burst(ticks, cold);
        let seconds = ticks.seconds_between(0, engine.burst(ticks, warm));
        let change = region.change();
        measured.allocations += (change.allocations + change.reallocations) as u64;
        measured.bursts.push(warm.len() as f64 / seconds);
        measured.measured_s += seconds;
    }
    measured
}

fn figures(
    arguments: &CoreArguments,
    traffic: &Traffic,
    measured: &Measured,
    rss_start: Option<u64>,
    rss_end: Option<u64>,
) -> Vec<Figure> {
    let figure = |metric, value, unit, mode: &str| {
        Figure::new("core", metric, value, unit)
            .at("markets", arguments.markets)
            .at("accounts", arguments.accounts)
            .at("flow", arguments.flow.name())
            .at("seed", arguments.seed)
            .at("mode", mode)
    };
    let scheduled = |metric, value, unit| figure(metric, value, unit, "sustained").at("rate", arguments.rate);
    let mut rates = measured.bursts.clone();
    rates.sort_by(f64::total_cmp);
    let harmonic = rates.len() as f64 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>();
    let commands = (rates.len() * arguments.chunk) as f64;
    let mut all = vec![
        figure("commands_per_s", harmonic, "1/s", "burst"),
        figure("commands_per_s_median_chunk", rates[rates.len() / 2], "1/s", "burst"),
        figure("commands_per_s_last_chunk", measured.bursts.last().copied().unwrap_or(0.0), "1/s", "burst"),
    ];
    let why = "the same schedule with nothing to do: the machine and the clock by themselves";
    for ((metric, value), limit) in
        ["p50_ns", "p99_ns", "p999_ns"].into_iter().zip(measured.few.percentiles()).zip(measured.idle.0.percentiles())
    {
        all.push(scheduled(metric, value, "ns").limit(limit, why).at("touched_max", TOUCHED_MAX));
    }
    let recorded = (measured.few.count() + measured.many.count()).max(1) as f64;
    let tally = &traffic.tally;
    let share = |part: u64| part as f64 / tally.commands.max(1) as f64;
    all.push(scheduled("excluded_share", measured.many.count() as f64 / recorded, "1").at("touched_max", TOUCHED_MAX));
    all.push(scheduled("excluded_p99_ns", measured.many.quantile(0.99), "ns").at("touched_max", TOUCHED_MAX));
    all.push(
        figure("allocations_per_command", measured.allocations as f64 / commands, "1", "burst")
            .limit(0.0, "nothing that a command needs has to be allocated for it"),
    );
    all.push(figure("cancel_and_replace_share", share(tally.changes), "1", "all"));
    all.push(figure("trades_per_command", share(tally.trades), "1", "all"));
    let mostly = tally.refused_mostly().map_or_else(String::new, |reason| format!("{reason:?}"));
    all.push(figure("refused_share", share(tally.refused()), "1", "all").at("mostly", mostly));
    all.push(figure("commands", tally.commands as f64, "1", "all"));
    for (metric, bytes) in [("rss_start_bytes", rss_start), ("rss_end_bytes", rss_end)] {
        all.extend(bytes.map(|bytes| figure(metric, bytes as f64, "B", "all")));
    }
    all
}
