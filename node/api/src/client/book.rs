use std::collections::BTreeMap;

use crate::model::checksum;
use crate::schema::{BookView, LevelView, ServerSays};

/// Why a mirror no longer shows what the node does; subscribing again gives a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OutOfStep {
    /// A delta was missed.
    #[error("a delta leads from state {previous} and the mirror is at {at}; subscribe again")]
    Missed {
        /// Where the mirror is.
        at: u64,
        /// Where the delta leads from.
        previous: u64,
    },
    /// The levels are not those of the node.
    #[error("the checksum is {got} and should be {expected}; subscribe again")]
    Checksum {
        /// The node's.
        expected: u32,
        /// The mirror's.
        got: u32,
    },
}

/// The book of a market as its stream shows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BookMirror {
    /// The state it is at; zero before the first snapshot.
    pub update: u64,
    /// Buyers by price.
    pub bids: BTreeMap<u64, u64>,
    /// Sellers by price.
    pub asks: BTreeMap<u64, u64>,
}

impl BookMirror {
    /// Takes what the stream says about its market. Other words change nothing.
    pub fn take(&mut self, says: &ServerSays) -> Result<(), OutOfStep> {
        match says {
            ServerSays::BookSnapshot(view) => self.begin(view),
            ServerSays::BookDelta { previous, update, bids, asks, checksum, .. } => {
                if previous.0 != self.update {
                    return Err(OutOfStep::Missed { at: self.update, previous: previous.0 });
                }
                self.update = update.0;
                change(&mut self.bids, bids);
                change(&mut self.asks, asks);
                self.check(*checksum)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, view: &BookView) -> Result<(), OutOfStep> {
        *self = BookMirror { update: view.update.0, ..BookMirror::default() };
        change(&mut self.bids, &view.bids);
        change(&mut self.asks, &view.asks);
        self.check(view.checksum)
    }

    fn check(&self, expected: u32) -> Result<(), OutOfStep> {
        let level = |(price, lots): (&u64, &u64)| (*price, *lots);
        let got = checksum(self.bids.iter().rev().map(level), self.asks.iter().map(level));
        if got == expected { Ok(()) } else { Err(OutOfStep::Checksum { expected, got }) }
    }
}

fn change(side: &mut BTreeMap<u64, u64>, levels: &[LevelView]) {
    for LevelView(price, lots) in levels {
        if lots.0 == 0 {
            side.remove(&price.0);
        } else {
            side.insert(price.0, lots.0);
        }
    }
}
