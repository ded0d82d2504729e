//! Two legs of which one leaves when the other does (C-25).

use ashlar_types::{OrderId, Reason};

use super::orders::Resting;
use super::state::State;
use super::turn::{Gone, Turn};

impl State {
    /// Takes an order out and says so; its other leg goes with it.
    pub fn remove(&mut self, turn: &mut Turn, id: OrderId, reason: Reason) {
        let gone = self.take_out(id);
        turn.say_removed(&gone, reason);
        self.remove_other_leg(turn, &gone);
    }

    /// Takes the order out that a command names. Its receipt says so, and only the other leg has an event.
    pub fn remove_named(&mut self, turn: &mut Turn, id: OrderId) -> Gone {
        let gone = self.take_out(id);
        self.remove_other_leg(turn, &gone);
        gone
    }

    /// Removes the other leg of one that is gone, if it had one.
    pub fn remove_other_leg(&mut self, turn: &mut Turn, gone: &Gone) {
        if let Some(other) = gone.pair {
            let gone = self.take_out(other);
            turn.say_removed(&gone, Reason::OtherLeg);
        }
    }

    /// Before the limit leg's first trade its waiting leg is removed; from then on it reserves for itself.
    pub fn release_waiting_leg(&mut self, turn: &mut Turn, order: Resting) -> Resting {
        let Some(waiting) = order.pair else { return order };
        let gone = self.take_out(waiting);
        turn.say_removed(&gone, Reason::OtherLeg);
        let alone = Resting { pair: None, ..order };
        self.reserve_for(&alone);
        self.orders.insert(alone.place(), alone.clone());
        alone
    }
}
