//! `ashlar archive`: every batch of an exchange for good, under one root.

use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_batch::merkle::Digest;
use ashlar_da::archive::index::Branching;
use ashlar_da::archive::{Archive, Content, Entry, Folder, Lookup, Mended, Moved, Objects, Policy, S3, S3Config, Tier};
use ashlar_da::{Availability, SectionKey};
use ashlar_sync::Chain as _;
use ashlar_types::{BatchNumber, Sequence, Time, to_bytes};
use clap::{Args, Subcommand};
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::Sources;
use super::folder::Folders;
use super::verify::{Opened, word};
use crate::clock::now_ms;
use crate::progress::Progress;

/// Of the archive.
#[derive(Clone, Debug, Args)]
pub struct ArchiveArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Take every final batch that is not archived yet, and move what is old
    #[command(after_help = "Example: ashlar archive add --data exchange --archive archive")]
    Add(AddArguments),
    /// Find a batch by its number, time, command or any of its hashes, with its proof
    #[command(after_help = "Example: ashlar archive get --archive archive --sequence 12345 --out batch.bin")]
    Get(GetArguments),
    /// Read every batch and restore what is damaged, from published data and from what the archive still has
    #[command(after_help = "Example: ashlar archive repair --archive archive --da exchange/da-0 --da exchange/da-1")]
    Repair(RepairArguments),
}

/// Where an archive is.
#[derive(Clone, Debug, Args)]
struct Place {
    /// The folder of the archive
    #[arg(long, value_name = "DIR")]
    archive: PathBuf,
    /// A folder for what is cold, in place of one within the archive
    #[arg(long, value_name = "DIR", conflicts_with = "s3")]
    cold: Option<PathBuf>,
    /// An object store for what is cold, HOST:PORT/BUCKET, by plain HTTP; its key is in ASHLAR_S3_ACCESS_KEY and ASHLAR_S3_SECRET_KEY
    #[arg(long, value_name = "PLACE")]
    s3: Option<String>,
    /// The region that requests to the object store are signed for
    #[arg(long, value_name = "REGION", default_value = "us-east-1")]
    s3_region: String,
    /// Children of a node of the index; fixed when the archive is made
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=256))]
    branching: u16,
    /// Batches of a segment
    #[arg(long, value_name = "COUNT", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=4_096))]
    segment: u16,
    /// Seconds after which batches are packed into segments
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    hot_seconds: u64,
    /// Seconds after which a segment that nobody reads becomes cold
    #[arg(long, value_name = "SECONDS", default_value_t = 604_800)]
    warm_seconds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Debug, Args)]
struct AddArguments {
    #[command(flatten)]
    sources: Sources,
    #[command(flatten)]
    place: Place,
    /// Go on: look again after so many seconds, until it is interrupted
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    follow: Option<u64>,
}

/// Where published data is, for what is damaged in the archive.
#[derive(Clone, Debug, Args)]
struct Helpers {
    /// A folder of published data, from which what is damaged is restored; give as many as you have
    #[arg(long = "da", value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// A custodian of published data, http://HOST:PORT; give as many as you know
    #[arg(long = "da-node", value_name = "URL")]
    da_nodes: Vec<String>,
}

impl Helpers {
    fn open(&self) -> Result<Option<Folders>> {
        if self.folders.is_empty() && self.da_nodes.is_empty() {
            return Ok(None);
        }
        Folders::new(&self.folders, &self.da_nodes, Vec::new()).map(Some)
    }
}

#[derive(Clone, Debug, Args)]
struct RepairArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    helpers: Helpers,
}

#[derive(Clone, Debug, Args)]
struct GetArguments {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    helpers: Helpers,
    /// The number of the batch
    #[arg(long, value_name = "BATCH")]
    batch: Option<u64>,
    /// A time, in milliseconds since 1970: the last batch that had begun by then
    #[arg(long, value_name = "MS")]
    time: Option<u64>,
    /// The number of a command in it
    #[arg(long, value_name = "SEQUENCE")]
    sequence: Option<u64>,
    /// The hash of its header or bytes, its data root or commitment, or the state after it
    #[arg(long, value_name = "HASH")]
    hash: Option<alloy::primitives::B256>,
    /// Write the bytes into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the proof that it is under the archive's root into this file
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,
}

