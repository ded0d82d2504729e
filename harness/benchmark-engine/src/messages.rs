//! The messages and the reports of the benchmark's C interface, byte for byte.

/// A new order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct NewOrder {
    /// The client's id.
    pub order_id: u64,
    /// The number of the message.
    pub sequence: u64,
    /// Its limit.
    pub price: i64,
    /// Its size.
    pub quantity: u32,
    /// 0 buys, 1 sells.
    pub side: u8,
    /// Not 0: what does not trade at once is cancelled.
    pub immediate: u8,
    /// Fills the structure.
    pub reserved: [u8; 2],
}

/// A cancellation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Cancel {
    /// The order to cancel.
    pub order_id: u64,
    /// The number of the message.
    pub sequence: u64,
}

/// An order leaves its place and comes in again with another price and size.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(C)]
pub struct Modify {
    /// The order to modify.
    pub order_id: u64,
    /// The number of the message.
    pub sequence: u64,
    /// Its new limit.
    pub price: i64,
    /// Its new size.
    pub quantity: u32,
    /// The side it has.
    pub side: u8,
    /// Fills the structure.
    pub reserved: [u8; 3],
}

/// What the engine answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(C)]
pub struct Report {
    /// A [`Kind`](crate::Kind).
    pub kind: u8,
    /// The side of the order that caused it.
    pub side: u8,
    /// Fills the word.
    pub reserved: [u8; 6],
    /// The message that caused it.
    pub sequence: u64,
    /// The order it is about; 0 for a trade.
    pub order_id: u64,
    /// The price; of a trade the maker's.
    pub price: i64,
    /// How much.
    pub quantity: u32,
    /// Fills the word.
    pub reserved_too: u32,
    /// Of a trade, the order that rested.
    pub maker_id: u64,
    /// Of a trade, the order that arrived.
    pub taker_id: u64,
    /// Fills the cache line.
    pub reserved_last: u64,
}

impl Report {
    /// What the benchmark hashes of it.
    pub fn line(&self) -> String {
        let Report { kind, sequence, side, order_id, price, quantity, maker_id, taker_id, .. } = *self;
        match kind {
            0 | 3 => format!("{kind},{sequence},{side},{order_id},{price},{quantity}"),
            1 => format!("{kind},{sequence},{price},{quantity},{maker_id},{taker_id}"),
            2 => format!("{kind},{sequence},{side},{order_id},{price}"),
            _ => format!("{kind},{sequence},{order_id}"),
        }
    }
}

const _: () = {
    assert!(size_of::<NewOrder>() == 32);
    assert!(size_of::<Cancel>() == 16);
    assert!(size_of::<Modify>() == 32);
    assert!(size_of::<Report>() == 64);
};
