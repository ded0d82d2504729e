//! The way from batches to the state, timed.

use std::sync::mpsc::sync_channel;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use ashlar_batch::codec;
use ashlar_exchange::HotConfig;
use ashlar_replica::{HotReplay, Prepared, Shadow, Silent};

use super::history::History;
use crate::threads::{Threads, available};

/// Decoded batches that wait for their execution.
const AHEAD: usize = 4;

/// Decoding alone.
pub fn decode_s(history: &History) -> Result<f64> {
    let started = Instant::now();
    let mut commands = 0;
    for (_, bytes) in &history.batches {
        commands += codec::decode_all(bytes)?.commands() as u64;
    }
    ensure!(commands == history.commands, "batches hold {commands} commands instead of {}", history.commands);
    Ok(started.elapsed().as_secs_f64())
}

/// One core decodes, another one executes over the live engine's store; the root is computed and compared once, at the end.
pub fn last_root_s(history: &History) -> Result<f64> {
    let mut replay = HotReplay::from_snapshot(&history.genesis()?, HotConfig::default())?;
    let started = Instant::now();
    let executed = std::thread::scope(|scope| {
        let (ready, decoded) = sync_channel(AHEAD);
        scope.spawn(move || {
            for (_, bytes) in &history.batches {
                if ready.send(codec::decode_all(bytes)).is_err() {
                    return;
                }
            }
        });
        for batch in decoded {
            for timed in &batch?.inputs {
                replay.exchange.apply(timed.time, &timed.input, &mut Silent);
            }
        }
        anyhow::Ok(())
    });
    executed?;
    let root = replay.root(&Threads(available()))?;
    let seconds = started.elapsed().as_secs_f64();
    ensure!(root == history.last_root()?, "a replay came to another root");
    Ok(seconds)
}

/// Every word of every header, the state root among them: one core hashes and decodes ahead, as recovery does, and the other executes.
pub fn every_root_s(history: &History) -> Result<f64> {
    let mut shadow = Shadow::from_snapshot(history.genesis()?);
    let started = Instant::now();
    let executed = std::thread::scope(|scope| {
        let (ready, prepared) = sync_channel(AHEAD);
        scope.spawn(move || {
            for (_, bytes) in &history.batches {
                if ready.send(Prepared::new(bytes)).is_err() {
                    return;
                }
            }
        });
        for ((header, _), prepared) in history.batches.iter().zip(prepared) {
            let outcome = shadow.run_prepared(&prepared?, header, &Threads(available()))?;
            if outcome.header != *header {
                return Err(anyhow!("batch {} came out otherwise than its header says", header.number.get()));
            }
        }
        anyhow::Ok(())
    });
    executed?;
    ensure!(shadow.header().state_root_after == history.last_root()?, "a replay came to another root");
    Ok(started.elapsed().as_secs_f64())
}
