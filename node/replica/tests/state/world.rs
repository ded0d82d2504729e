//! A history: batches of a busy day, and the state before them.

use ashlar_batch::merkle::Digest;
use ashlar_batch::{Batch, BatchHeader, Hash, Timed, codec};
use ashlar_exchange::{Exchange, HotConfig, HotStore, Line};
use ashlar_harness::Output;
use ashlar_harness::flow::{Flow, Realistic, Shape};
use ashlar_replica::{Epoch, L1Block, Shadow, Snapshot, SnapshotHead};
use ashlar_state::{Map, Serial, Sha256Node};
use ashlar_types::{ExchangeId, Sequence, Time};

/// Some of what happened.
pub struct History {
    /// The state before.
    pub genesis: Snapshot,
    /// Headers and bytes.
    pub batches: Vec<(BatchHeader, Vec<u8>)>,
    /// The engine that lived through it.
    pub live: Exchange<HotStore>,
}

/// The snapshot of a store that stands at a header.
pub fn snapshot(store: &mut HotStore, header: BatchHeader) -> Snapshot {
    let leaves = store.leaves();
    let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves: leaves.len() as u64 };
    Snapshot::of_leaves(head, leaves, &Serial).expect("the root of these leaves")
}

fn root(store: &mut HotStore) -> Digest {
    let map = Map::<Sha256Node>::from_sorted(&store.leaves(), &Serial).expect("sorted");
    Digest::from_words(*map.root().words()).expect("a digest")
}

/// A history of so many batches of so many inputs; its first batch sets the venue up.
pub fn history(seed: u64, batches: usize, inputs: usize) -> History {
    let mut flow = Realistic::new(Shape::mixed(seed, 3, 40));
    let begin = flow.genesis();
    let mut store = HotStore::new(HotConfig::default());
    begin.write(&mut store);
    let header = BatchHeader::genesis(1, ExchangeId([7; 32]), root(&mut store), begin.time);
    let genesis = snapshot(&mut store, header);
    let mut live = Exchange::new(store);
    let mut shadow =
        Shadow::new(Map::from_sorted(&genesis.leaves, &Serial).expect("sorted"), genesis.order_index(), header);
    let (mut history, mut next, mut now) = (Vec::new(), Sequence::new(0), Time::ZERO);
    for number in 0..batches {
        let mut batch = Batch { first_sequence: next, inputs: Vec::new() };
        let count = if number == 0 { flow.setup_len() } else { inputs };
        for _ in 0..count {
            let (time, input) = flow.produce();
            now = now.max(time);
            let mut lines = Vec::new();
            live.apply(now, &input, &mut lines);
            for line in lines {
                flow.observe(&match line {
                    Line::Event(event) => Output::Event(event),
                    Line::Receipt(receipt) => Output::Receipt(receipt),
                });
            }
            batch.inputs.push(Timed { time: now, input });
        }
        next = Sequence::new(next.get() + batch.commands() as u64);
        let bytes = codec::encode(&batch).expect("a batch");
        let mut claimed = header;
        claimed.da_commitment = Hash([number as u8; 32]);
        let outcome = shadow.run(&bytes, &claimed, &Serial).expect("it was executed");
        history.push((outcome.header, bytes));
    }
    History { genesis, batches: history, live }
}
