//! How an order is kept: one cache line that matching, cancelling and replacing read, and apart from it what few orders have.

use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use super::records::Record;
use crate::orders::Resting;

const SIDE: u32 = 1;
const SELF_TRADE: u32 = 0b11 << 1;
const POST_ONLY: u32 = 0b11 << 3;
const PAIRED: u32 = 1 << 5;
/// The bits above hold the number of its extra record plus one, or zero.
const EXTRA_SHIFT: u32 = 8;

/// What every order has.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Hot {
    pub id_rank: Rank,
    rank: Rank,
    pub price: Price,
    pub visible: Lots,
    expires: Time,
    client: ClientId,
    pub account: AccountId,
    bits: u32,
}

const _: () = assert!(size_of::<Hot>() == 64);

impl Default for Hot {
    fn default() -> Hot {
        Hot {
            id_rank: Rank::default(),
            rank: Rank::default(),
            price: Price::MIN,
            visible: Lots::ZERO,
            expires: Time::NEVER,
            client: ClientId(0),
            account: AccountId::default(),
            bits: 0,
        }
    }
}

impl Record for Hot {
    #[inline(always)]
    fn key(&self) -> u64 {
        self.id_rank.get()
    }

    #[inline(always)]
    fn place(&self) -> (usize, u64) {
        (self.side().index(), turn(self.side(), self.price.get()))
    }
}

/// A price normalised, or a normalised price turned back (SPEC K-2). It is a subtraction from `2^47 − 1` or nothing at
/// all, written so that no branch depends on the side, which nobody can predict.
#[inline(always)]
pub(super) fn turn(side: Side, ticks: u64) -> u64 {
    ticks ^ ((side as u64).wrapping_sub(1) & ((1 << PRICE_BITS) - 1))
}

/// What only orders have that show a part of themselves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub hidden: Lots,
    pub display: Lots,
}

impl Hot {
    /// The part of an order that is kept here, and the rest if it is not what every plain order has.
    #[inline(always)]
    pub fn split(order: &Resting) -> (Hot, Option<Extra>) {
        let has_extra = !order.hidden.is_zero() | !order.display.is_zero();
        let bits = order.side as u32
            | (order.self_trade as u32) << SELF_TRADE.trailing_zeros()
            | (order.post_only as u32) << POST_ONLY.trailing_zeros()
            | (order.paired as u32) << PAIRED.trailing_zeros();
        let hot = Hot {
            id_rank: order.id_rank,
            rank: order.rank,
            price: order.price,
            visible: order.visible,
            expires: order.expires,
            client: order.client,
            account: order.account,
            bits,
        };
        (hot, has_extra.then_some(Extra { hidden: order.hidden, display: order.display }))
    }

    /// The whole order again. What nobody looks at is not read.
    #[inline(always)]
    pub fn join(&self, extra: impl Fn(u32) -> Option<Extra>) -> Resting {
        let (hidden, display) =
            self.extra().and_then(extra).map_or((Lots::ZERO, Lots::ZERO), |extra| (extra.hidden, extra.display));
        Resting {
            account: self.account,
            side: self.side(),
            price: self.price,
            rank: self.rank,
            id_rank: self.id_rank,
            visible: self.visible,
            hidden,
            display,
            expires: self.expires,
            client: self.client,
            self_trade: match (self.bits & SELF_TRADE) >> SELF_TRADE.trailing_zeros() {
                0 => SelfTrade::CancelNewest,
                1 => SelfTrade::CancelOldest,
                2 => SelfTrade::CancelBoth,
                _ => SelfTrade::Decrement,
            },
            post_only: match (self.bits & POST_ONLY) >> POST_ONLY.trailing_zeros() {
                0 => PostOnly::No,
                1 => PostOnly::Reject,
                _ => PostOnly::Slide,
            },
            paired: self.bits & PAIRED != 0,
        }
    }

    #[inline(always)]
    pub fn side(&self) -> Side {
        Side::from_bit((self.bits & SIDE) as u64)
    }

    /// The number of its extra record.
    #[inline(always)]
    pub fn extra(&self) -> Option<u32> {
        (self.bits >> EXTRA_SHIFT).checked_sub(1)
    }

    #[inline(always)]
    pub fn set_extra(&mut self, number: u32) {
        self.bits = self.bits & ((1 << EXTRA_SHIFT) - 1) | number.wrapping_add(1) << EXTRA_SHIFT;
    }

    pub fn unpair(&mut self) {
        self.bits &= !PAIRED;
    }
}

/// The extra records of a book.
#[derive(Debug)]
pub(super) struct Extras {
    records: alloc::vec::Vec<Extra>,
    /// The first free one; what each hides leads to the next.
    free: u32,
}

impl Extras {
    pub fn new(orders_max: u32) -> Extras {
        Extras { records: alloc::vec::Vec::with_capacity(orders_max as usize), free: u32::MAX }
    }

    #[inline(always)]
    pub fn get(&self, number: u32) -> Option<Extra> {
        self.records.get(number as usize).copied()
    }

    #[inline(always)]
    pub fn get_mut(&mut self, number: u32) -> Option<&mut Extra> {
        self.records.get_mut(number as usize)
    }

    /// Keeps one, in the place of another or in one of its own; there is room for as many as orders.
    pub fn put(&mut self, instead: Option<u32>, extra: Extra) -> u32 {
        let number = instead.unwrap_or(self.free);
        if let Some(place) = self.records.get_mut(number as usize) {
            if instead.is_none() {
                self.free = place.hidden.get() as u32;
            }
            *place = extra;
            return number;
        }
        self.records.push(extra);
        (self.records.len() - 1) as u32
    }

    pub fn remove(&mut self, number: u32) {
        if let Some(place) = self.records.get_mut(number as usize) {
            place.hidden = Lots::new(self.free as u64).unwrap_or(Lots::MAX);
            self.free = number;
        }
    }
}