/// Runs on a runtime of its own.
pub fn run(arguments: &ArchiveArguments) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("ashlar-archive-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&scratch).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(|_| async move {
        match &arguments.what {
            What::Add(arguments) => add(arguments).await,
            What::Get(arguments) => get(arguments).await,
            What::Repair(arguments) => repair(arguments).await,
        }
    });
    let _ = std::fs::remove_dir_all(&scratch);
    ended
}

fn open(place: &Place) -> Result<Archive> {
    let cold: Box<dyn Objects> = match &place.s3 {
        Some(store) => Box::new(S3::new(object_store(store, &place.s3_region)?)),
        None => Box::new(Folder::open(&place.cold.clone().unwrap_or_else(|| place.archive.join("cold")))?),
    };
    let policy = Policy {
        branching: Branching::new(place.branching).context("the branching is between 2 and 256")?,
        hot_ms: place.hot_seconds.saturating_mul(1_000),
        segment_batches: place.segment.into(),
        warm_ms: place.warm_seconds.saturating_mul(1_000),
        ..Policy::default()
    };
    Ok(Archive::open(&place.archive, cold, policy)?)
}

fn object_store(store: &str, region: &str) -> Result<S3Config> {
    let (host, bucket) = store.split_once('/').with_context(|| format!("{store} is not HOST:PORT/BUCKET"))?;
    let (bucket, prefix) = bucket.split_once('/').unwrap_or((bucket, ""));
    let key = |name: &str| std::env::var(name).map_err(|_| anyhow!("set {name} to the object store's key"));
    Ok(S3Config {
        host: host.to_owned(),
        bucket: bucket.to_owned(),
        prefix: if prefix.is_empty() { String::new() } else { format!("{}/", prefix.trim_end_matches('/')) },
        region: region.to_owned(),
        access_key: key("ASHLAR_S3_ACCESS_KEY")?,
        secret_key: key("ASHLAR_S3_SECRET_KEY")?,
    })
}

/// What one look at L1 brought.
struct Pass {
    added: u64,
    moved: Moved,
}

