//! The line that says how everything goes, and when to stop.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use ashlar_api::door::{BatchFacts, BatchKey, Door, Feed, Line, ProofStep, Stage, Tip};
use ashlar_sequencer::NodeHandle;
use ashlar_types::{BatchNumber, Event, Sequence};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::console::Console;

/// When to stop by itself.
pub struct Goal {
    until_final: bool,
    after: Option<Duration>,
    patience: Duration,
}

/// A trade of which nothing was final after this long never will be, where nothing is proven and where something is.
const PATIENCE: Duration = Duration::from_secs(300);
const PATIENCE_PROVEN: Duration = Duration::from_secs(2 * 3_600);

impl Goal {
    /// Once the first trade is final, or after so many seconds, or not at all.
    pub const fn new(until_final: bool, seconds: Option<u64>, is_proven: bool) -> Goal {
        let after = match seconds {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => None,
        };
        let patience = if is_proven { PATIENCE_PROVEN } else { PATIENCE };
        Goal { until_final, after, patience }
    }
}

/// What has been seen of the first trade.
enum First {
    None,
    Traded { sequence: Sequence, at: Instant },
    Final,
}

/// Says every second how everything goes, and what to try once that is there, until the goal is reached.
pub async fn watch(
    node: &NodeHandle,
    console: &mut Console,
    goal: Goal,
    mut example: oneshot::Receiver<String>,
) -> Result<()> {
    let door = node.door();
    let mut feed = door.open().await?.feed;
    let (begun, mut first, mut turn) = (Instant::now(), First::None, 0);
    let (mut trades, mut before) = (0_u64, 0_u64);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        turn += 1;
        if let Ok(command) = example.try_recv() {
            console.order(&command);
        }
        if !drain(&mut feed, &mut trades, &mut first)
            && let Ok(opening) = door.open().await
        {
            feed = opening.feed;
        }
        // While the order is made anew after L1 took something back, nobody can say.
        let Ok(tip) = door.tip().await else { continue };
        let next = tip.next.get();
        let proving = proving(&*door, &tip).await;
        console.tell(&event(&tip, trades, next.saturating_sub(before)));
        console.status(&format!("{}{proving}", line(&tip, trades, next.saturating_sub(before))), turn);
        before = next;
        if let First::Traded { sequence, at } = first {
            let batch = door.batch(BatchKey::Sequence(sequence)).await.unwrap_or_default();
            if let Some(batch) = batch.filter(|batch| batch.stage == Stage::Final) {
                console.tell(&json!({
                    "event": "final", "sequence": sequence.get(), "batch": batch.number.get(),
                    "since_trade_s": at.elapsed().as_secs_f64(), "since_start_s": begun.elapsed().as_secs_f64(),
                }));
                console.say(&settled(&batch, sequence, begun.elapsed(), at.elapsed()));
                first = First::Final;
            } else if goal.until_final && at.elapsed() > goal.patience {
                bail!("the trade of command {} is not final after {} s", sequence.get(), goal.patience.as_secs());
            }
        }
        let reached = goal.until_final && matches!(first, First::Final);
        if reached || goal.after.is_some_and(|after| begun.elapsed() >= after) {
            return Ok(());
        }
        if goal.until_final && begun.elapsed() > 2 * goal.patience {
            bail!("nobody has traded after {} s", begun.elapsed().as_secs());
        }
    }
}

/// Counts what was traded. A reader that fell behind misses some trades of the count and nothing else. Whether the feed goes on.
fn drain(feed: &mut Feed, trades: &mut u64, first: &mut First) -> bool {
    loop {
        match feed.try_recv() {
            Ok(block) => {
                for line in &block.lines {
                    if let Line::Event(Event::Trade(_)) = line {
                        *trades += 1;
                        if let First::None = first {
                            *first = First::Traded { sequence: block.first, at: Instant::now() };
                        }
                    }
                }
            }
            Err(tokio::sync::broadcast::error::TryRecvError::Lagged(_)) => {}
            Err(tokio::sync::broadcast::error::TryRecvError::Empty) => return true,
            Err(tokio::sync::broadcast::error::TryRecvError::Closed) => return false,
        }
    }
}

/// What is being proven; nothing where that takes no time worth telling.
async fn proving(door: &dyn Door, tip: &Tip) -> String {
    let proven = tip.batches.iter().find(|(reached, _)| *reached == Stage::Proven);
    let next = proven.map_or(BatchNumber::new(1), |(_, number)| number.next());
    let Ok(Some(standing)) = door.proof_standing(next).await else { return String::new() };
    let batches = match standing.first == standing.last {
        true => format!("batch {}", standing.first.get()),
        false => format!("batches {} to {}", standing.first.get(), standing.last.get()),
    };
    match standing.step {
        ProofStep::Gathered | ProofStep::Waiting => format!("  {batches} will be proven by {}", standing.backend),
        ProofStep::Proving { stage, done, of, .. } => {
            let steps = if of > 0 { format!(" {done}/{of}") } else { String::new() };
            let stage = if stage.is_empty() { "begins".to_owned() } else { stage };
            format!("  {} proves {batches}: {stage}{steps}", standing.backend)
        }
        ProofStep::Verifying => format!("  the proof of {batches} is being verified"),
        ProofStep::Refused { why } => format!("  {batches} cannot be proven: {why}"),
        ProofStep::Proven { .. } => String::new(),
    }
}

fn event(tip: &Tip, trades: u64, per_second: u64) -> Value {
    let at = |stage: Stage| tip.batches.iter().find(|(reached, _)| *reached == stage).map(|(_, number)| number.get());
    json!({
        "event": "status", "commands": tip.next.get(), "per_second": per_second, "trades": trades, "built": at(Stage::Built),
        "committed": at(Stage::Committed), "proven": at(Stage::Proven), "final": at(Stage::Final), "l1_block": tip.l1_block,
    })
}

fn line(tip: &Tip, trades: u64, per_second: u64) -> String {
    let at = |stage: Stage| {
        let found = tip.batches.iter().find(|(reached, _)| *reached == stage);
        found.map_or_else(|| "-".to_owned(), |(_, number)| number.get().to_string())
    };
    format!(
        "commands {} ({per_second}/s)  trades {trades}  batches built {} committed {} proven {} final {}  L1 block {}",
        tip.next.get(),
        at(Stage::Built),
        at(Stage::Committed),
        at(Stage::Proven),
        at(Stage::Final),
        tip.l1_block
    )
}

fn settled(batch: &BatchFacts, sequence: Sequence, since_start: Duration, since_trade: Duration) -> String {
    let transaction =
        batch.finalize.map_or_else(String::new, |at| format!(" in transaction 0x{}", alloy::hex::encode(at.hash)));
    format!(
        "first trade  command {} of batch {} is final on L1{transaction}: {:.0} s after the trade, {:.0} s after the start",
        sequence.get(),
        batch.number.get(),
        since_trade.as_secs_f64(),
        since_start.as_secs_f64()
    )
}
