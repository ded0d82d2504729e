//! The naive engine: ordered maps, plain structs, and the rules of docs/spec one by one.
//!
//! 1. It is written from docs/spec alone, and every rule it follows is cited where it is followed.
//! 2. It answers by reading the whole of what a rule talks about; the only things it keeps that could be recomputed are
//!    counts and reserved funds, and [`Reference::check_invariants`] recomputes those.
//! 3. It panics only where the specification promises that something cannot happen.

mod account;
mod cancel;
mod cascade;
mod check;
mod inbox;
mod invariants;
mod leaves;
mod look;
mod matching;
mod message;
mod money;
mod nonces;
mod operator;
mod orders;
mod pair;
mod params;
mod placing;
mod quotes;
mod state;
mod turn;

use std::collections::BTreeMap;

use ashlar_state::Key;
use ashlar_types::{AccountId, Input, Receipt, Sequence, Time};

use crate::engine::{Engine, Genesis, Output};
use state::State;
use turn::{Outcome, Turn};

/// The naive engine.
#[derive(Clone)]
pub struct Reference {
    state: State,
}

impl Reference {
    /// An exchange with nothing but its house, account 0.
    pub fn new(genesis: &Genesis) -> Reference {
        Reference { state: State::new(genesis) }
    }

    /// Executes one input; the events and the receipt of each of its commands are appended in order.
    ///
    /// Time never goes back (C-1): a time before the last one counts as the last one.
    pub fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        let now = time.max(self.state.last_time);
        match input {
            Input::Message(message) => self.message(now, message, out),
            Input::Inbox { index, time, entry } => {
                let mut turn = Turn::new(now);
                let (account, outcome) = self.state.inbox(&mut turn, *index, *time, entry);
                self.close(turn, account, outcome, out);
            }
            Input::System(command) => {
                let mut turn = Turn::new(now);
                let outcome = self.state.system(&mut turn, command);
                self.close(turn, AccountId::default(), outcome, out);
            }
        }
    }

    /// The state as the leaves of docs/spec/keys.md, computed from scratch.
    pub fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        leaves::leaves(&self.state)
    }

    /// Everything the specification says must hold between commands.
    pub fn check_invariants(&self) -> Result<(), String> {
        invariants::check(&self.state)
    }

    /// Ends a command: its events, then its receipt under the next sequence number.
    fn close(&mut self, turn: Turn, account: AccountId, outcome: Outcome, out: &mut Vec<Output>) {
        let state = &mut self.state;
        out.extend(turn.events.iter().copied().map(Output::Event));
        out.push(Output::Receipt(Receipt {
            sequence: Sequence::new(state.next_sequence),
            time: turn.now,
            account,
            reason: outcome.reason,
            order: outcome.order,
            client: outcome.client,
            filled: turn::lots(outcome.filled),
            remaining: turn::lots(outcome.remaining),
        }));
        state.next_sequence += 1;
        state.last_time = turn.now;
    }
}

impl Engine for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }

    fn apply(&mut self, time: Time, input: &Input, out: &mut Vec<Output>) {
        Reference::apply(self, time, input, out);
    }

    fn leaves(&self) -> BTreeMap<Key, Vec<u64>> {
        Reference::leaves(self)
    }

    fn check(&self) -> Result<(), String> {
        self.check_invariants()
    }
}
