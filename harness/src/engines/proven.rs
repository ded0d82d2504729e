//! Batches recorded over the map, then run again over nothing but their witness, as a proof guest does.

use std::fmt;

use ashlar_exchange::{Exchange, LeafStore, OrderIndex, RecordingLists, ReplayedLists};
use ashlar_state::{Digest, Map, Recorder, Rows, Serial, Sha256Node, Table, WitnessError};
use ashlar_types::{Input, Time};

use super::{Collect, genesis};
use crate::engine::{Genesis, Output};

/// The exchange over a map, batch by batch, each proven by its witness.
#[derive(Debug)]
pub struct ProvenEngine {
    map: Map<Sha256Node>,
    index: OrderIndex,
}

/// How the two runs of a batch differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProvenError {
    /// The witness was refused.
    Witness(WitnessError),
    /// The guest says that a list of orders was not whole.
    Incomplete,
    /// The guest's answers are not the recorder's; this is the first that differs.
    Answer(usize),
    /// The guest computes another root before the batch.
    RootBefore,
    /// The guest computes another root after the batch.
    RootAfter,
}

impl fmt::Display for ProvenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the guest's run of the batch differs from the recorder's: {self:?}")
    }
}

impl std::error::Error for ProvenError {}

impl ProvenEngine {
    /// A new exchange.
    pub fn new(begin: &Genesis) -> ProvenEngine {
        let mut engine = ProvenEngine { map: Map::new(), index: OrderIndex::new() };
        let mut store = LeafStore::open(Recorder::new(&engine.map), &mut engine.index);
        genesis(begin).write(&mut store);
        let (changes, _) = store.close().0.finish();
        engine.map.apply(&changes, &Serial).expect("recorded changes ascend");
        engine
    }

    /// The root of the state.
    pub fn root(&self) -> Digest {
        self.map.root()
    }

    /// Runs a batch both ways and appends its answers.
    pub fn batch(&mut self, inputs: &[(Time, Input)], out: &mut Vec<Output>) -> Result<(), ProvenError> {
        let from = out.len();
        let lists = RecordingLists::new(&mut self.index);
        let mut recording = Exchange::new(LeafStore::open(Recorder::new(&self.map), lists));
        for (time, input) in inputs {
            recording.apply(*time, input, &mut Collect(out));
        }
        let (recorder, lists) = recording.store.close();
        let (changes, witness) = recorder.finish();
        let before = self.map.root();
        self.map.apply(&changes, &Serial).expect("recorded changes ascend");

        let table = Table::new(witness.view()).map_err(ProvenError::Witness)?;
        let mut guest = Exchange::new(LeafStore::open(table, ReplayedLists::new(lists.into_given())));
        let mut answers = Vec::with_capacity(out.len() - from);
        for (time, input) in inputs {
            guest.apply(*time, input, &mut Collect(&mut answers));
        }
        if guest.store.incomplete().is_some() {
            return Err(ProvenError::Incomplete);
        }
        let (table, _) = guest.store.close();
        if let Some(fault) = table.fault() {
            return Err(ProvenError::Witness(WitnessError::Fault(fault)));
        }
        let differs = answers.iter().zip(&out[from..]).position(|(guest, recorded)| guest != recorded);
        if differs.is_some() || answers.len() != out.len() - from {
            return Err(ProvenError::Answer(differs.unwrap_or(answers.len().min(out.len() - from))));
        }
        let roots = table.prove::<Sha256Node>().map_err(ProvenError::Witness)?;
        if roots.before != before {
            return Err(ProvenError::RootBefore);
        }
        if roots.after != self.map.root() {
            return Err(ProvenError::RootAfter);
        }
        Ok(())
    }
}
