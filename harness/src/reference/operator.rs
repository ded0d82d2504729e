//! The operator's own commands (C-34).

use ashlar_types::{MarketId, MarketState, Reason, SystemCommand};

use super::account::Done;
use super::message::said;
use super::state::State;
use super::turn::{Outcome, Turn};

impl State {
    /// One command of the operator.
    pub fn system(&mut self, turn: &mut Turn, command: &SystemCommand) -> Outcome {
        said(match command {
            SystemCommand::Halt(market) => self.set_halted(*market, true),
            SystemCommand::Resume(market) => self.set_halted(*market, false),
            SystemCommand::Continue(market) => self.go_on(turn, *market),
        })
    }

    fn set_halted(&mut self, market: MarketId, halted: bool) -> Done {
        let market = self.markets.get_mut(&market).ok_or(Reason::UnknownMarket)?;
        if market.halted == halted {
            return Err(Reason::NothingToDo);
        }
        market.halted = halted;
        Ok(())
    }

    /// *Continue*: the cascade goes on from the low and the high that were kept, with new bounds (M-14).
    fn go_on(&mut self, turn: &mut Turn, id: MarketId) -> Done {
        let market = self.markets.get_mut(&id).ok_or(Reason::UnknownMarket)?;
        let range = market.pending.ok_or(Reason::NothingToDo)?;
        if market.halted || market.state != MarketState::Open {
            return Err(Reason::MarketState);
        }
        market.pending = None;
        turn.range = Some(range);
        self.cascade(turn, id);
        Ok(())
    }
}
