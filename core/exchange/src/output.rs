//! Where events and receipts go.

use alloc::vec::Vec;

use ashlar_types::{Event, Receipt};

/// Takes what a command causes, in the order in which it happens, then its receipt.
pub trait Output {
    /// A consequence.
    fn event(&mut self, event: &Event);
    /// The closing line of a command.
    fn receipt(&mut self, receipt: &Receipt);
}

/// An event or a receipt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// A consequence.
    Event(Event),
    /// The closing line of a command.
    Receipt(Receipt),
}

impl Output for Vec<Line> {
    fn event(&mut self, event: &Event) {
        self.push(Line::Event(*event));
    }

    fn receipt(&mut self, receipt: &Receipt) {
        self.push(Line::Receipt(*receipt));
    }
}
