//! Realistic commands, made ahead of the engine that is measured.
//!
//! A command names orders by their ids, so whoever makes commands must know what became of the earlier ones. A second
//! engine, the shadow, executes each command as it is made; the measured engine later gets the same ones and must come to
//! the same state. Making commands takes longer than executing them, so it is done in chunks while no clock runs.

use std::collections::BTreeMap;

use ashlar_exchange::{Exchange, HotConfig, HotStore, Output};
use ashlar_harness::flow::{Flow, Realistic, Shape, Timed};
use ashlar_types::{Command, Event, Input, Reason, Receipt};

/// Pairs of account and market for which there is room from the start, at most.
const COUNTS_MAX: usize = 1 << 22;
/// Assets of the flow, and one more.
const ASSETS: usize = 6;

/// An empty exchange at its beginning, with room for this many accounts and markets.
pub fn exchange(shape: &Shape, flow: &Realistic) -> Exchange<HotStore> {
    let accounts = shape.accounts as usize + 1;
    let counts = (accounts * usize::from(shape.markets)).min(COUNTS_MAX);
    let config = HotConfig { accounts, balances: accounts * ASSETS, counts, hash_key: shape.seed };
    let mut store = HotStore::new(config);
    let begin = flow.genesis();
    ashlar_exchange::Genesis { house_owner: begin.house_owner, time: begin.time }.write(&mut store);
    Exchange::new(store)
}

/// Commands in the order in which they come.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The inputs, one command each.
    pub inputs: Vec<Timed>,
    /// How many orders each of them touches, its own included.
    pub touched: Vec<u16>,
}

/// What the commands so far were, and what came of them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Commands.
    pub commands: u64,
    /// Cancels, replaces and reductions of one order.
    pub changes: u64,
    /// Trades.
    pub trades: u64,
    /// Commands that were refused, by reason.
    pub refused: BTreeMap<Reason, u64>,
}

impl Tally {
    /// Commands that were refused.
    pub fn refused(&self) -> u64 {
        self.refused.values().sum()
    }

    /// The reason of most refusals, if there were any.
    pub fn refused_mostly(&self) -> Option<Reason> {
        self.refused.iter().max_by_key(|(_, count)| **count).map(|(reason, _)| *reason)
    }
}

/// The source of commands.
#[derive(Debug)]
pub struct Traffic {
    flow: Realistic,
    shadow: Exchange<HotStore>,
    answers: Answers,
    /// Of the commands after the setup.
    pub tally: Tally,
}

impl Traffic {
    /// The traffic of a shape.
    pub fn new(shape: Shape) -> Traffic {
        let flow = Realistic::new(shape);
        let shadow = exchange(&shape, &flow);
        Traffic { flow, shadow, answers: Answers::default(), tally: Tally::default() }
    }

    /// The flow that makes the commands.
    pub fn flow(&self) -> &Realistic {
        &self.flow
    }

    /// The engine that knows what became of them.
    pub fn shadow(&mut self) -> &mut HotStore {
        &mut self.shadow.store
    }

    /// Gives the listings, deposits and keys that come before the first command of a trader to another engine too.
    pub fn set_up(&mut self, mut other: impl FnMut(&Timed)) {
        for _ in 0..self.flow.setup_len() {
            other(&self.next());
        }
        self.tally = Tally::default();
    }

    /// Makes this many commands in place of what the chunk held.
    pub fn fill(&mut self, chunk: &mut Chunk, commands: usize) {
        chunk.inputs.clear();
        chunk.touched.clear();
        for _ in 0..commands {
            let input = self.next();
            self.tally.commands += 1;
            self.tally.changes += u64::from(changes_an_order(&input.1));
            self.tally.trades += self.answers.trades;
            if let Some(reason) = self.answers.refused {
                *self.tally.refused.entry(reason).or_default() += 1;
            }
            chunk.touched.push(self.answers.touched);
            chunk.inputs.push(input);
        }
    }

    fn next(&mut self) -> Timed {
        let input = self.flow.produce();
        self.answers = Answers { lines: std::mem::take(&mut self.answers.lines), ..Answers::default() };
        self.shadow.apply(input.0, &input.1, &mut self.answers);
        // The receipt comes last and says that an order rests which a cascade of the same command may have filled since.
        // Whoever keeps a list of orders has to hear of its coming before its going.
        if let Some(receipt) = self.answers.lines.pop() {
            self.flow.observe(&receipt);
        }
        for event in self.answers.lines.drain(..) {
            self.flow.observe(&event);
        }
        input
    }
}

fn changes_an_order(input: &Input) -> bool {
    let Input::Message(message) = input else { return false };
    let first = message.commands.first();
    matches!(first, Some(Command::Cancel(_) | Command::Replace { .. } | Command::Reduce { .. }))
}

/// What the shadow says to one command.
#[derive(Debug, Default)]
struct Answers {
    lines: Vec<ashlar_harness::Output>,
    touched: u16,
    trades: u64,
    refused: Option<Reason>,
}

impl Output for Answers {
    fn event(&mut self, event: &Event) {
        self.trades += u64::from(matches!(event, Event::Trade(_)));
        self.touched += u16::from(is_about_an_order(event));
        self.lines.push(ashlar_harness::Output::Event(*event));
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.touched += u16::from(receipt.order.is_some());
        self.refused = Some(receipt.reason).filter(|reason| is_refusal(*reason));
        self.lines.push(ashlar_harness::Output::Receipt(*receipt));
    }
}

/// Whether the event tells of an order that has not been told of yet in this command.
fn is_about_an_order(event: &Event) -> bool {
    matches!(
        event,
        Event::Trade(_) | Event::Removed { .. } | Event::Reduced { .. } | Event::Placed { .. } | Event::Fired { .. }
    )
}

/// Whether a command that ends so has done nothing.
pub fn is_refusal(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::Done
            | Reason::Resting
            | Reason::Filled
            | Reason::Unfilled
            | Reason::Cancelled
            | Reason::Waiting
            | Reason::SelfTrade
            | Reason::MatchBound
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_engine_comes_to_the_state_of_the_shadow() {
        let shape = Shape::mixed(7, 3, 20);
        let mut traffic = Traffic::new(shape);
        let mut engine = exchange(&shape, traffic.flow());
        let mut lines: Vec<ashlar_exchange::Line> = Vec::new();
        traffic.set_up(|(time, input)| engine.apply(*time, input, &mut lines));
        let mut chunk = Chunk::default();
        traffic.fill(&mut chunk, 3_000);
        for (time, input) in &chunk.inputs {
            engine.apply(*time, input, &mut lines);
        }
        assert_eq!(engine.store.leaves(), traffic.shadow().leaves());
        assert_eq!((chunk.inputs.len(), chunk.touched.len()), (3_000, 3_000));
        let tally = &traffic.tally;
        assert_eq!(tally.commands, 3_000);
        assert!((900..2_000).contains(&tally.changes) && tally.trades > 200 && tally.refused() < 600, "{tally:?}");
        assert_eq!(tally.refused_mostly().is_some(), tally.refused() > 0);
    }
}
