//! The hot path allocates nothing: a counting allocator says so over hundreds of thousands of commands.
//!
//! It is the only test of its binary, for the counter counts for the whole process.

use std::alloc::System;

use ashlar_exchange::{Exchange, Genesis, HotConfig, HotStore, Output};
use ashlar_harness::HotEngine;
use ashlar_harness::flow::{Realistic, Shape, Shares, Timed, record};
use ashlar_types::{Event, Reason, Receipt};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static MEMORY: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MARKETS: u16 = 5;
const ACCOUNTS: u32 = 200;
/// Tables and books have found their size after these.
const WARM_UP: usize = 300_000;
const COMMANDS: usize = 300_000;

/// Counts what must not be absent for the test to mean anything.
#[derive(Debug, Default)]
struct Counts {
    rested: u64,
    cancelled: u64,
    traded: u64,
    unfilled: u64,
}

impl Output for Counts {
    fn event(&mut self, event: &Event) {
        self.traded += u64::from(matches!(event, Event::Trade(_)));
    }

    fn receipt(&mut self, receipt: &Receipt) {
        match receipt.reason {
            Reason::Resting => self.rested += 1,
            Reason::Cancelled => self.cancelled += 1,
            Reason::Unfilled => self.unfilled += 1,
            _ => {}
        }
    }
}

#[test]
fn in_steady_state_no_command_allocates() {
    let shape = Shape { shares: Shares::PLAIN, ..Shape::mixed(11, MARKETS, ACCOUNTS) };
    let mut flow = Realistic::new(shape);
    let begin = flow.genesis();
    let setup = flow.setup_len();
    let inputs: Vec<Timed> = record(&mut flow, &mut HotEngine::new(&begin), setup + WARM_UP + COMMANDS);

    let room = (ACCOUNTS as usize + 1) * usize::from(MARKETS + 1);
    let config = HotConfig { accounts: ACCOUNTS as usize + 1, balances: room, counts: room, hash_key: 1 };
    let mut exchange = Exchange::new(HotStore::new(config));
    Genesis { house_owner: begin.house_owner, time: begin.time }.write(&mut exchange.store);
    let mut counts = Counts::default();
    let (before, measured) = inputs.split_at(setup + WARM_UP);
    for (time, input) in before {
        exchange.apply(*time, input, &mut counts);
    }
    counts = Counts::default();
    let region = Region::new(MEMORY);
    for (time, input) in measured {
        exchange.apply(*time, input, &mut counts);
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations, change.deallocations), (0, 0, 0), "{change:?}");
    let Counts { rested, cancelled, traded, unfilled } = counts;
    assert!(rested > 50_000 && cancelled > 30_000 && traded > 30_000 && unfilled > 1_000, "{counts:?}");
}
