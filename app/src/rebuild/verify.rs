//! `ashlar verify`: an auditor who trusts nobody.

use std::io::{Write as _, stdout};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use ashlar_da::Store;
use ashlar_prover::Threads;
use ashlar_replica::Shadow;
use ashlar_settlement::contract::DataKind;
use ashlar_sync::{Audit, Finding, Report, Stage};
use ashlar_types::{BatchNumber, Sequence};
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::json;

use super::arguments::{Sources, VerifyArguments};
use super::blobs::Blobs;
use super::calldata::Calldata;
use super::chain::History;
use super::commits::{Commits, Known};
use super::folder::Folders;
use super::local::{Compared, Local};
use super::origin::{L1_TIMEOUT, Origin};
use crate::progress::Progress as Bar;

/// On how many threads the state root is computed.
pub const THREADS: Threads = Threads(NonZeroUsize::new(2).unwrap());

/// What an audit needs.
pub struct Opened {
    /// Which exchange.
    pub origin: Origin,
    /// What L1 says.
    pub history: History,
    /// Where the data is.
    pub folders: Folders,
}

impl Opened {
    /// Reads L1.
    pub async fn new(sources: &Sources) -> Result<Opened> {
        // What is missing on this machine is told before anybody is asked.
        sources.folders()?;
        Opened::read(Origin::find(sources).await?, sources).await
    }

    /// Reads L1 about an exchange that was found.
    pub async fn read(origin: Origin, sources: &Sources) -> Result<Opened> {
        let named = sources.folders()?;
        let url = origin.url.as_ref().or(sources.l1.as_ref());
        let mut bar = Bar::new("L1 block");
        let history = History::read(&origin, |block, head| bar.at(block, head)).await?;
        let known: Known = Arc::new(Mutex::new(history.commits()));
        let mut l1: Vec<Box<dyn Store>> = Vec::new();
        if let Some(url) = url.filter(|_| sources.calldata) {
            l1.push(Box::new(Commits { reader: Calldata::new([url], L1_TIMEOUT)?, known: known.clone() }));
        }
        if let Some(beacon) = sources.beacon.as_ref().or(url).filter(|_| sources.takes_blobs()) {
            l1.push(Box::new(Commits { reader: Blobs::new(beacon).await?, known }));
        }
        let folders = Folders::new(&named, &sources.da_nodes, l1)?;
        Ok(Opened { origin, history, folders })
    }

    /// The last batch that is looked at.
    pub fn last(&self, sources: &Sources) -> BatchNumber {
        let newest = self.history.last();
        sources.upto.map_or(newest, |upto| newest.min(BatchNumber::new(upto)))
    }

    /// A finding with what is known about its cause.
    pub fn explain(&self, finding: &Finding) -> String {
        match self.folders.failure(finding.batch()) {
            Some(why) => format!("{finding}; {why}; its commit left it {}", self.left(finding.batch())),
            None => finding.to_string(),
        }
    }

    /// Where the commit of a batch left its data, and how to ask there.
    fn left(&self, number: BatchNumber) -> &'static str {
        match self.history.kind(number) {
            Some(DataKind::Calldata) => "in calldata, which --calldata reads",
            Some(DataKind::Custody) => "with custodians, whom --da-node names",
            Some(DataKind::UnboundBlobs) => "in blobs, which --blobs and --beacon read as long as L1's nodes keep them",
            None => "nowhere that L1 told of",
        }
    }
}

