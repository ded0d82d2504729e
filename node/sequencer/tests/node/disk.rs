//! Disks that fail: what was acknowledged stays, nothing else is said, and whoever runs the node reads what to do.

use std::time::Duration;

use ashlar_api::door::{Answered, Refusal, Signed};
use ashlar_sequencer::{Node, NodeError, Parts};
use commonware_runtime::deterministic::{FaultConfig, PartialWriteMode, ResizeConfig, WriteConfig};
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};
use commonware_utils::Probability;

use super::line::start;
use super::world::*;

const ALWAYS: Option<Probability> = Probability::new(1, 1);

fn chance(percent: u64) -> Probability {
    Probability::new(percent, 100).expect("a share of a hundred")
}

fn writes_fail(kept_percent: u64) -> Option<WriteConfig> {
    let failure_rate = chance(100);
    Some(WriteConfig { failure_rate, retention_rate: chance(kept_percent), mode: PartialWriteMode::Prefix })
}

/// Trades, and then the disk fails so; what was acknowledged before, and the disk as it is then.
fn until_it_fails(seed: u64, fails: FaultConfig) -> (Vec<(Signed, Answered)>, deterministic::Checkpoint) {
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(seed));
    runner.start_and_recover(|context| async move {
        let node = start(&context).await;
        let door = node.door();
        node.inbox(opening(1)).await.unwrap();
        node.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 3);
        let mut acknowledged = Vec::new();
        for _ in 0..20 {
            acknowledged.push(trader.send(&door).await.unwrap());
        }
        let faults = context.storage_fault_config();
        *faults.write() = fails;
        let refused = trader.send(&door).await.unwrap_err();
        assert!(matches!(refused, Refusal::Lost { .. }), "{refused:?}");
        let error = node.failed().await;
        assert!(matches!(*error, NodeError::Journal(_)), "{error}");
        let told = error.to_string();
        assert!(told.contains("free or repair the disk, then start again"), "{told}");
        context.sleep(Duration::from_millis(10)).await;
        let refused = trader.send(&door).await.unwrap_err();
        assert!(matches!(&refused, Refusal::Closed { why } if *why == told), "{refused:?}");
        *faults.write() = FaultConfig::default();
        acknowledged
    })
}

/// After the next start nothing is missing, and it goes on.
fn is_whole(acknowledged: Vec<(Signed, Answered)>, disk: deterministic::Checkpoint) {
    deterministic::Runner::from(disk).start(|context| async move {
        // A disk that cannot be read is told as well, and changes nothing.
        context.storage_fault_config().write().open_rate = ALWAYS;
        let error = Node::start(context.child("first"), config(), Parts::default()).await.unwrap_err();
        assert!(error.to_string().contains("start again"), "{error}");
        context.storage_fault_config().write().open_rate = None;
        let node = start(&context).await;
        for (signed, before) in acknowledged {
            let now = node.door().submit(signed, ORIGIN).await.unwrap();
            assert_eq!((now.lines, now.place), (before.lines, before.place));
        }
        Trader { nonce: 500, ..Trader::new(1, 9) }.send(&node.door()).await.unwrap();
        node.stop().await.unwrap();
    });
}

#[test]
fn a_sync_that_fails_stops_the_node_and_loses_nothing() {
    let (acknowledged, disk) = until_it_fails(21, FaultConfig { sync_rate: ALWAYS, ..FaultConfig::default() });
    is_whole(acknowledged, disk);
}

#[test]
fn a_full_disk_stops_the_node_and_loses_nothing() {
    // Of the write that found no room a part was written, or all of it, or nothing.
    for (seed, kept_percent) in [(22, 0), (23, 60), (24, 100)] {
        let fails = FaultConfig { write_rate: writes_fail(kept_percent), ..FaultConfig::default() };
        let (acknowledged, disk) = until_it_fails(seed, fails);
        is_whole(acknowledged, disk);
    }
}

#[test]
fn a_disk_that_can_only_be_read_stops_the_node_and_loses_nothing() {
    let resize_rate = Some(ResizeConfig { failure_rate: chance(100), partial_rate: chance(0) });
    let fails = FaultConfig {
        write_rate: writes_fail(0),
        sync_rate: ALWAYS,
        resize_rate,
        remove_rate: ALWAYS,
        ..FaultConfig::default()
    };
    let (acknowledged, disk) = until_it_fails(25, fails);
    is_whole(acknowledged, disk);
}
