//! The resting orders of one market.

use ashlar_types::{AccountId, Lots, Price, Rank, Side};

use super::BookConfig;
use super::links::NOWHERE;
use super::record::{Extras, Hot, turn};
use super::records::Ladder;
use crate::orders::{Orders, Resting};

super::handle!(
    /// Where an order of a [`Book`] is. It means nothing once that order is taken out.
    At
);

/// The resting orders of one market, on a ladder.
#[derive(Debug)]
pub struct Book {
    pub(super) ladder: Ladder<Hot>,
    extras: Extras,
}

impl Book {
    /// An empty book.
    pub fn new(config: BookConfig) -> Book {
        Book { ladder: Ladder::new(config), extras: Extras::new(config.orders_max) }
    }

    /// How many orders it holds.
    #[inline(always)]
    pub fn len(&self) -> u32 {
        self.ladder.len()
    }

    /// Whether it holds none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.ladder.len() == 0
    }

    /// Whether it holds as many as it can. Ask before an order rests: a full book drops it.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.ladder.is_full()
    }

    /// Finds an order by the rank of its id.
    #[inline(always)]
    pub fn find(&self, id_rank: Rank) -> Option<At> {
        self.ladder.find(id_rank.get()).map(At)
    }

    /// Reads what a later command about this order will read, so that it waits less. The value means nothing.
    #[inline(always)]
    pub fn warm(&self, id_rank: Rank) -> u64 {
        self.ladder.warm(id_rank.get())
    }

    /// Names the memory that finding an order reads first, so that it can be asked for ahead of time.
    #[inline(always)]
    pub fn name_index(&self, id_rank: Rank, touch: &impl Fn(*const u8)) {
        self.ladder.name_index(id_rank.get(), touch);
    }

    /// Names what else changing an order reads. It looks where [`Book::name_index`] pointed, and finds the order most
    /// of the time; another order, or none, if not.
    #[inline(always)]
    pub fn name_order(&self, id_rank: Rank, touch: &impl Fn(*const u8)) -> At {
        At::of_slot(self.ladder.name_record(id_rank.get(), touch))
    }

    /// Names what is read around an order that [`Book::name_order`] has named.
    #[inline(always)]
    pub fn name_neighbours(&self, at: At, touch: &impl Fn(*const u8)) {
        self.ladder.name_neighbours(at.slot(), touch);
    }

    /// Names what every use of the book reads.
    #[inline(always)]
    pub fn name_parts(&self, touch: &impl Fn(*const u8)) {
        self.ladder.name_parts(touch);
    }

    /// Names what putting an order at a price reads.
    #[inline(always)]
    pub fn name_price(&self, side: Side, price: Price, touch: &impl Fn(*const u8)) {
        self.ladder.name_level(side.index(), side.normalise(price), touch);
    }

    /// Says that an order is no longer a leg of a pair.
    pub fn unpair(&mut self, at: At) {
        if let Some(hot) = self.ladder.get_mut(at.slot()) {
            hot.unpair();
        }
    }

    /// Whose an order is.
    #[inline(always)]
    pub fn account(&self, at: At) -> AccountId {
        self.ladder.get(at.slot()).account
    }

    /// Gives what an extra record was for back.
    #[inline(always)]
    fn drop_extra(&mut self, at: At) {
        if let Some(number) = self.ladder.get(at.slot()).extra() {
            self.extras.remove(number);
        }
    }
}

impl Orders for Book {
    type At = At;

    #[inline(always)]
    fn best(&mut self, side: Side) -> Option<At> {
        self.ladder.first(side.index()).map(At::of_slot)
    }

    #[inline(always)]
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.ladder.first_price(side.index()).map(|n| Price::saturating(turn(side, n)))
    }

    #[inline]
    fn after(&mut self, at: At) -> Option<At> {
        self.ladder.after(at.slot()).map(At::of_slot)
    }

    #[inline(always)]
    fn get(&self, at: At) -> Resting {
        self.ladder.get(at.slot()).join(|number| self.extras.get(number))
    }

    #[inline(always)]
    fn insert(&mut self, order: &Resting) -> At {
        let (mut hot, extra) = Hot::split(order);
        if let Some(extra) = extra
            && !self.ladder.is_full()
        {
            hot.set_extra(self.extras.put(None, extra));
        }
        At::of_slot(self.ladder.insert(&hot).unwrap_or(NOWHERE))
    }

    #[inline(always)]
    fn remove(&mut self, at: At) {
        self.drop_extra(at);
        self.ladder.remove(at.0);
    }

    #[inline(always)]
    fn remove_then_after(&mut self, at: At) -> Option<At> {
        self.drop_extra(at);
        self.ladder.remove_then_after(at.0).map(At::of_slot)
    }

    #[inline(always)]
    fn set_lots(&mut self, at: At, visible: Lots, hidden: Lots) {
        let Some(hot) = self.ladder.get_mut(at.slot()) else { return };
        hot.visible = visible;
        if let Some(extra) = hot.extra().and_then(|number| self.extras.get_mut(number)) {
            extra.hidden = hidden;
        }
    }

    fn requeue(&mut self, at: At, rank: Rank, visible: Lots, hidden: Lots) {
        let (hot, extra) = Hot::split(&Resting { rank, visible, hidden, ..self.get(at) });
        let kept = self.ladder.get(at.slot()).extra();
        let Some(place) = self.ladder.get_mut(at.slot()) else { return };
        *place = hot;
        if let Some(extra) = extra {
            place.set_extra(self.extras.put(kept, extra));
        }
        self.ladder.requeue(at.slot());
    }
}
