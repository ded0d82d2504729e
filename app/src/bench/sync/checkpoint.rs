//! Starting from a checkpoint with many open orders.

use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_batch::{BatchHeader, Timed};
use ashlar_exchange::{Exchange, HotConfig, HotStore, Line};
use ashlar_harness::flow::{Shape, Shares};
use ashlar_replica::{Epoch, L1Block, Silent, SnapshotHead, SnapshotStore};
use ashlar_state::{Key, Value};
use ashlar_types::{
    AccountId, ClientId, Command, ExchangeId, Header, Input, KeySlot, Lots, MarketId, Message, NewOrder, OrderKind,
    PostOnly, Price, Reason, SelfTrade, Side, Signer, Time, TimeInForce,
};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

use super::history::root;
use crate::threads::{Threads, available};

/// Accounts and markets that the orders are spread over.
const ACCOUNTS: u32 = 1_000;
const MARKETS: u16 = 20;
/// Commands of one message.
const AT_ONCE: usize = 64;

/// What was measured.
pub struct Started {
    /// From the file on disk to an engine that takes commands, its root verified.
    pub start_s: f64,
    /// Reading the file's bytes.
    pub read_s: f64,
    /// How long it is.
    pub bytes: u64,
}

/// Measures it over so many open orders.
pub fn measure(orders: u64) -> Result<Started> {
    let (leaves, header) = state(orders)?;
    let folder = std::env::temp_dir().join(format!("ashlar-bench-sync-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let measured = runtime::Runner::new(config).start(|context| async move {
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let count = leaves.len() as u64;
        let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves: count };
        store.write(&head, leaves.iter().map(|(key, value)| (*key, value.words()))).await?;
        drop(leaves);
        let started = Instant::now();
        let (snapshot, _) = store.newest(|_| true, &Threads(available())).await?;
        let snapshot = snapshot.ok_or_else(|| anyhow!("the checkpoint is not there"))?;
        let hot = snapshot.hot_store(HotConfig::default())?;
        let start_s = started.elapsed().as_secs_f64();
        drop(hot);
        anyhow::Ok(start_s)
    });
    let read = read_all(&folder.join("snapshots"));
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    let (read_s, bytes) = read?;
    Ok(Started { start_s: measured?, read_s, bytes })
}

fn read_all(folder: &std::path::Path) -> Result<(f64, u64)> {
    let started = Instant::now();
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).context("listing the checkpoint")? {
        bytes += std::fs::read(entry?.path())?.len() as u64;
    }
    Ok((started.elapsed().as_secs_f64(), bytes))
}

/// A state with so many resting orders, and the header that names its root.
fn state(orders: u64) -> Result<(Vec<(Key, Value)>, BatchHeader)> {
    let shape = Shape { shares: Shares::PLAIN, ..Shape::mixed(1, MARKETS, ACCOUNTS) };
    let venue = shape.venue(1_000);
    let begun = venue.genesis();
    let mut store = HotStore::new(HotConfig::default());
    begun.write(&mut store);
    let mut live = Exchange::new(store);
    let (setup, _) = venue.finish();
    let mut now = begun.time;
    for (time, input) in setup {
        now = now.max(time);
        live.apply(now, &input, &mut Silent);
    }
    let mut rested = 0;
    for number in 0.. {
        if rested >= orders {
            break;
        }
        ensure!(number < 4 * orders, "only {rested} of {number} orders rest");
        let timed = order(number, now)?;
        let mut lines: Vec<Line> = Vec::new();
        live.apply(timed.time, &timed.input, &mut lines);
        rested +=
            lines.iter().filter(|line| matches!(line, Line::Receipt(one) if one.reason == Reason::Resting)).count()
                as u64;
    }
    let leaves = live.store.leaves();
    let mut header = BatchHeader::genesis(1, ExchangeId([7; 32]), root(&leaves)?, now);
    let clock = *ashlar_exchange::Store::clock(&mut live.store);
    header.next_sequence = ashlar_types::Sequence::new(clock.next_sequence);
    Ok((leaves, header))
}

/// Orders that never meet, of all accounts in turn.
fn order(number: u64, now: Time) -> Result<Timed> {
    let account = AccountId::new(1 + (number % u64::from(ACCOUNTS)) as u32).ok_or_else(|| anyhow!("an account"))?;
    let round = number / u64::from(ACCOUNTS);
    let market = MarketId::new((number % u64::from(MARKETS)) as u16).ok_or_else(|| anyhow!("a market"))?;
    let reference = 20_000 + 5_000 * (u64::from(market.get()) % 7);
    let command = |place: u64| {
        let buys = place.is_multiple_of(2);
        let away = 1 + (round * AT_ONCE as u64 + place) % 5_000;
        let price = if buys { reference - away } else { reference + away };
        Command::Place(NewOrder {
            market,
            side: if buys { Side::Buy } else { Side::Sell },
            kind: OrderKind::Limit,
            price: Price::new(price).unwrap_or(Price::MIN),
            lots: Lots::new(1).unwrap_or(Lots::ZERO),
            time_in_force: TimeInForce::Rest,
            post_only: PostOnly::No,
            self_trade: SelfTrade::CancelNewest,
            display: Lots::ZERO,
            trigger: None,
            expires: Time::NEVER,
            client: ClientId(number),
        })
    };
    let signer = Signer::Session { slot: KeySlot::FIRST, epoch: 1 };
    let header = Header { account, signer, nonce: round + 1, not_after: Time::NEVER };
    let commands = (0..AT_ONCE as u64).map(command).collect();
    Ok(Timed { time: now, input: Input::Message(Message { header, commands }) })
}
