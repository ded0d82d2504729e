//! `ashlar simulate`: a whole node with everything around it, from seeds.

use std::cell::Cell;
use std::io::{Write as _, stdout};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, anyhow, bail, ensure};
use ashlar_simulator::{Outcome, Scenario, Violation, simulate_scenario};
use clap::Args;
use serde_json::json;

use crate::progress::Progress;

/// Of the simulator.
#[derive(Clone, Debug, Args)]
pub struct SimulateArguments {
    /// The first seed
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many seeds, one after the other
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// Instead of the seed's own scenario, reorganisations of any depth up to 64 every few blocks for so many minutes
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=1_440))]
    pub storm: Option<u64>,
    /// Seeds that run at once
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub threads: u16,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// What all seeds came to.
#[derive(Default)]
struct Sum {
    seeds: u64,
    commands: u64,
    reorgs: u64,
    unwindings: u64,
    violations: Vec<Violation>,
}

thread_local! {
    /// The seed that runs on this thread.
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// Where a panic ends the process, its seed has to be said before.
fn say_seed_of_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // If nobody can read it there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "seed {}:", SEED.get());
        before(panic);
    }));
}

/// Runs the seeds; an error if one shows what must never happen.
pub fn run(arguments: &SimulateArguments) -> Result<()> {
    say_seed_of_panics();
    let next = AtomicU64::new(arguments.seed);
    let end = arguments.seed.saturating_add(arguments.seeds);
    let sum = Mutex::new(Sum::default());
    let progress = Mutex::new(Progress::new("seed"));
    let work = || -> Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= end {
                return Ok(());
            }
            let scenario = arguments.storm.map_or_else(|| Scenario::of(seed), |minutes| Scenario::storm(seed, minutes));
            SEED.set(seed);
            let ended = simulate_scenario(scenario);
            tell(&ended, arguments)?;
            let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
            sum.seeds += 1;
            if arguments.seeds > 1 {
                progress.lock().unwrap_or_else(PoisonError::into_inner).at(sum.seeds, arguments.seeds);
            }
            match ended {
                Ok(outcome) => {
                    sum.commands += outcome.commands;
                    sum.reorgs += outcome.reorgs;
                    sum.unwindings += outcome.unwindings;
                }
                Err(violation) => sum.violations.push(violation),
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..arguments.threads).map(|_| scope.spawn(work)).collect();
        let ended = |thread: std::thread::ScopedJoinHandle<'_, Result<()>>| {
            thread.join().unwrap_or_else(|_| Err(anyhow!("a thread that runs seeds panicked; what it said is above")))
        };
        threads.into_iter().try_for_each(ended)
    })?;
    let Sum { seeds, commands, reorgs, unwindings, violations } =
        sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !arguments.json {
        writeln!(
            stdout(),
            "{seeds} seeds from {}: {} violations; {commands} commands final, {reorgs} reorganisations, order made anew {unwindings} times",
            arguments.seed,
            violations.len()
        )?;
    }
    if let Some(first) = violations.first() {
        bail!("{} of {seeds} seeds show what must never happen, the first: {first}", violations.len());
    }
    // A campaign that ran less than it was told to has shown less than it says.
    ensure!(seeds == end - arguments.seed, "{seeds} seeds were run of {}", end - arguments.seed);
    Ok(())
}

fn tell(ended: &Result<Outcome, Violation>, arguments: &SimulateArguments) -> Result<()> {
    let mut out = stdout().lock();
    match ended {
        Ok(one) if arguments.json => {
            let line = json!({
                "seed": one.seed, "ok": true, "lives": one.lives, "sent": one.sent, "acknowledged": one.acknowledged,
                "commands": one.commands, "batches": one.batches, "reorgs": one.reorgs, "deepest": one.deepest,
                "unwindings": one.unwindings, "failures": one.failures, "upgrades": one.upgrades, "rebuilt": one.rebuilt,
                "virtual_ms": one.virtual_ms, "digest": one.digest,
            });
            writeln!(out, "{line}")?;
        }
        Ok(one) if arguments.seeds == 1 => writeln!(out, "{one:#?}")?,
        Ok(_) => {}
        Err(Violation { seed, what, .. }) if arguments.json => {
            writeln!(out, "{}", json!({ "seed": seed, "ok": false, "what": what }))?;
        }
        Err(violation) => writeln!(out, "{violation}")?,
    }
    Ok(())
}
