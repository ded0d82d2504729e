//! `ashlar recover`: the state of an exchange from L1 and published data alone.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_replica::{Epoch, Shadow, Snapshot, SnapshotStore};
use ashlar_state::{Map, Serial};
use ashlar_sync::{Diffs, Progress, Recovered, RecoveryError, StateRecoveryManager, Target};
use ashlar_types::{BatchNumber, Time};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use super::arguments::RecoverArguments;
use super::chain::History;
use super::diffs;
use super::folder::Folders;
use super::verify::{Opened, THREADS, word};
use crate::progress::Progress as Bar;

/// Where in the folder snapshots are: where a node looks for them when it has no journal.
pub const PARTITION: &str = "ashlar-snapshots";

/// Rebuilds from L1 and stores.
type Manager = StateRecoveryManager<runtime::Context, History, Folders>;

/// Runs on a runtime whose storage is the folder that was asked for.
pub fn run(arguments: &RecoverArguments) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("ashlar-recover-{}", std::process::id()));
    let folder = arguments.into.as_ref().unwrap_or(&scratch);
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{} cannot be made; name another folder with --into", folder.display()))?;
    let config = runtime::Config::new().with_storage_directory(folder).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|context| async move {
        let opened = Opened::new(&arguments.sources).await?;
        match (&arguments.into, &arguments.out) {
            (Some(into), _) => rebuild(context, opened, into, arguments).await,
            (None, Some(out)) => part(&context, &opened, out, arguments).await,
            (None, None) => bail!("say where to with --into, or with --out for a range"),
        }
    });
    if arguments.into.is_none() {
        let _ = std::fs::remove_dir_all(&scratch);
    }
    ended
}

/// To where it goes.
fn target(arguments: &RecoverArguments, opened: &Opened) -> Result<Target> {
    let time = |ms| Time::new(ms).context("the time is beyond all time");
    Ok(match (arguments.at_block, arguments.at_time, arguments.root) {
        (Some(block), ..) => Target::L1Block(block),
        (None, Some(ms), _) => Target::Time(time(ms)?),
        (None, None, Some(root)) => {
            Target::Root(Digest::from_word(&root.0).with_context(|| format!("{root} is the root of no state"))?)
        }
        (None, None, None) => Target::Batch(opened.last(&arguments.sources)),
    })
}

async fn rebuild(context: runtime::Context, opened: Opened, into: &Path, arguments: &RecoverArguments) -> Result<()> {
    let target = target(arguments, &opened)?;
    let mut reached: Option<Progress> = None;
    let mut bar = Bar::new("batch");
    let mut progress = |now: Progress| {
        bar.at(now.batch.get(), now.target.get());
        reached = Some(now);
    };
    let diffs = arguments.diffs.as_deref().map(diffs::from).transpose()?;
    let recovered = into_snapshots(&context, &opened, target, diffs, &mut progress).await?;
    if let Some(file) = &arguments.dump {
        dump(file, &recovered.shadow).with_context(|| format!("writing {}", file.display()))?;
    }
    let text = said(into, arguments.json, &recovered, reached.as_ref());
    stdout().write_all(text.as_bytes()).context("printing")
}

/// Writes the batches of a range, each into a file of its own.
async fn part(context: &runtime::Context, opened: &Opened, out: &Path, arguments: &RecoverArguments) -> Result<()> {
    let manager = manager(context, opened)?;
    let (first, last) = match (arguments.range, arguments.range_ms) {
        (Some((first, last)), _) => (BatchNumber::new(first.max(1)), BatchNumber::new(last)),
        (None, Some((from, to))) => {
            let time = |ms| Time::new(ms).context("the time is beyond all time");
            manager.range_of_time(time(from)?, time(to)?).await?
        }
        (None, None) => bail!("say which batches with --range or --range-ms"),
    };
    std::fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let (mut written, mut failed) = (Vec::new(), None);
    let mut bar = Bar::new("batch");
    let (from, count) = (first.get(), last.next().get().saturating_sub(first.get()));
    let mut take = |header: &BatchHeader, bytes: Vec<u8>| {
        let number = header.number.get();
        let file = out.join(format!("batch-{number}.bin"));
        if let Err(error) = std::fs::write(&file, bytes) {
            failed.get_or_insert_with(|| anyhow!("{} cannot be written: {error}", file.display()));
        }
        written.push((number, file));
        bar.at(number.saturating_sub(from).saturating_add(1), count);
    };
    if let Err(error) = manager.recover_range(first, last, &mut take).await {
        return Err(explained(opened, error));
    }
    if let Some(error) = failed {
        return Err(error);
    }
    let text = if arguments.json {
        let files: Vec<_> = written.iter().map(|(_, file)| file.display().to_string()).collect();
        format!("{}\n", json!({ "first": first.get(), "last": last.get(), "batches": written.len(), "files": files }))
    } else {
        let (count, first, last) = (written.len(), first.get(), last.get());
        format!("batches      {count}, from {first} to {last}, in {}\n", out.display())
    };
    stdout().write_all(text.as_bytes()).context("printing")
}