async fn add(arguments: &AddArguments) -> Result<()> {
    let archive = open(&arguments.place)?;
    let Some(seconds) = arguments.follow else {
        let pass = add_what_is_new(&archive, &arguments.sources).await?;
        return tell(&archive, &pass, arguments.place.json);
    };
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut is_first = true;
    loop {
        // What was begun is ended with: a batch is archived whole or not at all, and one signal stops the next look.
        match add_what_is_new(&archive, &arguments.sources).await {
            Ok(pass) if is_first || pass.added > 0 || pass.moved != Moved::default() => {
                tell(&archive, &pass, arguments.place.json)?;
                is_first = false;
            }
            Ok(_) => {}
            // L1 or the stores may answer the next time; what is archived stays.
            Err(error) => eprintln!("this look did not come to its end: {error:#}; looking again in {seconds} s"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            _ = interrupt.recv() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
        }
    }
}

/// Archives every batch that is not there yet and that L1 cannot take back any more, and moves what is old.
async fn add_what_is_new(archive: &Archive, sources: &Sources) -> Result<Pass> {
    let opened = Opened::new(sources).await?;
    let (count, _) = archive.root()?;
    let last = opened.last(sources).min(opened.history.last_settled()).get();
    let newest = archive.newest()?;
    if let Some(newest) = &newest {
        is_of(newest, &opened).await?;
    }
    let first = newest.map_or(1, |entry| entry.number.get().saturating_add(1));
    let mut bar = Progress::new("batch");
    for number in first..=last {
        let batch = opened.history.batch(BatchNumber::new(number)).await?;
        let header = batch.with_context(|| format!("L1 does not tell of batch {number}"))?.header;
        let stores = opened.folders.stores();
        let fetched = stores.fetch(&header).await.with_context(|| format!("batch {number}"))?;
        let key = SectionKey { number: header.number, root: header.signatures_root };
        let content = Content { bytes: fetched.bytes, signatures: signatures(stores, &key).await? };
        archive.append(&header, &content)?;
        bar.at(number, last);
    }
    // What is archived is archived whole, wherever it moves afterwards.
    archive.mark()?;
    let moved = archive.migrate(now_ms()).await.context("batches are archived; moving old ones failed")?;
    Ok(Pass { added: archive.root()?.0 - count, moved })
}

/// That the archive's last batch is the one of that number on L1. Each header names the one before it, so then all are.
async fn is_of(newest: &Entry, opened: &Opened) -> Result<()> {
    let Some(on_l1) = opened.history.batch(newest.number).await? else { return Ok(()) };
    if on_l1.hash == newest.header_hash {
        return Ok(());
    }
    bail!(
        "the archive ends with batch {} of hash {}, and L1 has another one, of hash {}: L1 took back what was archived, or \
         this is the archive of another exchange; begin a new one in another folder",
        newest.number.get(),
        word(&newest.header_hash.0),
        word(&on_l1.hash.0)
    )
}

fn tell(archive: &Archive, pass: &Pass, json: bool) -> Result<()> {
    let Pass { added, moved } = pass;
    let (now, root) = archive.root()?;
    let tiers = archive.segments()?.iter().fold((0, 0, 0), |(warm, cold, bytes), segment| match segment.tier {
        Tier::Cold => (warm, cold + segment.count, bytes + segment.bytes),
        _ => (warm + segment.count, cold, bytes + segment.bytes),
    });
    let (warm, cold, packed_bytes) = tiers;
    let text = if json {
        let object = json!({
            "added": added, "batches": now, "root": word(&root), "packed": moved.packed, "cooled": moved.cooled,
            "warmed": moved.warmed, "hot": now - warm - cold, "warm": warm, "cold": cold, "packed_bytes": packed_bytes,
        });
        format!("{object}\n")
    } else {
        format!(
            "archived     {added} batches, {now} in all under {}\ntiers        {} hot, {warm} warm, {cold} cold\n",
            word(&root),
            now - warm - cold
        )
    };
    let mut out = stdout();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("printing")
}

/// Reads everything, and restores what is damaged.
async fn repair(arguments: &RepairArguments) -> Result<()> {
    let archive = open(&arguments.place)?;
    let helpers = arguments.helpers.open()?.context("name published data with --da or --da-node")?;
    let Some(newest) = archive.newest()? else { bail!("the archive is empty; add batches with `ashlar archive add`") };
    let (count, _) = archive.root()?;
    let (mut lines, mut objects, mut mended, mut lost) = (Vec::new(), Vec::new(), 0_u64, 0_u64);
    let first = newest.number.get().saturating_add(1).saturating_sub(count);
    let mut mending = archive.mending(helpers.stores());
    for number in first..=newest.number.get() {
        match mending.batch(BatchNumber::new(number)).await {
            Ok(Some(Mended { was_damaged: false, .. })) => {}
            Ok(Some(Mended { wrong, .. })) => {
                mended += 1;
                let wrong: Vec<u16> = wrong.iter().map(|row| row.get()).collect();
                lines.push(format!("restored     batch {number}, of which {} rows were corrected", wrong.len()));
                objects.push(json!({ "batch": number, "corrected": wrong }));
            }
            Ok(None) => bail!("the archive lost batch {number}"),
            Err(error) => {
                lost += 1;
                lines.push(format!("lost         {error}"));
                objects.push(json!({ "batch": number, "lost": error.to_string() }));
            }
        }
    }
    lines.push(format!("repaired     {mended} of {count} batches were damaged and are whole, {lost} are not"));
    objects.push(json!({ "batches": count, "restored": mended, "lost": lost }));
    let lines: Vec<String> =
        if arguments.place.json { objects.iter().map(ToString::to_string).collect() } else { lines };
    stdout().write_all(format!("{}\n", lines.join("\n")).as_bytes()).context("printing")?;
    if lost > 0 { bail!("{lost} batches are not whole; add stores that have them") } else { Ok(()) }
}

async fn signatures(stores: &Availability, key: &SectionKey) -> Result<Vec<u8>> {
    if key.root == Digest::EMPTY {
        return Ok(Vec::new());
    }
    match stores.fetch_signatures(key).await {
        Ok((signatures, _)) => Ok(signatures.as_bytes().to_vec()),
        Err(sources) => bail!(
            "none of {} stores has the signatures of batch {}; add stores that keep them",
            sources.len(),
            key.number.get()
        ),
    }
}

async fn get(arguments: &GetArguments) -> Result<()> {
    let archive = open(&arguments.place)?;
    let time = |ms| Time::new(ms).context("the time is beyond all time");
    let asked = [
        arguments.batch.map(|number| Lookup::Batch(BatchNumber::new(number))),
        arguments.time.map(time).transpose()?.map(Lookup::Time),
        arguments.sequence.map(|sequence| Lookup::Sequence(Sequence::new(sequence))),
        arguments.hash.map(|hash| Lookup::Hash(hash.0)),
    ];
    let mut asked = asked.into_iter().flatten();
    let (Some(lookup), None) = (asked.next(), asked.next()) else {
        bail!("say what to look for by one of --batch, --time, --sequence and --hash");
    };
    let entry =
        archive.find(lookup)?.context("no batch in the archive is that; add batches with `ashlar archive add`")?;
    let tier = match archive.tier(entry.number)? {
        Some(Tier::Hot) => "hot",
        Some(Tier::Warm) => "warm",
        Some(Tier::Cold) => "cold",
        None => bail!("the archive lost batch {}", entry.number.get()),
    };
    let content = match arguments.helpers.open()? {
        None => archive.get(entry.number, now_ms()).await?,
        Some(helpers) => {
            let got = archive.get_or_mend(entry.number, now_ms(), helpers.stores()).await?;
            if got.as_ref().is_some_and(|got| got.was_damaged) {
                eprintln!("batch {} was damaged in the archive and is restored", entry.number.get());
            }
            got.map(|got| got.content)
        }
    };
    let content = content.context("the archive lost the batch")?;
    let (count, root) = archive.root()?;
    let proof = archive.prove(entry.number)?;
    entry.is_proven(&proof, &root).context("the archive's index is damaged")?;
    write(arguments.out.as_deref(), &content.bytes)?;
    write(arguments.proof.as_deref(), &to_bytes(&proof))?;
    let Entry { number, header_hash, content_hash, first_sequence, next_sequence, first_time, .. } = entry;
    let text = if arguments.place.json {
        let object = json!({
            "batch": number.get(), "header_hash": word(&header_hash.0), "content_hash": word(&content_hash.0), "tier": tier,
            "first_sequence": first_sequence.get(), "next_sequence": next_sequence.get(), "first_time": first_time.get(),
            "bytes": content.bytes.len(), "signatures": content.signatures.len() / 64, "root": word(&root),
            "batches": count, "proof_bytes": to_bytes(&proof).len(),
        });
        format!("{object}\n")
    } else {
        format!(
            "batch        {}, {tier}: commands {} to {}, {} bytes\nheader       {}\nproven       under {}, over {count} batches\n",
            number.get(),
            first_sequence.get(),
            next_sequence.get().saturating_sub(1),
            content.bytes.len(),
            word(&header_hash.0),
            word(&root)
        )
    };
    stdout().write_all(text.as_bytes()).context("printing")
}

fn write(file: Option<&Path>, bytes: &[u8]) -> Result<()> {
    match file {
        Some(file) => std::fs::write(file, bytes).with_context(|| format!("{} cannot be written", file.display())),
        None => Ok(()),
    }
}
