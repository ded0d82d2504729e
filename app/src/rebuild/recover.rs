//! `ashlar recover`: the state of an exchange from L1 and published data alone.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use ashlar_replica::{Epoch, Shadow, Snapshot, SnapshotStore};
use ashlar_state::{Map, Serial};
use ashlar_sync::{Progress, Recovered, RecoveryError, StateRecoveryManager, Target};
use ashlar_types::BatchNumber;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use super::arguments::RecoverArguments;
use super::verify::{Opened, THREADS, word};
use crate::progress::Progress as Bar;

/// Where in the folder snapshots are: where a node looks for them when it has no journal.
pub const PARTITION: &str = "ashlar-snapshots";

/// Runs on a runtime whose storage is the folder that was asked for.
pub fn run(arguments: &RecoverArguments) -> Result<()> {
    std::fs::create_dir_all(&arguments.into)
        .with_context(|| format!("{} cannot be made; name another folder with --into", arguments.into.display()))?;
    let config = runtime::Config::new().with_storage_directory(&arguments.into).with_worker_threads(2);
    runtime::Runner::new(config).start(|context| rebuild(context, arguments.clone()))
}

async fn rebuild(context: runtime::Context, arguments: RecoverArguments) -> Result<()> {
    let opened = Opened::new(&arguments.sources).await?;
    let last = opened.last(&arguments.sources);
    let mut reached: Option<Progress> = None;
    let mut bar = Bar::new("batch");
    let mut progress = |now: Progress| {
        bar.at(now.batch.get(), now.target.get());
        reached = Some(now);
    };
    let recovered = into_snapshots(&context, &opened, last, &mut progress).await?;
    if let Some(file) = &arguments.dump {
        dump(file, &recovered.shadow).with_context(|| format!("writing {}", file.display()))?;
    }
    let text = said(&arguments, &recovered, reached.as_ref());
    stdout().write_all(text.as_bytes()).context("printing")
}

/// Rebuilds the state after a batch, and leaves a snapshot of it where a node looks for one that has no journal.
pub async fn into_snapshots(
    context: &runtime::Context,
    opened: &Opened,
    last: BatchNumber,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Recovered> {
    let genesis: Snapshot = opened.origin.snapshot()?;
    let snapshots = SnapshotStore::new(context.child("snapshots"), PARTITION);
    // These leaves were a map already, so they are one again.
    let again = move || Snapshot {
        head: genesis.head,
        leaves: genesis.leaves.clone(),
        map: Map::from_sorted(&genesis.leaves, &Serial).unwrap_or_default(),
    };
    let (chain, source) = (opened.history.clone(), opened.folders.clone());
    let manager = StateRecoveryManager::new(context.child("recovery"), chain, source, snapshots, again);
    let recovered = match manager.recover(Target::Batch(last), &THREADS, progress).await {
        Ok(recovered) => recovered,
        Err(RecoveryError::Wrong { reached, finding }) => {
            bail!("the recovery ends after batch {}: {}", reached.get(), opened.explain(&finding))
        }
        Err(error) => return Err(error.into()),
    };
    let header = *recovered.shadow.header();
    let block = opened.history.block_before(header.inbox_next);
    manager.create_checkpoint(&recovered.shadow, Epoch::new(0), block).await.context("writing the snapshot")?;
    Ok(recovered)
}

fn rate(progress: &Progress) -> f64 {
    let seconds = progress.elapsed.as_secs_f64();
    if seconds > 0.0 { progress.commands as f64 / seconds } else { 0.0 }
}

fn said(arguments: &RecoverArguments, recovered: &Recovered, reached: Option<&Progress>) -> String {
    let Recovered { shadow, begun_at, rejected, report } = recovered;
    let header = shadow.header();
    let (root, leaves) = (word(&header.state_root_after.to_word()), shadow.map().len());
    let (rate, folder) = (reached.map_or(0.0, rate), arguments.into.display().to_string());
    if arguments.json {
        let line = json!({
            "batch": header.number.get(),
            "header_hash": word(&header.hash().0),
            "state_root": root,
            "leaves": leaves,
            "begun_at": begun_at.get(),
            "batches": report.batches,
            "commands": report.commands,
            "commands_per_second": rate,
            "into": folder,
        });
        return format!("{line}\n");
    }
    let mut lines: Vec<String> =
        rejected.iter().map(|passed| format!("passed over  snapshot {}: {}", passed.name, passed.error)).collect();
    lines.extend([
        format!("batch        {} {}", header.number.get(), word(&header.hash().0)),
        format!("state root   {root}, {leaves} leaves"),
        format!("executed     {} batches after batch {}", report.batches, begun_at.get()),
        format!("             {} commands, {rate:.0} a second with every header checked", report.commands),
        format!("snapshot     in {folder}"),
        String::new(),
    ]);
    lines.join("\n")
}

/// A line for each leaf in the order of keys: the key, and the words at it.
fn dump(file: &Path, shadow: &Shadow) -> Result<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for (key, words) in shadow.map().iter() {
        write!(out, "{}", alloy::hex::encode(key.to_bytes()))?;
        for word in words {
            write!(out, " {word:016x}")?;
        }
        writeln!(out)?;
    }
    out.into_inner().context("flushing")?.sync_all()?;
    Ok(())
}
