//! `ashlar bench node`: signed messages in, answers from the disk out, client and node in one process.

use anyhow::{Context as _, Result, anyhow};
use ashlar_exchange::Genesis;
use ashlar_sequencer::{Config, Load, Measured, NodeKey, Rate, bench};
use ashlar_types::{Address, Deployment, Time};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use sha2::{Digest as _, Sha256};

use crate::arguments::NodeBenchArguments;
use crate::doctor::sync_times;
use crate::figures::Figure;
use crate::threads::gives_way;

/// Runs the benchmark: singly signed as fast as it goes, the same at half of that, then in bulk.
pub fn run(arguments: &NodeBenchArguments) -> Result<Vec<Figure>> {
    let &NodeBenchArguments { clients, messages, bulk_commands, seed, .. } = arguments;
    let single = Load { clients, messages, commands: 1, ahead: 32, per_second: 0, seed };
    let fastest = measure(single, "single")?;
    let half = (rate(fastest.messages, fastest.us) / 2.0).max(1.0) as u64;
    let paced = measure(Load { per_second: half, ..single }, "half")?;
    let bulk_messages = (bulk_commands / (256 * clients).max(1)).max(1);
    let bulk = measure(Load { messages: bulk_messages, commands: 256, ahead: 8, ..single }, "bulk")?;
    let mut figures = of_single(&fastest, arguments);
    figures.extend(of_half(&paced, half, arguments));
    figures.extend(of_bulk(&bulk, arguments));
    figures.push(sync()?);
    Ok(figures)
}

/// A node to be measured.
pub(super) fn measured_config() -> Result<Config> {
    let deployment = Deployment { chain_id: 1, settlement: Address([0xb0; 20]) };
    let genesis = Genesis { house_owner: Address([1; 20]), time: Time::new(1_000).unwrap_or(Time::ZERO) };
    let secret: [u8; 32] = Sha256::digest(b"ashlar development key: bench").into();
    let key = NodeKey::new(&secret).map_err(|_| anyhow!("the node's key is no key"))?;
    let mut config = Config { gives_way, ..Config::new(deployment, genesis, key) };
    // What is measured is the node, not its manners.
    (config.limits.per_peer, config.limits.per_key) = (Rate::UNLIMITED, Rate::UNLIMITED);
    Ok(config)
}

fn measure(load: Load, name: &str) -> Result<Measured> {
    let folder = std::env::temp_dir().join(format!("ashlar-bench-node-{name}-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let measured = runtime::Runner::new(config).start(|context| async move {
        bench(context.child("bench"), measured_config()?, load)
            .await
            .map_err(|error| anyhow!("the load was not carried: {error}"))
    });
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn rate(count: u64, us: u64) -> f64 {
    count as f64 * 1e6 / us.max(1) as f64
}

fn of(metric: &'static str, value: f64, unit: &'static str, measured: &Measured, at_once: u32, clients: u32) -> Figure {
    let figure = Figure::new("node", metric, value, unit);
    figure.at("clients", clients).at("at_once", at_once).at("bulk", at_once > 1).at("commands", measured.commands)
}

fn of_single(measured: &Measured, arguments: &NodeBenchArguments) -> Vec<Figure> {
    let figure = |metric, value, unit| of(metric, value, unit, measured, 1, arguments.clients);
    let checks = rate(measured.messages, measured.check_us);
    let mut figures = vec![
        figure("single_commands_per_s", rate(measured.commands, measured.us), "1/s")
            .limit(2.0 * checks, "signatures that the two checkers could check")
            .at("mode", "burst"),
        figure("single_commands_per_s", rate(measured.commands, measured.us + measured.built_us), "1/s")
            .at("mode", "sustained"),
        // Beside clients and an engine that take their share of the cores.
        figure("signature_checks_per_s", checks, "1/s").at("threads", 1),
        // Signed beforehand, on one thread: what a client of one core could send.
        figure("signatures_per_s", rate(measured.messages, measured.sign_us), "1/s").at("threads", 1),
        figure("commands_per_sync", measured.commands as f64 / measured.syncs.max(1) as f64, "1"),
    ];
    figures.extend(latencies(measured, "full").into_iter().map(|latency| latency.at("clients", arguments.clients)));
    figures
}

fn of_half(measured: &Measured, per_second: u64, arguments: &NodeBenchArguments) -> Vec<Figure> {
    let more = |latency: Figure| {
        latency.at("clients", arguments.clients).at("rate", per_second).at("refused", measured.refused)
    };
    latencies(measured, "half").into_iter().map(more).collect()
}

fn latencies(measured: &Measured, load: &'static str) -> Vec<Figure> {
    let known = [("ack_p50_us", measured.p50_us), ("ack_p99_us", measured.p99_us)];
    let known = known.into_iter().filter_map(|(metric, value)| Some((metric, value?)));
    known.map(|(metric, value)| Figure::new("node", metric, value as f64, "us").at("load", load)).collect()
}

fn of_bulk(measured: &Measured, arguments: &NodeBenchArguments) -> Vec<Figure> {
    let figure = |value| of("bulk_commands_per_s", value, "1/s", measured, 256, arguments.clients);
    vec![
        figure(rate(measured.commands, measured.us)).at("mode", "burst"),
        figure(rate(measured.commands, measured.us + measured.built_us)).at("mode", "sustained"),
    ]
}

/// The disk alone, in the folder that the runs used.
fn sync() -> Result<Figure> {
    let mut times = sync_times(&std::env::temp_dir()).context("timing the disk")?;
    times.sort();
    let median = times.get(times.len() / 2).map_or(0, std::time::Duration::as_micros);
    Ok(Figure::new("node", "fsync_us", median as f64, "us").at("writes", times.len()).at("bytes", 4_096))
}
