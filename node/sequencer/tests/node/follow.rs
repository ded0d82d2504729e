//! A node that follows is killed in the middle of a batch, goes on, and orders in the end.

use std::time::Duration;

use ashlar_api::door::{Act, Refusal, Stage};
use ashlar_batch::{BatchHeader, Signatures, codec};
use ashlar_guest::{NativePlatform, check};
use ashlar_replica::L1Block;
use ashlar_sequencer::{Config, FollowError, Mode, Node, NodeHandle, Parts};
use ashlar_types::{BatchNumber, Sequence};
use commonware_runtime::{Clock, Runner, Spawner, Supervisor, deterministic};

use super::line::{root_of, start};
use super::world::*;

/// A batch as L1 and stores have it.
#[derive(Clone)]
struct Published {
    header: BatchHeader,
    bytes: Vec<u8>,
    signatures: Vec<u8>,
}

/// What a node orders in some seconds.
fn published() -> Vec<Published> {
    deterministic::Runner::seeded(61).start(|context| async move {
        let leader = start(&context).await;
        leader.inbox(opening(2)).await.unwrap();
        leader.leaves().await.expect("the opening is durable");
        let mut trader = Trader::new(1, 3);
        for _ in 0..60 {
            trader.send(&leader.door()).await.unwrap();
            context.sleep(Duration::from_millis(30)).await;
        }
        context.sleep(Duration::from_secs(1)).await;
        let last = leader.books().last_at(Stage::Built).unwrap();
        let mut all = Vec::new();
        for number in 1..=last.get() {
            let sealed = leader.books().sealed(BatchNumber::new(number)).await.unwrap().unwrap();
            let input = sealed.input().unwrap();
            let (bytes, signatures) = (input.batch.to_vec(), input.signatures.to_vec());
            all.push(Published { header: *sealed.header(), bytes, signatures });
        }
        leader.stop().await.unwrap();
        all
    })
}

async fn follow(node: &NodeHandle, batch: &Published) -> Result<(), FollowError> {
    let decoded = codec::decode_all(&batch.bytes).unwrap();
    let signatures = Signatures::from_bytes(decoded.messages(), &batch.signatures).unwrap();
    let block = L1Block { number: batch.header.number.get(), ..L1Block::default() };
    node.follow(&batch.header, decoded.inputs, &signatures, block).await
}

fn following() -> Config {
    let mut config = config();
    config.mode = Mode::Following { from: BatchNumber::new(1) };
    config
}

#[test]
fn a_follower_that_is_killed_within_a_batch_goes_on_and_may_order() {
    let all = published();
    assert!(all.len() > 4, "{} batches", all.len());
    let (before, rest) = (all[..3].to_vec(), all[3..].to_vec());
    let begun = rest[0].clone();
    let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(62));
    let ((), checkpoint) = runner.start_and_recover(|context| async move {
        let node = Node::start(context.child("node"), following(), Parts::default()).await.unwrap();
        for batch in &before {
            follow(&node, batch).await.unwrap();
        }
        // Its inputs become durable, and nobody builds the batch.
        node.operator().act(Act::Pause { service: "state-updater".to_owned() }).await.unwrap();
        let next = begun.header.next_sequence;
        let metrics = node.metrics();
        context.child("following").spawn(move |_| async move { follow(&node, &begun).await });
        context.sleep(Duration::from_secs(2)).await;
        assert_eq!(metrics.next_sequence.get(), next.get(), "it was executed");
    });
    deterministic::Runner::from(checkpoint).start(|context| async move {
        let node = Node::start(context.child("node"), following(), Parts::default()).await.unwrap();
        assert_eq!(node.last_batch().get(), 3);
        context.sleep(Duration::from_secs(5)).await;
        assert_eq!(node.last_batch().get(), 3, "it ends no batch by itself");
        for batch in &rest {
            follow(&node, batch).await.unwrap();
            let sealed = node.books().sealed(batch.header.number).await.unwrap().unwrap();
            check(&sealed.input().unwrap(), &mut NativePlatform::default()).expect("a guest accepts what was followed");
        }
        let last = rest.last().unwrap().header;
        let leaves = node.leaves().await.unwrap();
        assert_eq!(last.state_root_after.to_word().to_vec(), root_of(&leaves));
        let operator = node.operator();
        for act in [Act::KillSwitch { stop: false }, Act::BatchNow, Act::Halt(MARKET), Act::Promote] {
            assert!(operator.act(act.clone()).await.is_err(), "{act:?} is not for who follows");
        }
        let refused = node.door().submit(Trader::new(1, 9).message(), ORIGIN).await;
        assert!(matches!(refused, Err(Refusal::Closed { .. })), "{refused:?}");
        node.stop().await.unwrap();

        let config = Config { epoch_min: 77, ..config() };
        let node = Node::start(context.child("again"), config.clone(), Parts::default()).await.unwrap();
        assert_eq!((node.leaves().await.unwrap(), node.metrics().epoch.get()), (leaves, 77));
        let mut trader = Trader::new(1, 5);
        trader.nonce = 1_000;
        let answered = trader.send(&node.door()).await.expect("it orders").1;
        assert_eq!((answered.place.first, answered.place.epoch), (last.next_sequence, 77));
        let id = DEPLOYMENT.exchange_id();
        let receipt = node.receipt(answered.place.first).await.expect("a receipt");
        receipt.check(&id, &node.door().venue().sequencer_key).unwrap();
        context.sleep(Duration::from_secs(2)).await;
        let built = node.books().header(last.number.next()).expect("a batch");
        assert_eq!(built.parent_hash, last.hash());
        node.stop().await.unwrap();
        let node = Node::start(context.child("third"), config, Parts::default()).await.unwrap();
        assert_eq!(node.metrics().epoch.get(), 77, "an epoch begins once");
        assert_eq!(node.door().tip().await.unwrap().next, Sequence::new(last.next_sequence.get() + 1));
        node.stop().await.unwrap();
    });
}

#[test]
fn what_does_not_do_as_its_header_says_is_not_followed() {
    let all = published();
    deterministic::Runner::seeded(63).start(|context| async move {
        let node = Node::start(context.child("node"), following(), Parts::default()).await.unwrap();
        assert!(matches!(follow(&node, &all[1]).await, Err(FollowError::Number { expected: 1, got: 2 })));
        follow(&node, &all[0]).await.unwrap();
        let mut other = all[1].clone();
        other.header.receipts_root = all[0].header.receipts_root;
        assert_eq!(follow(&node, &other).await, Err(FollowError::Diverged { number: 2 }));
        assert!(node.books().divergence().is_some_and(|what| what.contains("batch 2")));
        node.stop().await.unwrap();
    });
}
