//! Measurements, for who asks: `cargo test --release -p ashlar-replica --test figures -- --ignored --nocapture`.

use std::time::Instant;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{Batch, BatchHeader, Timed, codec};
use ashlar_exchange::{Exchange, HotConfig, HotStore, Line};
use ashlar_harness::Output;
use ashlar_harness::flow::{Flow, Realistic, Shape, Shares};
use ashlar_replica::{Epoch, HotReplay, L1Block, Shadow, Silent, Snapshot, SnapshotHead, SnapshotStore};
use ashlar_state::{Map, Serial, Sha256Node};
use ashlar_types::{ExchangeId, Sequence, Time};
use commonware_runtime::{Runner, Supervisor, deterministic};

fn run(flow: &mut Realistic, exchange: &mut Exchange<HotStore>, inputs: usize) -> Vec<Timed> {
    let (mut now, mut timed, mut lines) = (Time::ZERO, Vec::with_capacity(inputs), Vec::new());
    for _ in 0..inputs {
        let (time, input) = flow.produce();
        now = now.max(time);
        exchange.apply(now, &input, &mut lines);
        for line in lines.drain(..) {
            flow.observe(&match line {
                Line::Event(event) => Output::Event(event),
                Line::Receipt(receipt) => Output::Receipt(receipt),
            });
        }
        timed.push(Timed { time: now, input });
    }
    timed
}

fn taken(store: &mut HotStore, time: Time) -> Snapshot {
    let leaves = store.leaves();
    let map = Map::<Sha256Node>::from_sorted(&leaves, &Serial).expect("sorted");
    let root = Digest::from_words(*map.root().words()).expect("a digest");
    let header = BatchHeader::genesis(1, ExchangeId([7; 32]), root, time);
    let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves: leaves.len() as u64 };
    Snapshot { head, leaves, map }
}

#[test]
#[ignore = "a measurement"]
fn a_start_from_a_checkpoint_of_a_million_open_orders() {
    let shares =
        Shares { place: 1, cancel: 0, replace: 0, reduce: 0, take: 0, quote: 0, stop: 0, pair: 0, cancel_all: 0 };
    let mut flow = Realistic::new(Shape { shares, depth: 1 << 20, ..Shape::mixed(1, 8, 20_000) });
    let begin = flow.genesis();
    let mut store = HotStore::new(HotConfig::default());
    begin.write(&mut store);
    let mut exchange = Exchange::new(store);
    let setup = flow.setup_len();
    run(&mut flow, &mut exchange, setup + 2_500_000);
    let snapshot = taken(&mut exchange.store, begin.time);
    let orders = snapshot.leaves.iter().filter(|(key, _)| key.words()[0] >> 56 == 0x80 && key.words()[2] != 0).count();
    println!("{orders} open orders, {} leaves", snapshot.leaves.len());
    deterministic::Runner::seeded(1).start(|context| async move {
        let store = SnapshotStore::new(context.child("snapshots"), "snapshots");
        let begun = Instant::now();
        let leaves = snapshot.leaves.iter().map(|(key, value)| (*key, value.words()));
        store.write(&snapshot.head, leaves).await.expect("a good disk");
        println!("written in {:?}", begun.elapsed());
        let begun = Instant::now();
        let loaded = store.load(&snapshot.head, &Serial).await.expect("whole");
        println!("loaded and verified against its root in {:?}", begun.elapsed());
        let hot = loaded.hot_store(HotConfig::default()).expect("a state");
        println!("and the engine stands in {:?}", begun.elapsed());
        drop(hot);
    });
}

#[test]
#[ignore = "a measurement"]
fn replay_with_and_without_every_root() {
    let mut flow = Realistic::new(Shape::mixed(2, 4, 2_000));
    let begin = flow.genesis();
    let mut store = HotStore::new(HotConfig::default());
    begin.write(&mut store);
    let mut exchange = Exchange::new(store);
    let setup = flow.setup_len();
    run(&mut flow, &mut exchange, setup);
    let mut snapshot = taken(&mut exchange.store, begin.time);
    let clock = ashlar_exchange::Store::clock(&mut exchange.store);
    (snapshot.head.header.next_sequence, snapshot.head.header.inbox_next) =
        (Sequence::new(clock.next_sequence), ashlar_types::InboxIndex::new(clock.inbox_cursor));
    let (mut batches, mut next) = (Vec::new(), snapshot.head.header.next_sequence);
    for _ in 0..100 {
        let batch = Batch { first_sequence: next, inputs: run(&mut flow, &mut exchange, 10_000) };
        next = Sequence::new(next.get() + batch.commands() as u64);
        batches.push(codec::encode(&batch).expect("a batch"));
    }
    let commands = next.get() - snapshot.head.header.next_sequence.get();
    let rate = |begun: Instant| (commands as f64 / begun.elapsed().as_secs_f64()) as u64;
    let mut hot = HotReplay::from_snapshot(&snapshot, HotConfig::default()).expect("a state");
    let begun = Instant::now();
    for bytes in &batches {
        hot.batch(bytes, &mut Silent).expect("a batch");
    }
    let root = hot.root(&Serial).expect("sorted");
    println!("{commands} commands, final root only: {} a second", rate(begun));
    let header = snapshot.head.header;
    let mut shadow = Shadow::from_snapshot(snapshot);
    let begun = Instant::now();
    for bytes in &batches {
        shadow.run(bytes, &header, &Serial).expect("a batch");
    }
    println!("every word of every header: {} a second", rate(begun));
    assert_eq!(shadow.header().state_root_after, root);
}
