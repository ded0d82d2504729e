//! `ashlar bench book`: the order book alone, on a recorded workload.

mod ring;

use anyhow::Result;
use ashlar_benchmark_engine::{Engine, Message, read, sha256};
use ashlar_book::BookConfig;

use crate::arguments::BookArguments;
use crate::clock::Ticks;
use crate::figures::Figure;
use crate::latency::{Idle, Latencies, Work, open_loop};
use ring::Ring;

/// Orders for which the book has memory from the start, as the market of a live engine has.
const ORDERS_TOUCHED: u32 = 1 << 18;
/// The idle schedule is this many times shorter.
const IDLE_SHARE: usize = 8;

fn config() -> BookConfig {
    BookConfig { touched: ORDERS_TOUCHED, ..BookConfig::keyed(1) }
}

/// Runs the benchmark.
pub fn run(arguments: &BookArguments) -> Result<Vec<Figure>> {
    let messages = read(&arguments.workload)?;
    let mut checked = Engine::new(config(), Vec::new());
    messages.iter().for_each(|message| checked.apply(message));
    let report_sha256 = sha256(&checked.reports);
    drop(checked);
    let ticks = Ticks::new();
    let mut rates = Vec::new();
    let (mut latencies, mut idle) = (Latencies::new(), Idle(Latencies::new()));
    let mut measured_s = 0.0;
    while measured_s < arguments.seconds || rates.is_empty() {
        let spent = closed_loop(&ticks, &messages);
        rates.push(messages.len() as f64 / spent);
        let mut arrivals = Arrivals { engine: Engine::new(config(), Ring::new()), messages: &messages, latencies };
        let start = ticks.now();
        open_loop(&ticks, arguments.rate, messages.len(), &mut arrivals);
        open_loop(&ticks, arguments.rate, messages.len().div_ceil(IDLE_SHARE), &mut idle);
        measured_s += spent + ticks.seconds_between(start, ticks.now());
        latencies = arrivals.latencies;
    }
    Ok(figures(arguments, &messages, report_sha256, rates, &latencies, &idle))
}

/// Replays all messages on an empty book and says how many seconds it took.
fn closed_loop(ticks: &Ticks, messages: &[Message]) -> f64 {
    let mut engine = Engine::new(config(), Ring::new());
    let start = ticks.now();
    messages.iter().for_each(|message| engine.apply(message));
    ticks.seconds_between(start, ticks.after_all())
}

struct Arrivals<'a> {
    engine: Engine<Ring>,
    messages: &'a [Message],
    latencies: Latencies,
}

impl Work for Arrivals<'_> {
    #[inline(always)]
    fn run(&mut self, index: usize, _: impl Fn(usize) -> bool) {
        self.engine.apply(&self.messages[index]);
    }

    #[inline(always)]
    fn took(&mut self, _: usize, ns: u64) {
        self.latencies.record(ns);
    }
}

fn figures(
    arguments: &BookArguments,
    messages: &[Message],
    report_sha256: String,
    mut rates: Vec<f64>,
    latencies: &Latencies,
    idle: &Idle,
) -> Vec<Figure> {
    let workload = arguments.workload.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let about = |figure: Figure| figure.at("workload", workload.as_str()).at("messages", messages.len());
    rates.sort_by(f64::total_cmp);
    let harmonic = rates.len() as f64 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>();
    let burst = |metric, value| about(Figure::new("book", metric, value, "1/s")).at("mode", "burst");
    let mut all = vec![
        burst("messages_per_s", harmonic).at("passes", rates.len()),
        burst("messages_per_s_best_pass", rates.last().copied().unwrap_or(0.0)),
    ];
    let why = "the same schedule with nothing to do: the machine and the clock by themselves";
    let named = ["p50_ns", "p99_ns", "p999_ns"].into_iter().zip(latencies.percentiles());
    for ((metric, value), limit) in named.zip(idle.0.percentiles()) {
        let figure = about(Figure::new("book", metric, value, "ns")).limit(limit, why);
        all.push(figure.at("mode", "sustained").at("rate", arguments.rate));
    }
    all.push(about(Figure::text("book", "report_sha256", report_sha256, "sha256")));
    all
}