/// Runs on a runtime of its own.
pub fn run(arguments: &VerifyArguments) -> Result<()> {
    // An audit keeps nothing; the runtime wants a folder nevertheless, and what a node keeps is copied there.
    let scratch = std::env::temp_dir().join(format!("ashlar-verify-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&scratch).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|context| audit(context, arguments.clone(), scratch.clone()));
    let _ = std::fs::remove_dir_all(&scratch);
    ended
}

async fn audit(context: runtime::Context, arguments: VerifyArguments, scratch: PathBuf) -> Result<()> {
    let mut local = match &arguments.local {
        Some(folder) => Some(Local::open(&context, folder, &scratch).await?),
        None => None,
    };
    let opened = Opened::new(&arguments.sources).await?;
    let last = opened.last(&arguments.sources);
    let begun = Instant::now();
    let mut shadow = Shadow::from_snapshot(opened.origin.snapshot()?);
    let mut report = Report::default();
    let mut bar = Bar::new("batch");
    let (history, folders) = (&opened.history, &opened.folders);
    let mut audit = Audit::new(&context, history, folders, shadow.header().number, Some(last)).await?;
    loop {
        if let Some(local) = &mut local {
            local.compare(&context, &opened, &shadow, &mut report).await?;
        }
        if !audit.step(&mut shadow, &THREADS, &mut report).await? {
            break;
        }
        bar.at(shadow.header().number.get(), last.get());
    }
    let seconds = begun.elapsed().as_secs_f64();
    if let Some(local) = &mut local {
        local.finish(&opened, shadow.header().number, &mut report).await?;
    }
    let compared = local.map(|local| local.compared);
    let text = if arguments.json {
        lines_of_json(&opened, &shadow, &report, compared, seconds)
    } else {
        lines(&opened, &shadow, &report, compared, seconds)
    };
    stdout().write_all(text.as_bytes()).context("printing")?;
    match report.findings.first() {
        None => Ok(()),
        Some(finding) => bail!("the audit failed at batch {}", finding.batch().get()),
    }
}

fn lines(opened: &Opened, shadow: &Shadow, report: &Report, compared: Option<Compared>, seconds: f64) -> String {
    let Opened { origin, history, folders } = opened;
    let header = shadow.header();
    let mut lines = vec![
        format!("exchange     settlement {} on chain {}", origin.addresses.settlement, origin.exchange.chain_id),
        format!("L1           block {} {}", history.block().number, word(&history.block().hash.0)),
        format!(
            "             {} batches committed, {} proven, {} final; {} inbox entries",
            history.count(Stage::Committed),
            history.count(Stage::Proven),
            history.count(Stage::Final),
            history.entries()
        ),
        format!(
            "data left    with {} commits in calldata, {} with custodians, {} in blobs",
            history.count_of(DataKind::Calldata),
            history.count_of(DataKind::Custody),
            history.count_of(DataKind::UnboundBlobs)
        ),
        format!("executed     {} batches, {} commands in {seconds:.2} s", report.batches, report.commands),
        format!("state root   {:?} by execution, after batch {}", header.state_root_after, header.number.get()),
    ];
    for (folder, remark) in folders.remarks() {
        let (batch, times) = (remark.batch.get(), remark.times);
        lines.push(format!("data         {folder}: batch {batch}: {} ({times} batches in all)", remark.what));
    }
    if let Some(Compared { snapshots, leaves, batches, ahead }) = compared {
        lines.push(format!(
            "local        {snapshots} snapshots with {leaves} leaves and {batches} batches were compared"
        ));
        if ahead > 0 {
            lines.push(format!("             {ahead} more are of batches that were not executed here"));
        }
    }
    lines.extend(report.findings.iter().map(|finding| format!("WRONG        {}", opened.explain(finding))));
    if report.is_clean() {
        lines.push(format!("clean        of {} stores of data, nothing contradicts L1", folders.count()));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn lines_of_json(
    opened: &Opened,
    shadow: &Shadow,
    report: &Report,
    compared: Option<Compared>,
    seconds: f64,
) -> String {
    let Opened { origin, history, folders } = opened;
    let header = shadow.header();
    let mut lines: Vec<String> = Vec::new();
    for (folder, remark) in folders.remarks() {
        let (batch, times) = (remark.batch.get(), remark.times);
        lines.push(json!({ "folder": folder, "batch": batch, "times": times, "what": remark.what }).to_string());
    }
    for finding in &report.findings {
        let command = finding.command().map(Sequence::get);
        let key = finding.key().map(|key| alloy::hex::encode(key.to_bytes()));
        let finding = json!({
            "finding": opened.explain(finding), "batch": finding.batch().get(), "command": command, "key": key,
        });
        lines.push(finding.to_string());
    }
    let local = compared.map(|Compared { snapshots, leaves, batches, ahead }| {
        json!({ "snapshots": snapshots, "leaves": leaves, "batches": batches, "ahead": ahead })
    });
    let summary = json!({
        "local": local,
        "clean": report.is_clean(),
        "settlement": origin.addresses.settlement,
        "chain_id": origin.exchange.chain_id,
        "l1_block": history.block().number,
        "committed": history.count(Stage::Committed),
        "proven": history.count(Stage::Proven),
        "final": history.count(Stage::Final),
        "inbox_entries": history.entries(),
        "data_calldata": history.count_of(DataKind::Calldata),
        "data_custody": history.count_of(DataKind::Custody),
        "data_blobs": history.count_of(DataKind::UnboundBlobs),
        "batches": report.batches,
        "commands": report.commands,
        "seconds": seconds,
        "batch": header.number.get(),
        "header_hash": word(&header.hash().0),
        "state_root": word(&header.state_root_after.to_word()),
    });
    lines.push(summary.to_string());
    lines.push(String::new());
    lines.join("\n")
}

/// A word of L1 in hexadecimal.
pub fn word(bytes: &[u8; 32]) -> String {
    alloy::hex::encode_prefixed(bytes)
}
