//! What the operator changes while a node runs.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ashlar_api::door::{Act, ActError, Answered, Line, Refusal, ServiceState, Stage};
use ashlar_replica::SnapshotStore;
use ashlar_sequencer::{Limits, NodeHandle, Rate};
use ashlar_types::limits::CASCADE_MAX;
use ashlar_types::{Command, Direction, NewOrder, Price, Reason, Side, Trigger};
use commonware_runtime::{Clock, Runner, Supervisor, deterministic};

use super::line::start;
use super::world::*;

async fn begin(context: &deterministic::Context) -> NodeHandle {
    let node = start(context).await;
    node.inbox(opening(2)).await.unwrap();
    node.leaves().await.expect("the opening is durable");
    node
}

fn producer(node: &NodeHandle) -> ServiceState {
    let health = node.door().health();
    health.iter().find(|one| one.name == "batch-producer").expect("it is on the board").state
}

#[test]
fn limits_that_are_read_again_are_in_force_at_once() {
    deterministic::Runner::seeded(15).start(|context| async move {
        let node = begin(&context).await;
        let (door, operator) = (node.door(), node.operator());
        let refused = operator.act(Act::ReloadLimits).await.unwrap_err();
        assert!(matches!(&refused, ActError::NotNow { why } if why.contains("no file")), "{refused:?}");
        let file = Arc::new(Mutex::new(Err::<Limits, _>("line 3: it must be a number".to_owned())));
        let source = file.clone();
        node.levers().reload_from(Arc::new(move || source.lock().unwrap().clone()));
        let refused = operator.act(Act::ReloadLimits).await.unwrap_err();
        assert!(matches!(&refused, ActError::NotNow { why } if why.contains("line 3")), "{refused:?}");

        let mut trader = Trader::new(1, 3);
        for _ in 0..5 {
            trader.send(&door).await.unwrap();
        }
        let tight = Limits { per_key: Rate { burst: 2, per_second: 1 }, ..config().limits };
        *file.lock().unwrap() = Ok(tight);
        trader.send(&door).await.expect("what is in the file is not in force yet");
        operator.act(Act::ReloadLimits).await.unwrap();
        let mut limited = 0;
        for _ in 0..6 {
            let signed = trader.sign(vec![place(Side::Buy, 960, 1, 0)]);
            limited += u32::from(matches!(door.submit(signed, ORIGIN).await, Err(Refusal::RateLimited { .. })));
        }
        assert_eq!(limited, 4, "two at once");
        let usual = tight.batches.age_ms_max;
        file.lock().unwrap().as_mut().unwrap().batches.age_ms_max = 0;
        assert!(operator.act(Act::ReloadLimits).await.is_err(), "what cannot work is not put in force");
        file.lock().unwrap().as_mut().unwrap().batches.age_ms_max = usual;
        context.sleep(Duration::from_secs(1)).await;
        let signed = trader.sign(vec![place(Side::Buy, 960, 1, 0)]);
        door.submit(signed, ORIGIN).await.expect("one came back in a second");
        node.stop().await.unwrap();
    });
}

#[test]
fn a_checkpoint_is_made_when_the_operator_wants_one() {
    deterministic::Runner::seeded(16).start(|context| async move {
        let node = begin(&context).await;
        let snapshots = SnapshotStore::new(context.child("look"), "ashlar-snapshots");
        let mut trader = Trader::new(1, 3);
        trader.send(&node.door()).await.unwrap();
        context.sleep(Duration::from_secs(1)).await;
        assert!(snapshots.list().await.unwrap().is_empty(), "none is due");
        node.operator().act(Act::CheckpointNow).await.unwrap();
        let next = trader.send(&node.door()).await.unwrap().1.place.first;
        context.sleep(Duration::from_secs(1)).await;
        let made: Vec<_> = snapshots.list().await.unwrap().iter().map(|head| head.sequence()).collect();
        assert!(matches!(made[..], [at] if at > next), "after the next batch: {made:?}");
        node.stop().await.unwrap();
    });
}

#[test]
fn batches_end_where_the_operator_says_and_trading_goes_on() {
    deterministic::Runner::seeded(17).start(|context| async move {
        let node = begin(&context).await;
        let (door, operator) = (node.door(), node.operator());
        let mut trader = Trader::new(1, 3);
        let built = |node: &NodeHandle| node.books().last_at(Stage::Built).unwrap_or_default();
        context.sleep(Duration::from_secs(1)).await;
        let last = built(&node).next();
        operator.act(Act::StopAtBatch(Some(last))).await.unwrap();
        for _ in 0..10 {
            trader.send(&door).await.expect("trading goes on");
            context.sleep(Duration::from_millis(500)).await;
        }
        assert_eq!((built(&node), producer(&node)), (last, ServiceState::Paused));
        operator.act(Act::StopAtBatch(None)).await.unwrap();
        context.sleep(Duration::from_secs(1)).await;
        assert!(built(&node) > last);
        assert_eq!(producer(&node), ServiceState::Running, "whoever goes on says so");
        for (act, state) in [
            (Act::Pause { service: "batch-producer".to_owned() }, ServiceState::Paused),
            (Act::Resume { service: "batch-producer".to_owned() }, ServiceState::Running),
        ] {
            operator.act(act).await.unwrap();
            context.sleep(Duration::from_millis(100)).await;
            assert_eq!(producer(&node), state);
        }
        node.stop().await.unwrap();
    });
}

fn reasons(answered: &Answered) -> Vec<Reason> {
    let receipts = answered.lines.iter().filter_map(|line| match line {
        Line::Receipt(receipt) => Some(receipt.reason),
        Line::Event(_) => None,
    });
    receipts.collect()
}

#[test]
fn a_cascade_that_reached_its_bound_goes_on_when_the_operator_says_so() {
    deterministic::Runner::seeded(18).start(|context| async move {
        let node = begin(&context).await;
        let (door, operator) = (node.door(), node.operator());
        let (mut one, mut two) = (Trader::new(1, 3), Trader::new(2, 3));
        let order = |side, price| match place(side, price, 1, 0) {
            Command::Place(order) => order,
            other => panic!("{other:?}"),
        };
        let trigger = Some(Trigger { direction: Direction::Rises, price: Price::new(1_010).unwrap() });
        let stop = Command::Place(NewOrder { trigger, ..order(Side::Buy, 990) });
        // One more than may fire at once, and a trade at the price that they wait for.
        for _ in 0..=CASCADE_MAX {
            let signed = one.sign(vec![stop.clone()]);
            door.submit(signed, ORIGIN).await.unwrap();
        }
        let sell = one.sign(vec![Command::Place(order(Side::Sell, 1_010))]);
        door.submit(sell, ORIGIN).await.unwrap();
        let buy = two.sign(vec![Command::Place(order(Side::Buy, 1_010))]);
        assert_eq!(reasons(&door.submit(buy, ORIGIN).await.unwrap()), [Reason::Filled]);
        let bid = two.sign(vec![Command::Place(order(Side::Buy, 960))]);
        let refused = reasons(&door.submit(bid, ORIGIN).await.unwrap());
        assert_ne!(refused, [Reason::Resting], "the market is pending");
        operator.act(Act::Continue(MARKET)).await.unwrap();
        let bid = two.sign(vec![Command::Place(order(Side::Buy, 960))]);
        assert_eq!(reasons(&door.submit(bid, ORIGIN).await.unwrap()), [Reason::Resting]);
        node.stop().await.unwrap();
    });
}
