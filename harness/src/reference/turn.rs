//! One command while it runs: its time, what it has done so far, and what will be said of it.

use ashlar_types::{ClientId, Event, Lots, OrderId, Price, Reason, Time};

/// What a command has used up of its bounds, and the events it caused.
pub struct Turn {
    /// *Now*.
    pub now: Time,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Trades made (M-4).
    pub trades: u32,
    /// Dead orders and triggers dropped (M-2, M-13).
    pub drops: u32,
    /// Removals and decrements by self-trade prevention (M-3).
    pub self_trades: u32,
    /// Triggers fired (M-14).
    pub fired: u32,
    /// The lowest and the highest price traded at (M-11).
    pub range: Option<(Price, Price)>,
}

impl Turn {
    /// The beginning of a command.
    pub fn new(now: Time) -> Turn {
        Turn { now, events: Vec::new(), trades: 0, drops: 0, self_trades: 0, fired: 0, range: None }
    }

    /// Records an event.
    pub fn say(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Records that an order left without a trade.
    pub fn say_removed(&mut self, gone: &Gone, reason: Reason) {
        self.say(Event::Removed { order: gone.id, account: gone.account, lots: lots(gone.lots), reason });
    }

    /// Widens the range of prices traded at (M-11).
    pub fn traded_at(&mut self, price: Price) {
        self.range = Some(match self.range {
            None => (price, price),
            Some((low, high)) => (low.min(price), high.max(price)),
        });
    }
}

/// What was taken out of the book or the triggers.
pub struct Gone {
    /// Which.
    pub id: OrderId,
    /// Whose.
    pub account: ashlar_types::AccountId,
    /// The client's name for it.
    pub client: ClientId,
    /// What it still had, shown and hidden.
    pub lots: u64,
    /// The other leg, if it was one of a pair.
    pub pair: Option<OrderId>,
}

/// What a receipt says.
#[derive(Clone, Copy)]
pub struct Outcome {
    /// What came of it.
    pub reason: Reason,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The client's name of that order.
    pub client: ClientId,
    /// Lots filled.
    pub filled: u64,
    /// Lots left, or taken out.
    pub remaining: u64,
}

impl Outcome {
    /// A receipt about no order.
    pub fn only(reason: Reason) -> Outcome {
        Outcome { reason, order: None, client: ClientId(0), filled: 0, remaining: 0 }
    }

    /// A receipt about an order of which nothing is left to say.
    pub fn about(reason: Reason, order: OrderId, client: ClientId) -> Outcome {
        Outcome { order: Some(order), client, ..Outcome::only(reason) }
    }
}

/// A number of lots that is known to be in range.
pub fn lots(number: u64) -> Lots {
    Lots::new(number).expect("lots only ever become fewer after an order is accepted")
}
