//! A history to replay: batches of a busy day with the headers that they come to.

use anyhow::{Result, anyhow};
use ashlar_batch::merkle::Digest;
use ashlar_batch::{Batch, BatchHeader, Timed, codec};
use ashlar_coding::{Coded, Expansion, Simd};
use ashlar_exchange::{Exchange, HotConfig, HotStore, Line};
use ashlar_harness::Output;
use ashlar_harness::flow::{Flow as _, Realistic, Shape};
use ashlar_replica::{Epoch, L1Block, Shadow, Snapshot, SnapshotHead};
use ashlar_state::{Key, Map, Sha256Node, Value};
use ashlar_types::{ExchangeId, Sequence, Time};

use crate::arguments::SyncArguments;
use crate::threads::{Threads, available};

/// Markets of the flow.
const MARKETS: u16 = 20;

/// What happened, batch by batch.
pub struct History {
    /// The leaves before the first batch, and the header that stands for no batch.
    pub begin: (Vec<(Key, Value)>, BatchHeader),
    /// Headers and bytes.
    pub batches: Vec<(BatchHeader, Vec<u8>)>,
    /// The leaves at the end.
    pub end: Vec<(Key, Value)>,
    /// Commands in all.
    pub commands: u64,
}

impl History {
    /// Lives through it once.
    pub fn make(arguments: &SyncArguments) -> Result<History> {
        let mut flow = Realistic::new(Shape::mixed(arguments.seed, MARKETS, arguments.accounts));
        let begun = flow.genesis();
        let mut store = HotStore::new(HotConfig::default());
        begun.write(&mut store);
        let leaves = store.leaves();
        let header = BatchHeader::genesis(1, ExchangeId([7; 32]), root(&leaves)?, begun.time);
        let mut history = History { begin: (leaves, header), batches: Vec::new(), end: Vec::new(), commands: 0 };
        let mut shadow = Shadow::from_snapshot(history.genesis()?);
        let mut live = Exchange::new(store);
        let (mut next, mut now) = (Sequence::new(0), Time::ZERO);
        while history.commands < arguments.commands {
            let mut batch = Batch { first_sequence: next, inputs: Vec::with_capacity(arguments.batch_commands) };
            let mut commands = 0;
            while commands < arguments.batch_commands {
                let (time, input) = flow.produce();
                now = now.max(time);
                let mut lines: Vec<Line> = Vec::new();
                live.apply(now, &input, &mut lines);
                for line in lines {
                    flow.observe(&match line {
                        Line::Event(event) => Output::Event(event),
                        Line::Receipt(receipt) => Output::Receipt(receipt),
                    });
                }
                commands += input.commands();
                batch.inputs.push(Timed { time: now, input });
            }
            next = Sequence::new(next.get() + batch.commands() as u64);
            history.commands += batch.commands() as u64;
            let bytes = codec::encode(&batch)?;
            let coded = Coded::new(&bytes, Expansion::Double, &Simd)?;
            let claimed = BatchHeader { da_commitment: coded.commitment().to_hash(), ..header };
            let outcome = shadow.run(&bytes, &claimed, &Threads(available()))?;
            history.batches.push((outcome.header, bytes));
        }
        history.end = live.store.leaves();
        Ok(history)
    }

    /// The snapshot before the first batch.
    pub fn genesis(&self) -> Result<Snapshot> {
        let (leaves, header) = &self.begin;
        let head = SnapshotHead {
            header: *header,
            epoch: Epoch::new(0),
            block: L1Block::default(),
            leaves: leaves.len() as u64,
        };
        Snapshot::of_leaves(head, leaves.clone(), &Threads(1)).map_err(|error| anyhow!("{error}"))
    }

    /// The root at the end, by the header of the last batch.
    pub fn last_root(&self) -> Result<Digest> {
        let (header, _) = self.batches.last().ok_or_else(|| anyhow!("a history of no batch"))?;
        Ok(header.state_root_after)
    }
}

/// The root of leaves.
pub fn root(leaves: &[(Key, Value)]) -> Result<Digest> {
    let map = Map::<Sha256Node>::from_sorted(leaves, &Threads(available()))?;
    Digest::from_words(*map.root().words()).ok_or_else(|| anyhow!("a root that is no digest"))
}
