//! What a book shows of itself to the market: its levels, best first.

use ashlar_types::{Lots, Price, Side};

use super::book::Book;

/// A price and what rests there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// What can be traded there now, hidden parts left out.
    pub visible: Lots,
    /// Orders there.
    pub orders: u32,
}

impl Book {
    /// The level of a price, if it has one. It takes as many steps as the level has orders.
    pub fn level(&self, side: Side, price: Price) -> Option<Level> {
        let first = self.ladder.first_at(side.index(), side.normalise(price))?;
        Some(self.level_from(first))
    }

    /// The levels of a side, best first. Each step takes as many as its level has orders.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + '_ {
        let mut from = Some(0);
        core::iter::from_fn(move || {
            let first = self.ladder.first_from(side.index(), from?)?;
            let level = self.level_from(first);
            from = side.normalise(level.price).checked_add(1);
            Some(level)
        })
    }

    fn level_from(&self, first: u32) -> Level {
        let mut level = Level { price: self.ladder.get(first).price, visible: Lots::ZERO, orders: 0 };
        let mut next = Some(first);
        for _ in 0..self.len() {
            let Some(slot) = next else { break };
            let Some(after) = self.ladder.next_at_level(slot) else { break };
            let visible = self.ladder.get(slot).visible;
            level.visible = level.visible.checked_add(visible).unwrap_or(Lots::MAX);
            level.orders += 1;
            next = Some(after);
        }
        level
    }
}
