//! The engine: the three messages of the benchmark over the book.

use ashlar_book::{Book, BookConfig, Budget, Orders, Resting, Taker, cross};
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use crate::messages::{Cancel, Modify, NewOrder};
use crate::record::{Kind, Record, Reports};
use crate::workload::Message;

/// Whose the resting orders are: the benchmark knows no accounts, so no order may meet its own.
const MAKERS: AccountId = AccountId::new(1).unwrap();
/// Whose the arriving orders are.
const TAKERS: AccountId = AccountId::new(2).unwrap();

/// A book that reports what happens in it.
#[derive(Debug)]
pub struct Engine<R> {
    pub(crate) book: Book,
    /// Where reports go.
    pub reports: R,
    /// The message being worked on, and the side of its order.
    pub(crate) sequence: u64,
    pub(crate) side: Side,
}

fn lots(quantity: u32) -> Lots {
    Lots::new(quantity as u64).unwrap_or(Lots::MAX)
}

#[inline(always)]
fn price(ticks: i64) -> Option<Price> {
    u64::try_from(ticks).ok().and_then(Price::new)
}

#[inline(always)]
fn resting(order_id: u64, side: Side, price: Price, visible: Lots) -> Resting {
    Resting {
        account: MAKERS,
        side,
        price,
        rank: Rank::new(order_id),
        id_rank: Rank::new(order_id),
        visible,
        hidden: Lots::ZERO,
        display: Lots::ZERO,
        expires: Time::NEVER,
        client: ClientId(0),
        self_trade: SelfTrade::CancelNewest,
        post_only: PostOnly::No,
        paired: false,
    }
}

impl<R: Reports> Engine<R> {
    /// An engine with an empty book.
    pub fn new(config: BookConfig, reports: R) -> Engine<R> {
        Engine { book: Book::new(config), reports, sequence: 0, side: Side::Buy }
    }

    #[inline(always)]
    pub(crate) fn report(&mut self, kind: Kind, side: Side, quantity: Lots, order_id: u64, ticks: i64) {
        self.reports.push(Record::new(kind, side as u8, quantity.get() as u32, self.sequence, order_id, ticks));
    }

    /// Executes a message.
    #[inline(always)]
    pub fn apply(&mut self, message: &Message) {
        match message {
            Message::New(order) => self.new_order(order),
            Message::Cancel(cancel) => self.cancel(cancel),
            Message::Modify(modify) => self.modify(modify),
        }
    }

    /// A new order.
    #[inline(always)]
    pub fn new_order(&mut self, order: &NewOrder) {
        self.sequence = order.sequence;
        let side = Side::from_bit(order.side as u64);
        let lots = lots(order.quantity);
        let known = self.book.find(Rank::new(order.order_id)).is_some();
        let Some(limit) = price(order.price).filter(|_| !known & !lots.is_zero()) else {
            self.report(Kind::CancelRejected, Side::Buy, Lots::ZERO, order.order_id, 0);
            return;
        };
        self.report(Kind::Accepted, side, lots, order.order_id, order.price);
        let left = self.trade(side, limit, lots);
        self.rest(order.order_id, side, limit, left, order.immediate != 0);
    }

    /// A cancellation.
    #[inline(always)]
    pub fn cancel(&mut self, cancel: &Cancel) {
        self.sequence = cancel.sequence;
        let Some(at) = self.book.find(Rank::new(cancel.order_id)) else {
            self.report(Kind::CancelRejected, Side::Buy, Lots::ZERO, cancel.order_id, 0);
            return;
        };
        let order = self.book.get(at);
        self.book.remove(at);
        self.report(Kind::Cancelled, order.side, order.visible, cancel.order_id, order.price.get() as i64);
    }

    /// An order leaves its place and comes in again, behind all others and perhaps through them.
    #[inline(always)]
    pub fn modify(&mut self, modify: &Modify) {
        self.sequence = modify.sequence;
        let lots = lots(modify.quantity);
        let found = self.book.find(Rank::new(modify.order_id)).zip(price(modify.price));
        let Some((at, limit)) = found.filter(|_| !lots.is_zero()) else {
            self.report(Kind::ModifyRejected, Side::Buy, Lots::ZERO, modify.order_id, 0);
            return;
        };
        let side = self.book.get(at).side;
        self.book.remove(at);
        self.report(Kind::Modified, side, lots, modify.order_id, modify.price);
        let left = self.trade(side, limit, lots);
        self.rest(modify.order_id, side, limit, left, false);
    }

    /// Matches what arrives; what is left of it.
    #[inline(always)]
    fn trade(&mut self, side: Side, limit: Price, lots: Lots) -> Lots {
        self.side = side;
        let mut taker = Taker { account: TAKERS, side, limit, left: lots, self_trade: SelfTrade::CancelNewest };
        let mut budget = Budget::UNLIMITED;
        cross(self, &mut taker, &mut budget);
        taker.left
    }

    #[inline(always)]
    fn rest(&mut self, order_id: u64, side: Side, limit: Price, left: Lots, immediate: bool) {
        if left.is_zero() {
            return;
        }
        if immediate | self.book.is_full() {
            self.report(Kind::Cancelled, side, left, order_id, limit.get() as i64);
            return;
        }
        self.book.insert(&resting(order_id, side, limit, left));
    }

    /// The best price of a side.
    pub fn best(&mut self, side: Side) -> Option<i64> {
        self.book.best_price(side).map(|price| price.get() as i64)
    }

    /// How much rests at a price.
    pub fn depth(&self, side: Side, ticks: i64) -> u64 {
        let level = price(ticks).and_then(|price| self.book.level(side, price));
        level.map_or(0, |level| level.visible.get())
    }

    /// The book itself.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The book itself, to do what no message of the benchmark says.
    pub fn book_mut(&mut self) -> &mut Book {
        &mut self.book
    }
}
