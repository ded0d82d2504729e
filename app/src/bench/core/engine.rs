//! The engine under measurement: commands in, receipts out.

use ashlar_cache_lines::prefetch;
use ashlar_exchange::{Exchange, Expected, HotStore};
use ashlar_harness::flow::Timed;
use ashlar_types::Input;

use super::ring::Ring;
use crate::clock::Ticks;
use crate::latency::{Latencies, Work};
use crate::traffic::Chunk;

/// How many commands ahead their bytes are asked for, then what they touch.
const BYTES: usize = 32;
const FAR: usize = 16;
const NEAR: usize = 8;
const NEXT: usize = 4;

/// Commands that touch more orders than this are told of apart: a sweep takes as long as it has orders.
pub const TOUCHED_MAX: u16 = 16;

/// The exchange and where its answers go.
#[derive(Debug)]
pub struct Engine {
    /// The exchange.
    pub exchange: Exchange<HotStore>,
    /// The answers.
    pub ring: Ring,
    /// What the next commands are about, by their place modulo the number of those that are looked at.
    pub ahead: [Expected; FAR],
}

impl Engine {
    /// An engine that has seen nothing come.
    pub fn new(exchange: Exchange<HotStore>) -> Engine {
        Engine { exchange, ring: Ring::new(), ahead: [Expected::NOTHING; FAR] }
    }

    #[inline(always)]
    fn apply(&mut self, (time, input): &Timed) {
        self.exchange.apply(*time, input, &mut self.ring);
    }

    /// Asks for what commands further back in the queue will read, as far as they have arrived.
    #[inline(always)]
    fn read_ahead(&mut self, inputs: &[Timed], index: usize, has_arrived: impl Fn(usize) -> bool) {
        let store = &self.exchange.store;
        store.name_neighbours(&self.ahead[(index + NEXT) % FAR], &prefetch);
        store.name_order(&mut self.ahead[(index + NEAR) % FAR], &prefetch);
        let far = inputs.get(index + FAR).filter(|_| has_arrived(index + FAR));
        self.ahead[index % FAR] = far.map_or(Expected::NOTHING, |(_, input)| store.expect(input, prefetch));
        if let Some((_, Input::Message(message))) = inputs.get(index + BYTES).filter(|_| has_arrived(index + BYTES)) {
            prefetch(message.commands.as_ptr().cast());
        }
    }

    /// Applies commands that have all arrived, one after another, and says how many ticks it took.
    pub fn burst(&mut self, ticks: &Ticks, inputs: &[Timed]) -> u64 {
        let start = ticks.now();
        for (index, input) in inputs.iter().enumerate() {
            self.read_ahead(inputs, index, |_| true);
            self.apply(input);
        }
        ticks.after_all() - start
    }
}

/// Commands that arrive on a schedule.
#[derive(Debug)]
pub struct Arrivals<'a> {
    /// Who executes them.
    pub engine: &'a mut Engine,
    /// What they are.
    pub chunk: &'a Chunk,
    /// The first of them, which find the caches full of something else, are not recorded.
    pub run_in: usize,
    /// Of commands that touch few orders.
    pub few: &'a mut Latencies,
    /// Of the others.
    pub many: &'a mut Latencies,
}

impl Work for Arrivals<'_> {
    #[inline(always)]
    fn run(&mut self, index: usize, has_arrived: impl Fn(usize) -> bool) {
        self.engine.read_ahead(&self.chunk.inputs, index, has_arrived);
        self.engine.apply(&self.chunk.inputs[index]);
    }

    #[inline(always)]
    fn took(&mut self, index: usize, ns: u64) {
        if index < self.run_in {
            return;
        }
        if self.chunk.touched[index] <= TOUCHED_MAX { self.few.record(ns) } else { self.many.record(ns) }
    }
}
