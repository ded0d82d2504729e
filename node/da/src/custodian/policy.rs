use std::time::Duration;

use ashlar_coding::{Layout, Row};
use ashlar_types::{Address, ExchangeId};

use crate::limits::{STALL_MS_MAX, STORES_MAX};
use crate::{Retention, Spread};

/// Which of all custodians one is, and so which rows it must have before it signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    index: usize,
    stores: usize,
}

impl Place {
    /// Number `index` of `stores`, counted from zero; `None` if there is no such place.
    pub const fn new(index: usize, stores: usize) -> Option<Place> {
        if index < stores && stores <= STORES_MAX { Some(Place { index, stores }) } else { None }
    }

    /// Its number, from zero.
    pub const fn index(self) -> usize {
        self.index
    }

    /// How many there are.
    pub const fn stores(self) -> usize {
        self.stores
    }

    /// The rows it keeps.
    pub fn rows(self, layout: &Layout) -> Vec<Row> {
        Spread::new(layout, self.stores).rows_of(self.index)
    }
}

/// What a custodian lets in, and for how long.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who may write. Nobody, if there are none.
    pub writers: Vec<Address>,
    /// The exchange it keeps batches of; if none is named, that of the first deposit, which it remembers.
    pub exchange: Option<ExchangeId>,
    /// Which custodian it is; without a place it signs for whatever rows it was given.
    pub place: Option<Place>,
    /// What it forgets.
    pub retention: Retention,
    /// Bytes it keeps at most; beyond them it refuses.
    pub bytes_max: u64,
    /// Requests that one address may send at once, and each second after that.
    pub requests: (u32, u32),
    /// Bytes that one writer may send at once, and each second after that.
    pub writer_bytes: (u64, u64),
    /// How long it waits until somebody takes any more of what it sends.
    pub stall: Duration,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            writers: Vec::new(),
            exchange: None,
            place: None,
            retention: Retention::Forever,
            bytes_max: 64 << 30,
            requests: (400, 200),
            writer_bytes: (256 << 20, 32 << 20),
            stall: Duration::from_millis(STALL_MS_MAX),
        }
    }
}
