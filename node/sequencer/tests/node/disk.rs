//! Disks that fail.

use std::time::Duration;

use ashlar_api::door::Refusal;
use ashlar_sequencer::NodeError;
use commonware_runtime::{Clock, Runner, deterministic};
use commonware_utils::Probability;

use super::line::start;
use super::world::*;

#[test]
fn a_write_that_fails_stops_the_node_and_loses_nothing() {
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(21));
    let (acknowledged, checkpoint) = runner.start_and_recover(|context| async move {
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
        faults.write().sync_rate = Probability::new(1, 1);
        let refused = trader.send(&door).await.unwrap_err();
        assert!(matches!(refused, Refusal::Lost { .. }), "{refused:?}");
        let error = node.failed().await;
        assert!(matches!(*error, NodeError::Journal(_)), "{error}");
        assert!(error.to_string().contains("disk"), "{error}");
        context.sleep(Duration::from_millis(10)).await;
        let refused = trader.send(&door).await.unwrap_err();
        assert!(matches!(refused, Refusal::Closed { .. }), "{refused:?}");
        faults.write().sync_rate = None;
        acknowledged
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let node = start(&context).await;
        for (signed, before) in acknowledged {
            let now = node.door().submit(signed, ORIGIN).await.unwrap();
            assert_eq!((now.lines, now.place), (before.lines, before.place));
        }
        Trader { nonce: 500, ..Trader::new(1, 9) }.send(&node.door()).await.unwrap();
        node.stop().await.unwrap();
    });
}
