//! The matcher's door: orders are the book's, and of what happens to them the benchmark knows trades and nothing else.

use ashlar_book::{At, Floor, Orders, Resting};
use ashlar_types::{AccountId, Lots, Price, Rank, Reason, Side, Time};

use crate::engine::Engine;
use crate::record::{Kind, Reports};

impl<R> Orders for Engine<R> {
    type At = At;

    #[inline(always)]
    fn best(&mut self, side: Side) -> Option<At> {
        self.book.best(side)
    }

    #[inline(always)]
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.book.best_price(side)
    }

    #[inline(always)]
    fn after(&mut self, at: At) -> Option<At> {
        self.book.after(at)
    }

    #[inline(always)]
    fn get(&self, at: At) -> Resting {
        self.book.get(at)
    }

    #[inline(always)]
    fn insert(&mut self, order: &Resting) -> At {
        self.book.insert(order)
    }

    #[inline(always)]
    fn remove(&mut self, at: At) {
        self.book.remove(at);
    }

    #[inline(always)]
    fn remove_then_after(&mut self, at: At) -> Option<At> {
        self.book.remove_then_after(at)
    }

    #[inline(always)]
    fn set_lots(&mut self, at: At, visible: Lots, hidden: Lots) {
        self.book.set_lots(at, visible, hidden);
    }

    fn requeue(&mut self, at: At, rank: Rank, visible: Lots, hidden: Lots) {
        self.book.requeue(at, rank, visible, hidden);
    }
}

/// No order here dies, hides a part, or meets its own account.
impl<R: Reports> Floor for Engine<R> {
    #[inline(always)]
    fn is_dead(&mut self, _: AccountId, _: Time) -> bool {
        false
    }

    fn next_rank(&mut self) -> Rank {
        Rank::new(self.sequence)
    }

    #[inline(always)]
    fn traded(&mut self, maker: &Resting, lots: Lots) {
        self.report(Kind::Traded, self.side, lots, maker.id_rank.get(), maker.price.get() as i64);
    }

    fn removed(&mut self, _: &Resting, _: Reason) {}

    fn shrunk(&mut self, _: Lots) {}

    fn decremented(&mut self, _: &Resting, _: Lots) {}

    fn refilled(&mut self, _: &Resting) {}
}
