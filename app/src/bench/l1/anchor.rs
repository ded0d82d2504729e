//! How long it takes from a batch that is built to its header in a block.

use std::time::{Duration, Instant};

use alloy::primitives::Bytes;
use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_devnet::Mining;
use ashlar_settlement::contract::DataRef;
use ashlar_settlement::{Config, Settlement, SettlementEvent};
use ashlar_types::{Address as Owner, Deployment, Time};
use commonware_runtime::{Supervisor as _, tokio as runtime};
use tokio::time::{interval, sleep};

use super::chain::Headers;
use super::stage::Stage;
use crate::figures::Figure;

/// Time between blocks.
const BLOCK: Duration = Duration::from_millis(500);
/// Time between batches: no multiple of a block's, so that they come at every moment of one.
const BATCH: Duration = Duration::from_millis(377);
/// What a batch holds; how much does not matter here.
const CONTENT: &[u8] = b"a batch";

/// Commits batches at their times, whether those before are in a block or not, for so many seconds.
pub async fn measure(context: &runtime::Context, seconds: f64) -> Result<Vec<Figure>> {
    let stage = Stage::build(context, "anchor", Mining::Every { busy: BLOCK, idle: BLOCK }).await?;
    let settlement = Owner(stage.addresses.settlement.0.0);
    let exchange = Deployment { chain_id: stage.chain_id, settlement }.exchange_id();
    let mut headers = Headers::new(exchange, stage.genesis_ms)?;
    let config = Config { poll_every: Duration::from_millis(20), ..Config::new(stage.chain_id, stage.addresses) };
    let started = Settlement::start(context.child("client"), stage.l1.clone(), stage.key.clone(), config).await;
    let Settlement { mut handle, mut events, task } = started.map_err(|reason| anyhow!("the client: {reason:?}"))?;
    let count = ((seconds / BATCH.as_secs_f64()) as usize).max(4);
    let mut begun: Vec<Instant> = Vec::with_capacity(count);
    let mut took: Vec<f64> = Vec::with_capacity(count);
    let mut tick = interval(BATCH);
    let now = Time::new(stage.now_ms().await?).context("L1's clock is beyond all time")?;
    while took.len() < count {
        tokio::select! {
            due = tick.tick(), if begun.len() < count => {
                let header = headers.next(CONTENT, 1, |header| (header.first_time, header.last_time) = (now, now))?;
                // From when it was due: one that had to wait to be handed in is late as well.
                begun.push(due.into_std());
                handle.commit(&header, DataRef::Calldata { content: Bytes::from_static(CONTENT) }).await?;
            }
            () = sleep(Duration::from_millis(5)) => {}
        }
        while let Some(event) = events.try_next() {
            if let SettlementEvent::Committed { batch, .. } = event {
                let place = usize::try_from(batch.get()).ok().and_then(|number| number.checked_sub(1));
                let begun = place.and_then(|place| begun.get(place)).context("a batch that was not handed in")?;
                took.push(begun.elapsed().as_secs_f64());
            }
        }
        let oldest = begun.get(took.len()).map_or(Duration::ZERO, Instant::elapsed);
        ensure!(oldest < Duration::from_secs(60), "batch {} is in no block after a minute", took.len() + 1);
    }
    task.abort();
    took.sort_by(f64::total_cmp);
    Ok(vec![figure(&took, 50, BLOCK.as_secs_f64() / 2.0), figure(&took, 99, BLOCK.as_secs_f64())])
}

fn figure(sorted: &[f64], percentile: usize, limit: f64) -> Figure {
    let place = (sorted.len() * percentile).div_ceil(100).saturating_sub(1);
    let value = sorted.get(place).copied().unwrap_or_default();
    let why = "blocks come at their times: half of one is waited for on average, and a whole one at worst";
    let figure = Figure::new("l1", "anchor_latency_s", value, "s").limit(limit, why);
    figure.at("percentile", percentile).at("block_s", BLOCK.as_secs_f64()).at("batches", sorted.len())
}
