//! The exchange over each of its stores, as engines to compare.

mod hot;
mod leaf;
mod proven;

pub use hot::HotEngine;
pub use leaf::LeafEngine;
pub use proven::{ProvenEngine, ProvenError};

use ashlar_exchange::Output as Lines;
use ashlar_types::{Event, Receipt};

use crate::engine::{Genesis, Output};

/// Collects what an exchange says.
pub(crate) struct Collect<'a>(pub &'a mut Vec<Output>);

impl Lines for Collect<'_> {
    fn event(&mut self, event: &Event) {
        self.0.push(Output::Event(*event));
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.0.push(Output::Receipt(*receipt));
    }
}

fn genesis(genesis: &Genesis) -> ashlar_exchange::Genesis {
    ashlar_exchange::Genesis { house_owner: genesis.house_owner, time: genesis.time }
}
