//! The exchange over the leaves of the authenticated map.

use std::collections::BTreeMap;

use ashlar_exchange::{Exchange, LeafStore, OrderIndex};
use ashlar_state::{Digest, Key, Map, Overlay, Serial, Sha256Node};
use ashlar_types::{Input, Time};

use super::{Collect, genesis};
use crate::engine::{Engine, Genesis, Output};

/// The exchange over a map, each command applied to the map before the next.
#[derive(Debug)]
pub struct LeafEngine {
    map: Map<Sha256Node>,
    index: OrderIndex,
}

impl LeafEngine {
    /// A new exchange.
    pub fn new(begin: &Genesis) -> LeafEngine {
        let mut engine = LeafEngine { map: Map::new(), index: OrderIndex::new() };
        engine.run(|exchange| genesis(begin).write(&mut exchange.store));
        engine
    }

    /// The root of the state.
    pub fn root(&self) -> Digest {
        self.map.root()
    }

    fn run(&mut self, with: impl FnOnce(&mut Exchange<LeafStore<Overlay<'_, Sha256Node>, &mut OrderIndex>>)) {
        let store = LeafStore::open(Overlay::new(&self.map), &mut self.index);
        let mut exchange = Exchange::new(store);
        with(&mut exchange);
        assert_eq!(exchange.store.incomplete(), None, "the index is whole");
        let (overlay, _) = exchange.store.close();
        let fault = ashlar_state::Rows::fault(&overlay);
        assert_eq!(fault, None, "an overlay finds every row");
        let changes = overlay.into_changes();
        self.map.apply(&changes, &Serial).expect("changes of an overlay ascend");
    }
}

impl Engine for LeafEngine {
    fn name(&self) -> &'static str {
        "leaves"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        self.run(|exchange| exchange.apply(time, input, &mut Collect(out)));
    }

    fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        self.map.iter().map(|(key, words)| (key, words.to_vec())).collect()
    }
}
