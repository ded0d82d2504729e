//! `ashlar bench node`: signed messages in, answers from the disk out, client and node in one process.

use anyhow::{Result, anyhow};
use ashlar_exchange::Genesis;
use ashlar_sequencer::{Config, Load, Measured, NodeKey, Rate, bench};
use ashlar_types::{Address, Deployment, Time};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use sha2::{Digest as _, Sha256};

use crate::arguments::NodeArguments;
use crate::figures::Figure;

/// Runs the benchmark: singly signed first, then in bulk.
pub fn run(arguments: &NodeArguments) -> Result<Vec<Figure>> {
    let single =
        Load { clients: arguments.clients, messages: arguments.messages, commands: 1, ahead: 32, seed: arguments.seed };
    let bulk_messages = arguments.bulk_commands / (256 * arguments.clients).max(1);
    let bulk = Load { messages: bulk_messages.max(1), commands: 256, ahead: 8, ..single };
    let single = measure(single, "single")?;
    let bulk = measure(bulk, "bulk")?;
    Ok([figures(&single, "single_commands_per_s", 1, arguments), figures(&bulk, "bulk_commands_per_s", 256, arguments)]
        .concat())
}

fn measure(load: Load, name: &str) -> Result<Measured> {
    let folder = std::env::temp_dir().join(format!("ashlar-bench-node-{name}-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let measured = runtime::Runner::new(config).start(|context| async move {
        let deployment = Deployment { chain_id: 1, settlement: Address([0xb0; 20]) };
        let genesis = Genesis { house_owner: Address([1; 20]), time: Time::new(1_000).unwrap_or(Time::ZERO) };
        let secret: [u8; 32] = Sha256::digest(b"ashlar development key: bench").into();
        let key = NodeKey::new(&secret).map_err(|_| anyhow!("the node's key is no key"))?;
        let mut config = Config::new(deployment, genesis, key);
        // What is measured is the node, not its manners.
        (config.limits.per_peer, config.limits.per_key) = (Rate::UNLIMITED, Rate::UNLIMITED);
        bench(context.child("bench"), config, load).await.map_err(|error| anyhow!("the load was not carried: {error}"))
    });
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    measured
}

fn figures(measured: &Measured, metric: &'static str, at_once: u32, arguments: &NodeArguments) -> Vec<Figure> {
    let per_second = |count: u64, us: u64| count as f64 * 1e6 / us.max(1) as f64;
    let figure = |metric, value, unit| {
        let figure = Figure::new("node", metric, value, unit);
        figure.at("clients", arguments.clients).at("at_once", at_once).at("commands", measured.commands)
    };
    let mut figures = vec![
        figure(metric, per_second(measured.commands, measured.us), "1/s"),
        figure("built_commands_per_s", per_second(measured.commands, measured.us + measured.built_us), "1/s"),
        // Signed beforehand, on one thread: what a client of one core could send.
        figure("signatures_per_s", per_second(measured.messages, measured.sign_us), "1/s"),
        figure("commands_per_sync", measured.commands as f64 / measured.syncs.max(1) as f64, "1"),
    ];
    for (metric, value) in [("ack_p50_us", measured.p50_us), ("ack_p99_us", measured.p99_us)] {
        if let Some(value) = value {
            figures.push(figure(metric, value as f64, "us"));
        }
    }
    figures
}
