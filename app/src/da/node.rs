//! A custodian as a process.

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result, bail};
use ashlar_da::Retention;
use ashlar_da::custodian::{Custodian, Policy, listen};
use ashlar_types::{Address, ExchangeId};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use super::arguments::DaNodeArguments;
use super::keys;
use crate::development::da_writer;
use crate::stop;

/// Where in the folder deposits are.
const FOLDER: &str = "batches";

/// Runs until it is told to stop.
pub fn run(arguments: &DaNodeArguments) -> Result<()> {
    std::fs::create_dir_all(&arguments.data)
        .with_context(|| format!("{} cannot be made; name another folder with --data", arguments.data.display()))?;
    let config = runtime::Config::new().with_storage_directory(&arguments.data).with_worker_threads(2);
    runtime::Runner::new(config).start(|context| serve(context, arguments.clone()))
}

async fn serve(context: runtime::Context, arguments: DaNodeArguments) -> Result<()> {
    let key = keys::load_or_make(&arguments.data.join("custodian-key"))?;
    let policy = policy(&arguments)?;
    let writers = policy.writers.len();
    let custodian = Custodian::open(context.child("custodian"), FOLDER, key, policy).await?;
    let address = alloy::hex::encode_prefixed(custodian.address().0);
    let serving = listen(arguments.listen, custodian)
        .await
        .with_context(|| format!("{} cannot be listened on; choose another with --listen", arguments.listen))?;
    let mut out = stdout();
    let url = format!("http://{}#{address}", serving.address);
    // Who closed the pipe does not want to know.
    let _ = if arguments.json {
        writeln!(out, "{}", json!({ "custodian": address, "writers": writers, "listening": url }))
    } else {
        writeln!(out, "custodian    {address}, {writers} writers\nlistening    {url}")
    };
    let _ = out.flush();
    stop::asked(arguments.seconds).await?;
    serving.stop();
    let _ = if arguments.json { writeln!(out, "{}", json!({ "stopped": true })) } else { writeln!(out, "stopped") };
    Ok(())
}

fn policy(arguments: &DaNodeArguments) -> Result<Policy> {
    let mut writers: Vec<Address> = arguments.writers.iter().map(|writer| Address(writer.0.0)).collect();
    if arguments.development {
        if !arguments.listen.ip().is_loopback() {
            bail!("{} is not on loopback: anybody could write with the development key", arguments.listen);
        }
        writers.push(da_writer().address());
    }
    if writers.len() > ashlar_da::limits::WRITERS_MAX {
        bail!("{} writers; at most {} are let in", writers.len(), ashlar_da::limits::WRITERS_MAX);
    }
    Ok(Policy {
        writers,
        exchange: arguments.exchange.map(|id| ExchangeId(id.0)),
        place: arguments.place,
        retention: arguments.keep_newest.map_or(Retention::Forever, |count| Retention::Newest(count as usize)),
        bytes_max: arguments.mib_max << 20,
        requests: (arguments.requests.saturating_mul(2), arguments.requests),
        ..Policy::default()
    })
}