fn manager(context: &runtime::Context, opened: &Opened) -> Result<Manager> {
    let genesis: Snapshot = opened.origin.snapshot()?;
    let snapshots = SnapshotStore::new(context.child("snapshots"), PARTITION);
    // These leaves were a map already, so they are one again.
    let again = move || Snapshot {
        head: genesis.head,
        leaves: genesis.leaves.clone(),
        map: Map::from_sorted(&genesis.leaves, &Serial).unwrap_or_default(),
    };
    let (chain, source) = (opened.history.clone(), opened.folders.clone());
    Ok(StateRecoveryManager::new(context.child("recovery"), chain, source, snapshots, again))
}

/// Rebuilds the state at a target, and leaves a snapshot of it where a node looks for one that has no journal.
pub async fn into_snapshots(
    context: &runtime::Context,
    opened: &Opened,
    target: Target,
    diffs: Option<Diffs>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Recovered> {
    let mut manager = manager(context, opened)?;
    if let Some(diffs) = diffs {
        manager = manager.with_diffs(diffs);
    }
    let recovered = match target {
        Target::L1Block(block) => manager.recover_from_l1(block, &THREADS, progress).await,
        target => manager.recover(target, &THREADS, progress).await,
    };
    let recovered = recovered.map_err(|error| explained(opened, error))?;
    let header = *recovered.shadow.header();
    let block = opened.history.block_before(header.inbox_next);
    manager.create_checkpoint(&recovered.shadow, Epoch::new(0), block).await.context("writing the snapshot")?;
    Ok(recovered)
}

/// An error with what is known about its cause.
fn explained(opened: &Opened, error: RecoveryError) -> anyhow::Error {
    match error {
        RecoveryError::Wrong { reached, finding } => {
            anyhow!("the recovery ends after batch {}: {}", reached.get(), opened.explain(&finding))
        }
        error => error.into(),
    }
}

fn rate(progress: &Progress) -> f64 {
    let seconds = progress.elapsed.as_secs_f64();
    if seconds > 0.0 { progress.commands as f64 / seconds } else { 0.0 }
}

fn said(into: &Path, is_json: bool, recovered: &Recovered, reached: Option<&Progress>) -> String {
    let Recovered { shadow, begun_at, rejected, report, by_diffs, useless_diff } = recovered;
    let header = shadow.header();
    let (root, leaves) = (word(&header.state_root_after.to_word()), shadow.map().len());
    let (rate, folder) = (reached.map_or(0.0, rate), into.display().to_string());
    if is_json {
        let line = json!({
            "batch": header.number.get(),
            "header_hash": word(&header.hash().0),
            "state_root": root,
            "last_time": header.last_time.get(),
            "leaves": leaves,
            "begun_at": begun_at.get(),
            "batches": report.batches,
            "by_diffs": by_diffs,
            "useless_diff": useless_diff.as_ref().map(|(batch, why)| json!({ "batch": batch.get(), "why": why })),
            "commands": report.commands,
            "commands_per_second": rate,
            "into": folder,
        });
        return format!("{line}\n");
    }
    let mut lines: Vec<String> =
        rejected.iter().map(|passed| format!("passed over  snapshot {}: {}", passed.name, passed.error)).collect();
    if let Some((batch, why)) = useless_diff {
        lines.push(format!("passed over  the diff of batch {}: {why}", batch.get()));
    }
    if *by_diffs > 0 {
        lines.push(format!("by diffs     {by_diffs} final batches, each to its state root on L1"));
    }
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
