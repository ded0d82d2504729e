//! What a node that orders begins with: its own folder, if that is whole; otherwise what L1 and published data give. Never the beginning of the
//! exchange while L1 holds batches of it: a node that ordered a second beginning would sign contradictions.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ashlar_contracts::abi::ISettlement;
use ashlar_replica::SnapshotStore;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::rpc::RpcL1;
use ashlar_sync::Target;
use commonware_runtime::{Storage as _, Supervisor as _, tokio as runtime};

use super::origin;
use crate::config::NodeSettings;
use crate::follow::folder;
use crate::rebuild::contract::ask;
use crate::rebuild::{Opened, SNAPSHOTS, Sources, into_snapshots};

/// Where a node stores the batches that it built.
const BATCHES: &str = "ashlar-batches";
/// Attempts to read an L1 that leaves its chain meanwhile.
const ATTEMPTS: u32 = 5;

/// Rebuilds the state in a folder in which nothing was executed, if L1 holds batches already. A folder that holds a journal or batches of its own
/// is left as it is: what was acknowledged may be nowhere else.
pub async fn from_l1_if_empty(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings) -> Result<()> {
    if folder::is_begun(context).await? || holds_batches(context).await {
        return Ok(());
    }
    let at = BlockAt::Latest;
    let committed = ask(l1, at, settings.l1.settlement, &ISettlement::committedCall {}).await?;
    if committed == 0 {
        return Ok(());
    }
    tracing::warn!(
        committed,
        "this folder is empty and L1 holds batches; the state is rebuilt before anything is ordered"
    );
    from_l1(context, l1, settings).await.with_context(|| {
        format!(
            "{} is empty, L1 holds {committed} batches, and their state cannot be rebuilt; a second beginning is never ordered: \
             name stores that have the data with source.folders or source.custodians, or recover into the folder with `ashlar recover`",
            settings.data.display()
        )
    })
}

/// Leaves a snapshot of the newest committed batch: from the newest checkpoint that is whole and lies on L1's chain, then from whichever stores have
/// the data, then from L1's own copy of it.
pub async fn from_l1(context: &runtime::Context, l1: &RpcL1, settings: &NodeSettings) -> Result<()> {
    let begun = Instant::now();
    let mut attempt = 1;
    let opened = loop {
        let opened = Opened::read(origin(l1, settings).await?, &sources(settings)?).await;
        match opened {
            Err(why) if attempt < ATTEMPTS => tracing::warn!(%why, attempt, "L1 could not be read; trying again"),
            opened => break opened.context("reading L1")?,
        }
        attempt += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    let recovered = into_snapshots(context, &opened, Target::Batch(opened.history.last()), None, &mut |_| ()).await?;
    for passed in &recovered.rejected {
        tracing::warn!(name = passed.name, error = %passed.error, "a checkpoint was passed over");
    }
    // What lies beside L1's chain or beyond it is of an order that nothing here remembers.
    let header = *recovered.shadow.header();
    let snapshots = SnapshotStore::new(context.child("snapshots"), SNAPSHOTS);
    let is_before = |number| number < header.number;
    snapshots.retain(|head| head.header == header || is_before(head.header.number)).await?;
    tracing::warn!(
        batch = header.number.get(),
        checkpoint = recovered.begun_at.get(),
        replayed = recovered.report.batches,
        took = ?begun.elapsed(),
        "the state was rebuilt from a checkpoint, published data and L1"
    );
    Ok(())
}

async fn holds_batches(context: &runtime::Context) -> bool {
    context.scan(BATCHES).await.is_ok_and(|names| !names.is_empty())
}

/// Wherever data may be: the stores that are read, those that this node publishes to, and the calldata of commits.
fn sources(settings: &NodeSettings) -> Result<Sources> {
    let own = (0..settings.da_folders).map(|number| settings.data.join(format!("da-{number}")));
    let folders: Vec<_> = settings.source.folders.iter().cloned().chain(own.filter(|folder| folder.is_dir())).collect();
    let mut custodians = settings.source.custodians.clone();
    custodians.extend(settings.da_custodians.iter().filter(|url| !settings.source.custodians.contains(url)).cloned());
    let l1 = &settings.l1;
    let url = l1.endpoints.first().context("l1.endpoints names nobody")?;
    let stores = (folders.as_slice(), custodians.as_slice());
    let sources = Sources::of_node(url, l1.settlement, stores, l1.deployed_block, l1.house_owner, l1.genesis_ms);
    Ok(sources.with_calldata(settings.source.calldata))
}
