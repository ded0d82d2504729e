//! Who plays L1, and who plays with the clock.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ashlar_settlement::Activation;
use ashlar_settlement::sim::Orphans;
use ashlar_types::{AccountId, Amount, AssetId, BatchNumber, InboxEntry};
use commonware_runtime::{Clock, deterministic};

use crate::people::wallet;
use crate::world::{Counts, World, millis, newcomer};

/// People who come through L1 while the exchange runs; traders have the numbers below.
pub(crate) const NEWCOMERS: std::ops::Range<u32> = 20..24;

/// That governance does something about versions, at each block, in ten thousand.
const VERSIONS: u32 = 1_500;

/// Mines, and leaves blocks again, and puts in what others send.
pub(crate) async fn mine(context: deterministic::Context, world: Arc<World>, fair: bool) {
    let scenario = world.scenario;
    loop {
        context.sleep(Duration::from_secs(scenario.block_s)).await;
        let now_ms = millis(context.current());
        if world.chance(scenario.entries) {
            for entry in entries(&world) {
                world.chain.enter(entry);
            }
        }
        if !fair {
            govern(&world, now_ms / 1_000);
        }
        world.chain.mine(now_ms / 1_000);
        if !fair && world.chance(scenario.reorgs) {
            let depth = 1 + world.below(scenario.depth_max);
            let orphans = match world.below(4) {
                0 => Orphans::Kept,
                1 => Orphans::Reordered,
                2 => Orphans::EntriesDropped,
                _ => Orphans::AllDropped,
            };
            if world.chain.reorg(depth, 1 + world.below(2), orphans).is_some() {
                Counts::add(&world.counts.reorgs, 1);
                world.counts.deepest.fetch_max(depth, Ordering::Relaxed);
                world.reorg_ms.store(now_ms, Ordering::Relaxed);
            }
        }
    }
}

/// Announces a version in the next block, with batches in flight, or takes back the one that was announced last.
fn govern(world: &World, now_s: u64) {
    let versions = world.scenario.versions;
    if versions == 0 || !world.chance(VERSIONS) {
        return;
    }
    let Some(contracts) = world.chain.contracts() else { return };
    let Some(last) = contracts.versions().last().copied() else { return };
    if last.not_before > now_s {
        if world.below(3) == 0 {
            world.chain.cancel_version(last.version);
        }
    } else if contracts.versions().len() <= usize::try_from(versions).unwrap_or(usize::MAX) {
        let (committed, ..) = contracts.batches();
        let from = committed.max(last.from_batch.get()) + 1 + world.below(4);
        let not_before = now_s + world.below(60);
        let next = Activation { version: last.version + 1, from_batch: BatchNumber::new(from), not_before };
        world.chain.schedule_version(next);
    }
}

/// What somebody sends: a deposit for who is there, somebody new, or a demand that the operator cannot refuse.
fn entries(world: &World) -> Vec<InboxEntry> {
    let one = || {
        let number = 1 + world.below(u64::from(world.scenario.traders)) as u32;
        let (owner, account) = (wallet(number).address(), AccountId::new(number)?);
        let (asset, amount) = (AssetId::new(world.below(2) as u16)?, Amount::new(1 + world.below(1_000_000))?);
        Some(match world.below(4) {
            0 | 1 => InboxEntry::Deposit { owner, account: None, asset, amount },
            2 => InboxEntry::ForcedCancelAll { owner, account },
            _ => InboxEntry::ForcedWithdraw { owner, account, asset, amount },
        })
    };
    if world.below(3) == 0 {
        let number = NEWCOMERS.start + world.below(u64::from(NEWCOMERS.end - NEWCOMERS.start)) as u32;
        // Whose account it will be depends on who comes first, on this chain and on the next.
        let account = world.scenario.traders + 1 + world.below(4) as u32;
        return newcomer(number, account, 1_000_000 + world.below(1_000_000));
    }
    one().into_iter().collect()
}

/// Puts the node's clock forward and back.
pub(crate) async fn jump(context: deterministic::Context, world: Arc<World>) {
    let (chance, most_ms) = world.scenario.jumps;
    loop {
        context.sleep(Duration::from_secs(1)).await;
        if world.chance(chance) {
            let skew = world.below(2 * most_ms + 1) as i64 - most_ms as i64;
            world.skew_ms.store(skew, Ordering::Release);
        }
    }
}
