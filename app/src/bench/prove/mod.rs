//! `ashlar bench prove`: what a proof costs, from capturing a batch to checking the proof.
//!
//! What needs a tool that is not built is left out and said on standard error, with how to build it; the rest is printed.

mod day;
mod latency;
mod made;
mod meter;

use std::io::{Write as _, stderr};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use ashlar_prover::{Captured, execute};
use ashlar_prover_wire::Evidence;
use clap::Args;

use crate::bench::prove::day::Day;
use crate::figures::Figure;
use crate::proving::{Backend, find_worker};

/// Commands of the batches that are captured, and how many batches.
const CAPTURED: usize = 10_000;
const CAPTURES: usize = 5;
/// Commands before anything is measured, so that books are full and accounts have orders.
const BEFORE: usize = 30_000;
/// What the second core may take for such a batch (docs/requirements.md P4), in milliseconds.
const CAPTURE_MS_MAX: f64 = 50.0;
/// Commands of a batch that is executed natively.
const EXECUTED: usize = 1_000;
/// Commands under one signature, where there are many.
const AT_ONCE: usize = 64;

/// Of the benchmark of proofs.
#[derive(Clone, Debug, Args)]
pub struct ProveBenchArguments {
    /// Make real proofs with this proof system too, which takes minutes; without it nothing is proven
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Count cycles and prove nothing
    #[arg(long)]
    execute_only: bool,
    /// The proof system's worker, if it is not where it is usually built
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// The program that executes and counts, if it is not where it is usually built
    #[arg(long, value_name = "PATH")]
    meter: Option<PathBuf>,
    /// Commands of the batch that is proven, one signature each
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    commands: u32,
    /// Accounts of the exchange
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    accounts: u32,
    /// Measure how long a trader waits for an answer with a prover beside the node and without, in place of everything else
    #[arg(long)]
    latency: bool,
    /// Messages in a second, for the latency
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: u32,
    /// How long to measure: the native execution, or the latency
    #[arg(long, default_value_t = 10.0, value_parser = crate::arguments::seconds)]
    seconds: f64,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// Runs the benchmark.
pub fn run(arguments: &ProveBenchArguments) -> Result<Vec<Figure>> {
    ensure!(
        !(arguments.execute_only && arguments.latency),
        "--latency measures a node and --execute-only a guest; ask for one at a time"
    );
    if arguments.latency {
        return latency::run(arguments);
    }
    let mut figures = Vec::new();
    if !arguments.execute_only {
        let mut day = Day::mixed(4, arguments.accounts, BEFORE)?;
        for threads in [1, 2] {
            figures.extend(capture(&mut day, threads, arguments)?);
        }
        let mixed = sealed_mixed(&mut day, EXECUTED)?;
        figures.push(native(&mixed, "mixed", 1, arguments)?);
        let mut day = Day::orders()?;
        let inputs = day.next_orders(EXECUTED, AT_ONCE);
        figures.push(native(&day.seal(inputs, true, 1)?, "orders", AT_ONCE, arguments)?);
    }
    // Whoever asks for execution by the native code asks for nothing of a zkVM.
    if arguments.backend == Some(Backend::Execute) {
        return Ok(figures);
    }
    match meter::count(arguments.meter.as_deref()) {
        Ok(counted) => figures.extend(counted),
        Err(error) => missing(&error),
    }
    let proving = arguments.backend.filter(|backend| backend.is_proving() && !arguments.execute_only);
    if let Some(backend) = proving {
        match find_worker(backend, arguments.worker.as_deref()) {
            Ok(worker) => {
                let mut day = Day::mixed(4, arguments.accounts.min(200), 2_000)?;
                let batch = sealed_mixed(&mut day, arguments.commands as usize)?;
                figures.extend(made::by_worker(backend, &worker, &batch)?);
            }
            Err(error) => missing(&error),
        }
    }
    Ok(figures)
}

/// Says what is left out. Whoever closed standard error does not want to know.
fn missing(error: &anyhow::Error) {
    let _ = writeln!(stderr(), "not measured: {error:#}");
}

fn sealed_mixed(day: &mut Day, commands: usize) -> Result<Captured> {
    let inputs = day.next_mixed(commands);
    day.seal(inputs, true, 1)
}

/// How long it takes from the inputs of a batch to its header and everything that proves it.
fn capture(day: &mut Day, threads: usize, arguments: &ProveBenchArguments) -> Result<Vec<Figure>> {
    let (mut taken, mut witness) = (Vec::new(), 0);
    for _ in 0..CAPTURES {
        let inputs = day.next_mixed(CAPTURED);
        let begun = Instant::now();
        let captured = day.seal(inputs, false, threads)?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
        witness = captured.witness.to_bytes().len();
    }
    taken.sort_unstable_by(f64::total_cmp);
    let at = |figure: Figure| {
        let figure = figure.at("batch", CAPTURED).at("bulk", false).at("kind", "mixed");
        figure.at("threads", threads).at("accounts", arguments.accounts)
    };
    let limit = "a batch of 10,000 is captured beside the thread that trades, before the next one is there";
    Ok(vec![
        at(Figure::new("prove", "capture_ms", taken[taken.len() / 2], "ms").limit(CAPTURE_MS_MAX, limit)),
        at(Figure::new("prove", "witness_bytes_per_command", witness as f64 / CAPTURED as f64, "B")),
    ])
}

/// How many commands the guest's own code checks in a second, run as it is, signatures and all.
fn native(captured: &Captured, kind: &'static str, at_once: usize, arguments: &ProveBenchArguments) -> Result<Figure> {
    let evidence: [Evidence; 1] = [captured.evidence()];
    let (begun, mut commands) = (Instant::now(), 0);
    // At least once, and then for a quarter of the time each.
    while commands == 0 || begun.elapsed().as_secs_f64() < arguments.seconds / 4.0 {
        execute(&evidence)?;
        commands += captured.answers.len();
    }
    let rate = commands as f64 / begun.elapsed().as_secs_f64();
    let figure = Figure::new("prove", "native_commands_per_s", rate, "1/s").at("backend", "native").at("kind", kind);
    Ok(figure.at("batch", captured.answers.len()).at("bulk", at_once > 1).at("at_once", at_once))
}
