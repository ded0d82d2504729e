//! Killed at any moment, under load, again and again: nothing acknowledged is lost, no receipt changes, and the state is the one that an
//! uninterrupted replay comes to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ashlar_api::door::{Act, Answered, Door, Line, Opening, Signed, Stage};
use ashlar_api::model::Model;
use ashlar_exchange::{Exchange, HotConfig, HotStore};
use ashlar_harness::flow::Random;
use ashlar_sequencer::NodeHandle;
use commonware_runtime::{Clock, Spawner, Supervisor, deterministic};

use super::line::{root_of, start};
use super::world::*;

type Acknowledged = Arc<Mutex<Vec<(Signed, Answered)>>>;
const TRADERS: u32 = 4;

/// Sends for as long as the node lives.
async fn trade(door: Arc<dyn Door>, mut trader: Trader, acknowledged: Acknowledged, context: deterministic::Context) {
    loop {
        match trader.send(&door).await {
            Ok(pair) => acknowledged.lock().unwrap().push(pair),
            Err(_) => return,
        }
        context.sleep(Duration::from_micros(trader.random.below(3_000))).await;
    }
}

/// What was acknowledged is answered as before, and everything that was executed gives the same state again.
async fn is_whole(node: &NodeHandle, acknowledged: &Acknowledged) {
    let door = node.door();
    let all = acknowledged.lock().unwrap().clone();
    let next = door.tip().await.unwrap().next;
    for (signed, before) in all.iter() {
        assert!(before.place.first < next, "an acknowledged message is in the order");
        let now = door.submit(signed.clone(), ORIGIN).await.expect("the answer is remembered");
        assert_eq!((&now.lines, &now.place), (&before.lines, &before.place), "no receipt changes");
    }
    assert_eq!(door.tip().await.unwrap().next, next, "asking again executes nothing");
}

/// Whoever listens first after a start hears everything from the beginning, once, and comes to what there is now.
async fn is_recalled(door: &Arc<dyn Door>, is_again: bool) {
    assert!(door.open().await.unwrap().recalled.is_none(), "who does not ask for it leaves it to others");
    let Opening { standing, recalled, .. } = door.open_with_past().await.unwrap();
    let now = Model::new(&standing);
    if let Some(recalled) = recalled {
        assert_eq!(recalled.standing.next.get(), 0);
        let model = Model::recall(&recalled).expect("no gap");
        assert_eq!((model.next, model.time, model.orders.len()), (now.next, now.time, now.orders.len()));
        for order in &standing.orders {
            let [recalled, stands] =
                [&model, &now].map(|model| model.orders.get(order.id).map(|held| (held.visible, held.hidden)));
            assert_eq!(recalled, stands, "{order:?}");
        }
    } else {
        assert!(!is_again, "what the journal holds is recalled");
    }
    assert!(door.open_with_past().await.unwrap().recalled.is_none(), "once");
}

/// Replays the inputs of all batches over a fresh state.
async fn replayed_leaves(node: &NodeHandle) -> Vec<(ashlar_state::Key, ashlar_state::Value)> {
    let mut store = HotStore::new(HotConfig { accounts: 64, balances: 256, counts: 256, hash_key: 0 });
    genesis().write(&mut store);
    let mut exchange = Exchange::new(store);
    let last = node.books().last_at(Stage::Built).map_or(0, |number| number.get());
    let mut lines: Vec<ashlar_exchange::Line> = Vec::new();
    for number in 1..=last {
        let sealed = node.books().sealed(ashlar_types::BatchNumber::new(number)).await.unwrap().unwrap();
        let batch = ashlar_batch::codec::decode_all(sealed.input().unwrap().batch).unwrap();
        for timed in &batch.inputs {
            exchange.apply(timed.time, &timed.input, &mut lines);
        }
    }
    exchange.store.leaves()
}

fn lives(seed: u64, kills: usize) {
    let acknowledged: Acknowledged = Arc::default();
    let mut random = Random::new(seed);
    let mut checkpoint = None;
    let mut nonces = vec![0; TRADERS as usize + 1];
    for life in 0..=kills {
        let is_last = life == kills;
        let runner = match checkpoint.take() {
            None => deterministic::Runner::new(deterministic::Config::new().with_seed(seed)),
            Some(checkpoint) => deterministic::Runner::from(checkpoint),
        };
        let (alive_us, acknowledged) = (random.between(1, 400_000), acknowledged.clone());
        let nonces_before = nonces.clone();
        let (_, next) = runner.start_and_recover(move |context| async move {
            let node = start(&context).await;
            if life == 0 {
                node.inbox(opening(TRADERS)).await.unwrap();
                // The opening itself has to be durable before anyone may rely on it.
                node.leaves().await.unwrap();
            }
            is_whole(&node, &acknowledged).await;
            is_recalled(&node.door(), life > 0).await;
            if is_last {
                node.operator().act(Act::BatchNow).await.unwrap();
                context.sleep(Duration::from_secs(5)).await;
                let leaves = node.leaves().await.unwrap();
                assert!(leaves == replayed_leaves(&node).await, "seed {seed}: another state");
                let last = node.books().last_at(Stage::Built).expect("batches were built");
                let header = node.books().header(last).unwrap();
                assert_eq!(header.state_root_after.to_word().to_vec(), root_of(&leaves), "seed {seed}");
                node.stop().await.unwrap();
                return;
            }
            for number in 1..=TRADERS {
                let mut trader = Trader::new(number, seed ^ life as u64 ^ 0xabcd);
                // Messages that were never acknowledged may have used these.
                trader.nonce = nonces_before[number as usize];
                let (door, acknowledged) = (node.door(), acknowledged.clone());
                context.child("trader").spawn(move |context| trade(door, trader, acknowledged, context));
            }
            context.sleep(Duration::from_micros(alive_us)).await;
            // The runtime ends here, with everything on its way: what was not synced is torn.
        });
        for nonce in &mut nonces {
            *nonce += 1_000;
        }
        checkpoint = Some(next);
    }
    let all = acknowledged.lock().unwrap();
    let receipts = |answered: &Answered| answered.lines.iter().filter(|line| matches!(line, Line::Receipt(_))).count();
    assert!(all.len() > kills, "seed {seed}: only {} messages were acknowledged", all.len());
    assert!(all.iter().all(|(signed, answered)| receipts(answered) == signed.message().commands.len()));
}

#[test]
fn a_node_is_killed_at_random_moments() {
    for seed in 1..=5 {
        lives(seed, 5);
    }
}

#[test]
fn the_same_seed_lives_the_same_life() {
    let run = || {
        let runner = deterministic::Runner::new(deterministic::Config::new().with_seed(3));
        let (state, checkpoint) = runner.start_and_recover(|context| async move {
            let node = start(&context).await;
            node.inbox(opening(2)).await.unwrap();
            node.leaves().await.expect("the opening is durable");
            let mut trader = Trader::new(1, 1);
            for _ in 0..20 {
                trader.send(&node.door()).await.unwrap();
            }
            let leaves = node.leaves().await.unwrap();
            node.stop().await.unwrap();
            root_of(&leaves)
        });
        (state, checkpoint.auditor().state())
    };
    assert_eq!(run(), run());
}
