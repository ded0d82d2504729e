//! A node that begins at a recovered snapshot, with nothing else of its own.

use ashlar_replica::{Epoch, L1Block, SnapshotHead, SnapshotStore};
use ashlar_sequencer::{Node, Parts};
use ashlar_types::Sequence;
use commonware_runtime::{Runner, Supervisor, deterministic};

use crate::outside::{begin, door_batch_is_final, outside, parts, until};
use crate::world::{Trader, config, opening};

#[test]
fn a_node_goes_on_from_a_recovered_snapshot() {
    deterministic::Runner::seeded(81).start(|context| async move {
        let outside = outside();
        let first = begin(&context, &outside, 1 << 20).await;
        until(&context, "the inbox is consumed", || first.metrics().inbox.get() == 10).await;
        let mut trader = Trader::new(1, 1);
        for _ in 0..20 {
            trader.send(&first.door()).await.unwrap();
        }
        let next = first.door().tip().await.unwrap().next;
        until(&context, "all of it is final", || door_batch_is_final(&first, Sequence::new(next.get() - 1))).await;
        let last = first.books().last_at(ashlar_api::door::Stage::Final).unwrap();
        let (header, leaves) = (first.books().header(last).unwrap(), first.leaves().await.unwrap());
        assert_eq!(header.next_sequence, next);
        first.stop().await.unwrap();
        // What a recovery leaves, in a folder in which nothing else is.
        let store = SnapshotStore::new(context.child("recovered"), "second-snapshots");
        let block = L1Block { number: 3, ..L1Block::default() };
        let head = SnapshotHead { header, epoch: Epoch::new(0), block, leaves: leaves.len() as u64 };
        store.write(&head, leaves.iter().map(|(key, value)| (*key, value.words()))).await.unwrap();
        let mut config = config();
        config.partition = "second".to_owned();
        let second = Node::start(context.child("second"), config, parts(&outside)).await.unwrap();
        assert_eq!(second.leaves().await.unwrap(), leaves, "the same state");
        assert!(second.metrics().epoch.get() > 0, "no place is given twice in one epoch");
        trader.orders.clear();
        trader.send(&second.door()).await.expect("it takes messages");
        until(&context, "what came after is final", || door_batch_is_final(&second, next)).await;
        assert_eq!(second.books().batch(ashlar_api::door::BatchKey::Sequence(next)).unwrap().number, last.next());
        second.stop().await.unwrap();
    });
}

/// A batch may end in the middle of what became durable together, and a checkpoint with it.
#[test]
fn a_start_from_a_checkpoint_in_the_middle_of_a_record() {
    deterministic::Runner::seeded(82).start(|context| async move {
        let mut config = config();
        (config.limits.batches.commands_max, config.checkpoint_commands) = (3, 1);
        // The last batch is not closed by its age, so the last checkpoint is before the last entry of its record.
        config.limits.batches.age_ms_max = 60_000;
        let node = Node::start(context.child("node"), config.clone(), Parts::default()).await.unwrap();
        node.inbox(opening(2)).await.unwrap();
        let leaves = node.leaves().await.unwrap();
        until(&context, "three batches are built", || node.metrics().batch_built.get() == 3).await;
        node.stop().await.unwrap();
        let node = Node::start(context.child("again"), config, Parts::default()).await.unwrap();
        assert_eq!(node.leaves().await.unwrap(), leaves);
        Trader::new(1, 1).send(&node.door()).await.expect("it goes on");
        node.stop().await.unwrap();
    });
}
