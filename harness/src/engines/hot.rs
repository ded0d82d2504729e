//! The live engine.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ashlar_exchange::{Exchange, HotConfig, HotStore};
use ashlar_state::Key;
use ashlar_types::{Input, Time};

use super::{Collect, genesis};
use crate::engine::{Engine, Genesis, Output};

/// The exchange over the hot store.
#[derive(Debug)]
pub struct HotEngine(RefCell<Exchange<HotStore>>);

impl HotEngine {
    /// A new exchange.
    pub fn new(begin: &Genesis) -> HotEngine {
        let mut store = HotStore::new(HotConfig::default());
        genesis(begin).write(&mut store);
        HotEngine(RefCell::new(Exchange::new(store)))
    }
}

impl Engine for HotEngine {
    fn name(&self) -> &'static str {
        "hot"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        self.0.get_mut().apply(time, input, &mut Collect(out));
    }

    fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        let leaves = self.0.borrow_mut().store.leaves();
        leaves.into_iter().map(|(key, value)| (key, value.words().to_vec())).collect()
    }
}
