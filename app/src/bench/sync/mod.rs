//! `ashlar bench sync`: replay, starts from checkpoints, recovery, and how long the node takes to know what L1 says.

mod checkpoint;
mod history;
mod recover;
mod replay;

use anyhow::{Result, anyhow};
use ashlar_simulator::sync_latency;

use crate::arguments::SyncArguments;
use crate::figures::Figure;
use crate::threads::available;
use history::History;

/// Runs the benchmark.
pub fn run(arguments: &SyncArguments) -> Result<Vec<Figure>> {
    let history = History::make(arguments)?;
    let at = |figure: Figure| {
        let figure = figure.at("commands", history.commands).at("batches", history.batches.len() as u64);
        figure.at("accounts", arguments.accounts).at("threads", available() as u64)
    };
    let mut figures = Vec::new();
    let decode_s = replay::decode_s(&history)?;
    let limit = history.commands as f64 / decode_s;
    let per_second = |seconds: f64| history.commands as f64 / seconds;
    let last = per_second(replay::last_root_s(&history)?);
    let every = per_second(replay::every_root_s(&history)?);
    let why = "decoding alone on one core, with nothing executed";
    let rate = |value| Figure::new("sync", "replay_commands_per_s", value, "1/s").limit(limit, why);
    figures.push(at(rate(last)).at("roots", "final"));
    figures.push(at(rate(every)).at("roots", "every"));
    let started = checkpoint::measure(arguments.orders)?;
    figures.push(
        Figure::new("sync", "checkpoint_start_s", started.start_s, "s")
            .limit(started.read_s, "reading the file alone")
            .at("orders", arguments.orders)
            .at("bytes", started.bytes),
    );
    let recovered = recover::measure(&history)?;
    figures.push(
        at(Figure::new("sync", "recover_s", recovered.seconds, "s").limit(decode_s, why))
            .at("stores", "2 of 4")
            .at("dump_bytes", recovered.dump_bytes),
    );
    let latency = sync_latency(arguments.latency_batches).map_err(|why| anyhow!(why))?;
    let p99 = latency.p99_ms().ok_or_else(|| anyhow!("no batch was seen on L1"))?;
    let why = "simulated time, in which nothing but waiting takes any; the client asks L1 this often";
    figures.push(
        Figure::new("sync", "sync_latency_p99_ms", p99 as f64, "ms")
            .limit(latency.poll_ms as f64, why)
            .at("batches", arguments.latency_batches)
            .at("facts", latency.facts() as u64)
            .at("p50_ms", latency.p50_ms().unwrap_or_default()),
    );
    Ok(figures)
}
