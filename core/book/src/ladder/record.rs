//! How an order is kept: half a cache line that matching reads, and apart from it what few orders have.

use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, SelfTrade, Side, Time};

use super::records::Record;
use crate::orders::Resting;

const SIDE: u32 = 1;
const SELF_TRADE: u32 = 0b11 << 1;
const POST_ONLY: u32 = 0b11 << 3;
const PAIRED: u32 = 1 << 5;
/// What matching needs to know of it is in its extra record: something is hidden, or it expires.
const MATCHED_BY_EXTRA: u32 = 1 << 6;
/// The bits above hold the number of its extra record plus one, or zero.
const EXTRA_SHIFT: u32 = 8;

/// The part of an order that matching and cancelling read.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Hot {
    pub id_rank: Rank,
    pub price: Price,
    pub visible: Lots,
    pub account: AccountId,
    bits: u32,
}

impl Default for Hot {
    fn default() -> Hot {
        Hot { id_rank: Rank::default(), price: Price::MIN, visible: Lots::ZERO, account: AccountId::default(), bits: 0 }
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

/// What few orders have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub rank: Rank,
    pub hidden: Lots,
    pub display: Lots,
    pub expires: Time,
    pub client: ClientId,
}

impl Hot {
    /// The part of an order that is kept here, and the rest if it is not what every plain order has.
    #[inline(always)]
    pub fn split(order: &Resting) -> (Hot, Option<Extra>) {
        let by_extra = !order.hidden.is_zero() | (order.expires != Time::NEVER);
        let has_extra =
            by_extra | !order.display.is_zero() | (order.client != ClientId(0)) | (order.rank != order.id_rank);
        let bits = order.side as u32
            | (order.self_trade as u32) << SELF_TRADE.trailing_zeros()
            | (order.post_only as u32) << POST_ONLY.trailing_zeros()
            | if order.paired { PAIRED } else { 0 }
            | if by_extra { MATCHED_BY_EXTRA } else { 0 };
        let hot =
            Hot { id_rank: order.id_rank, price: order.price, visible: order.visible, account: order.account, bits };
        let extra = Extra {
            rank: order.rank,
            hidden: order.hidden,
            display: order.display,
            expires: order.expires,
            client: order.client,
        };
        (hot, has_extra.then_some(extra))
    }

    /// The whole order again. What nobody looks at is not read.
    #[inline(always)]
    pub fn join(&self, extra: impl Fn(u32) -> Option<Extra>) -> Resting {
        let rest = self.extra().and_then(&extra);
        let matched = if self.bits & MATCHED_BY_EXTRA != 0 { self.extra().and_then(&extra) } else { None };
        Resting {
            account: self.account,
            side: self.side(),
            price: self.price,
            rank: rest.map_or(self.id_rank, |e| e.rank),
            id_rank: self.id_rank,
            visible: self.visible,
            hidden: matched.map_or(Lots::ZERO, |e| e.hidden),
            display: rest.map_or(Lots::ZERO, |e| e.display),
            expires: matched.map_or(Time::NEVER, |e| e.expires),
            client: rest.map_or(ClientId(0), |e| e.client),
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
    /// The first free one; the rank of each leads to the next.
    free: u32,
}

impl Extras {
    pub fn new(orders_max: u32) -> Extras {
        Extras { records: alloc::vec::Vec::with_capacity(orders_max as usize), free: u32::MAX }
    }

    /// Names a record.
    #[inline(always)]
    pub fn name(&self, number: u32, touch: &impl Fn(*const u8)) {
        if let Some(extra) = self.records.get(number as usize) {
            touch(core::ptr::from_ref(extra).cast());
        }
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
                self.free = place.rank.get() as u32;
            }
            *place = extra;
            return number;
        }
        self.records.push(extra);
        (self.records.len() - 1) as u32
    }

    pub fn remove(&mut self, number: u32) {
        if let Some(place) = self.records.get_mut(number as usize) {
            place.rank = Rank::new(self.free as u64);
            self.free = number;
        }
    }
}
