//! Batches of realistic commands, recorded as a node records them for a proof.

use anyhow::{Result, ensure};
use ashlar_exchange::{Exchange, Genesis, LeafStore, Line, OrderIndex, RecordingLists};
use ashlar_harness::flow::{Shape, Timed};
use ashlar_state::{Map, Recorder, Rows, Sha256Node};

use crate::threads::Threads;
use crate::traffic::{Chunk, Traffic};

/// Commands recorded at once before anything is measured.
const SETUP_BATCH: usize = 20_000;
/// A listed order travels as its 128-bit id, a list with a 32-bit length.
const LISTED_BYTES: usize = 16;
const LIST_BYTES: usize = 4;

/// The exchange over the map, batch by batch.
#[derive(Debug)]
pub struct Recording {
    map: Map<Sha256Node>,
    index: OrderIndex,
    traffic: Traffic,
    threads: Threads,
}

impl Recording {
    /// An exchange of this shape that has run for so many commands.
    pub fn new(shape: Shape, commands: usize, threads: Threads) -> Result<Recording> {
        let mut traffic = Traffic::new(shape);
        let begin = traffic.flow().genesis();
        let mut setup = Vec::new();
        traffic.set_up(|input| setup.push(input.clone()));
        let mut recording = Recording { map: Map::new(), index: OrderIndex::new(), traffic, threads };
        let genesis = Genesis { house_owner: begin.house_owner, time: begin.time };
        let mut store = LeafStore::open(Recorder::new(&recording.map), &mut recording.index);
        genesis.write(&mut store);
        let (changes, _) = store.close().0.finish();
        recording.map.apply(&changes, &recording.threads)?;
        for inputs in setup.chunks(SETUP_BATCH) {
            recording.record(inputs)?;
        }
        let mut left = commands;
        while left > 0 {
            let now = left.min(SETUP_BATCH);
            recording.batch(now)?;
            left -= now;
        }
        Ok(recording)
    }

    /// Runs the next so many commands as one batch, and says how long its witness is.
    pub fn batch(&mut self, commands: usize) -> Result<usize> {
        let mut chunk = Chunk::default();
        self.traffic.fill(&mut chunk, commands);
        self.record(&chunk.inputs)
    }

    /// Leaves of the state.
    pub fn leaves(&self) -> usize {
        self.map.len()
    }

    fn record(&mut self, inputs: &[Timed]) -> Result<usize> {
        let lists = RecordingLists::new(&mut self.index);
        let mut exchange = Exchange::new(LeafStore::open(Recorder::new(&self.map), lists));
        let mut lines: Vec<Line> = Vec::new();
        for (time, input) in inputs {
            exchange.apply(*time, input, &mut lines);
        }
        let (recorder, lists) = exchange.store.close();
        ensure!(
            recorder.fault().is_none(),
            "recording a batch failed, which is a bug of Ashlar: {:?}",
            recorder.fault()
        );
        let listed: usize = lists.into_given().iter().map(|list| LIST_BYTES + list.len() * LISTED_BYTES).sum();
        let (changes, witness) = recorder.finish();
        self.apply(&changes)?;
        Ok(witness.to_bytes().len() + listed)
    }

    fn apply(&mut self, changes: &[ashlar_state::Change]) -> Result<()> {
        self.map.apply(changes, &self.threads)?;
        Ok(())
    }
}
