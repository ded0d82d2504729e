//! The three messages of the public benchmark over the book of the core.

use ashlar_book::{Book, BookConfig, Budget, Orders, Resting, Taker, cross};
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use super::reports::{Kind, Report, Reports};
use super::workload::{self, Message};

/// The benchmark knows no accounts, so no order may meet its own.
const MAKERS: AccountId = AccountId::new(1).unwrap();
const TAKERS: AccountId = AccountId::new(2).unwrap();

/// A book that reports what happens in it.
#[derive(Debug)]
pub struct Engine<R> {
    pub(super) book: Book,
    /// Where reports go.
    pub reports: R,
    pub(super) sequence: u64,
    /// Of the order that arrived.
    pub(super) side: Side,
}

impl<R: Reports> Engine<R> {
    /// An engine with an empty book.
    pub fn new(config: BookConfig, reports: R) -> Engine<R> {
        Engine { book: Book::new(config), reports, sequence: 0, side: Side::Buy }
    }

    /// Executes a message.
    #[inline(always)]
    pub fn apply(&mut self, message: &Message) {
        self.sequence = message.sequence;
        match message.kind {
            workload::Kind::New => self.new_order(message),
            workload::Kind::Cancel => self.cancel(message.order_id),
            workload::Kind::Modify => self.modify(message),
        }
    }

    #[inline(always)]
    pub(super) fn report(&mut self, kind: Kind, side: Side, quantity: Lots, order_id: u64, ticks: i64) {
        self.reports.push(Report::new(kind, side as u8, quantity.get() as u32, self.sequence, order_id, ticks));
    }

    #[inline(always)]
    fn reject(&mut self, kind: Kind, order_id: u64) {
        self.report(kind, Side::Buy, Lots::ZERO, order_id, 0);
    }

    #[inline(always)]
    fn new_order(&mut self, message: &Message) {
        let known = self.book.find(Rank::new(message.order_id)).is_some();
        match limit_and_lots(message) {
            Some((limit, lots)) if !known => {
                let side = Side::from_bit(u64::from(message.side));
                self.report(Kind::Accepted, side, lots, message.order_id, message.price);
                self.enter(message.order_id, side, limit, lots, message.immediate);
            }
            _ => self.reject(Kind::CancelRejected, message.order_id),
        }
    }

    #[inline(always)]
    fn cancel(&mut self, order_id: u64) {
        let Some(at) = self.book.find(Rank::new(order_id)) else {
            return self.reject(Kind::CancelRejected, order_id);
        };
        let order = self.book.get(at);
        self.book.remove(at);
        self.report(Kind::Cancelled, order.side, order.visible, order_id, order.price.get() as i64);
    }

    #[inline(always)]
    fn modify(&mut self, message: &Message) {
        let found = self.book.find(Rank::new(message.order_id)).zip(limit_and_lots(message));
        let Some((at, (limit, lots))) = found else {
            return self.reject(Kind::ModifyRejected, message.order_id);
        };
        let side = self.book.get(at).side;
        self.book.remove(at);
        self.report(Kind::Modified, side, lots, message.order_id, message.price);
        self.enter(message.order_id, side, limit, lots, false);
    }

    /// Matches what arrives, then rests or cancels what is left.
    #[inline(always)]
    fn enter(&mut self, order_id: u64, side: Side, limit: Price, lots: Lots, immediate: bool) {
        self.side = side;
        let mut taker = Taker { account: TAKERS, side, limit, left: lots, self_trade: SelfTrade::CancelNewest };
        let mut budget = Budget::UNLIMITED;
        cross(self, &mut taker, &mut budget);
        if taker.left.is_zero() {
            return;
        }
        if immediate | self.book.is_full() {
            self.report(Kind::Cancelled, side, taker.left, order_id, limit.get() as i64);
        } else {
            self.book.insert(&resting(order_id, side, limit, taker.left));
        }
    }
}

/// What the exchange knows as a price and a size, and nothing if it is neither.
#[inline(always)]
fn limit_and_lots(message: &Message) -> Option<(Price, Lots)> {
    let limit = u64::try_from(message.price).ok().and_then(Price::new)?;
    let lots = Lots::new(u64::from(message.quantity)).filter(|lots| !lots.is_zero())?;
    Some((limit, lots))
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
