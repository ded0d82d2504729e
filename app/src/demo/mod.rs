//! The demo market: traders of a realistic flow meet, and the core decides.
//!
//! Until there is a node, nothing stands between the traders and the core: no network, no journal, no signatures.

mod checks;
mod market;
mod screen;
mod watch;

use std::io::{IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

use anyhow::Result;
use ashlar_harness::flow::Shape;

use crate::arguments::DemoArguments;
use crate::clock::Ticks;
use crate::traffic::{Chunk, Traffic, exchange};
use watch::Watch;

/// Commands between two looks at the clock.
const COMMANDS: usize = 2_000;
/// How often the view is drawn anew on a terminal, and how often a line is written to anything else.
const REDRAWN_EVERY: Duration = Duration::from_millis(200);
const LINE_EVERY: Duration = Duration::from_secs(1);

/// Runs the demo.
pub fn run(arguments: &DemoArguments) -> Result<()> {
    let ticks = Ticks::new();
    let shape = Shape::mixed(arguments.seed, arguments.markets, arguments.accounts);
    let mut traffic = Traffic::new(shape);
    let mut engine = exchange(&shape, traffic.flow());
    let mut watch = Watch::new();
    traffic.set_up(|(time, input)| engine.apply(*time, input, &mut watch));
    watch.forget();

    let terminal = stdout().is_terminal();
    let every = if terminal { REDRAWN_EVERY } else { LINE_EVERY };
    let (start, mut chunk) = (Instant::now(), Chunk::default());
    let (end, mut next_view) = (Duration::from_secs_f64(arguments.seconds), every);
    let mut out = stdout().lock();
    let is_told = !arguments.json;
    if is_told {
        screen::opening(&mut out, arguments)?;
    }
    loop {
        traffic.fill(&mut chunk, COMMANDS);
        for (time, input) in &chunk.inputs {
            let before = ticks.now();
            engine.apply(*time, input, &mut watch);
            watch.latencies.record(ticks.ns_between(before, ticks.after_all()));
        }
        let passed = start.elapsed();
        if passed >= end {
            break;
        }
        if is_told && passed >= next_view {
            next_view = passed + every;
            let seen = market::look(&mut engine.store, arguments.markets);
            screen::draw(&mut out, terminal, passed, &seen, &watch)?;
        }
    }
    let passed = start.elapsed();
    if is_told {
        let seen = market::look(&mut engine.store, arguments.markets);
        screen::draw(&mut out, terminal, passed, &seen, &watch)?;
        screen::receipts(&mut out, &watch)?;
    }
    let found = checks::run(&mut engine.store, traffic.shadow(), arguments.markets)?;
    if is_told {
        screen::closing(&mut out, &found)?;
    } else {
        screen::json(&mut out, passed, &watch, &found)?;
    }
    out.flush()?;
    found.verdict()
}
