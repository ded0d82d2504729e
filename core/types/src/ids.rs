//! Names of things: accounts, markets, assets, orders, sequences, batches.

use crate::limits::{ACCOUNTS_MAX, ASSETS_MAX, KEYS_MAX, MARKETS_MAX, PRICE_BITS};
use crate::quantity::Price;

macro_rules! bounded_id {
    ($(#[$doc:meta])* $name:ident, $int:ty, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name($int);

        impl $name {
            /// The one of number zero.
            pub const FIRST: Self = Self(0);

            /// The id of this number, if it is in range.
            #[inline(always)]
            pub const fn new(number: $int) -> Option<Self> {
                if number < $max { Some(Self(number)) } else { None }
            }

            /// The number.
            #[inline(always)]
            pub const fn get(self) -> $int {
                self.0
            }
        }
    };
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(u64);

        impl $name {
            /// The value of this number.
            #[inline(always)]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[inline(always)]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one after it. Counters start at zero and no exchange lives to see them wrap.
            #[inline(always)]
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

bounded_id!(
    /// An account. A sub-account is an account of its own that shares an owner.
    AccountId, u32, ACCOUNTS_MAX
);
bounded_id!(
    /// A market: one book of one base asset against one quote asset.
    MarketId, u16, MARKETS_MAX
);
bounded_id!(
    /// An asset.
    AssetId, u16, ASSETS_MAX
);
bounded_id!(
    /// A place for one session key in its account.
    KeySlot, u8, KEYS_MAX
);

counter!(
    /// The place of a command in the one order of all commands, without gaps.
    Sequence
);
counter!(
    /// The number of a batch.
    BatchNumber
);
counter!(
    /// A market's count of insertions: the order of arrival within a price.
    Rank
);
counter!(
    /// The index of a withdrawal over the life of the exchange.
    WithdrawalIndex
);
counter!(
    /// The index of an entry in the L1 inbox.
    InboxIndex
);

/// A client's own name for its order. The core carries it and never looks at it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ClientId(pub u64);

/// An owner's address on L1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Address(pub [u8; 20]);

/// Which side of the book.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Side {
    /// Wants to buy the base asset.
    Buy = 0,
    /// Wants to sell the base asset.
    Sell = 1,
}

impl Side {
    /// The side it trades against.
    #[inline(always)]
    #[must_use]
    pub const fn opposite(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// Zero for buy, one for sell.
    #[inline(always)]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The side of an index's lowest bit.
    #[inline(always)]
    pub const fn from_bit(bit: u64) -> Side {
        if bit & 1 == 0 { Side::Buy } else { Side::Sell }
    }

    /// A price turned so that on either side the better price is the smaller number (SPEC K-2). It is a subtraction from
    /// `2^47 − 1` or nothing at all, written so that no branch depends on the side, which nobody can predict.
    #[inline(always)]
    pub const fn normalise(self, price: Price) -> u64 {
        price.get() ^ ((self as u64).wrapping_sub(1) & ((1 << PRICE_BITS) - 1))
    }

    /// The price behind a normalised one, kept in range.
    #[inline(always)]
    pub const fn denormalise(self, normal: u64) -> Price {
        match self {
            Side::Buy => Price::saturating(((1u64 << PRICE_BITS) - 1).saturating_sub(normal)),
            Side::Sell => Price::saturating(normal),
        }
    }

    /// Whether an order of this side with this limit trades at `price`.
    #[inline(always)]
    pub const fn accepts(self, limit: Price, price: Price) -> bool {
        match self {
            Side::Buy => price.get() <= limit.get(),
            Side::Sell => price.get() >= limit.get(),
        }
    }
}

/// An order's name: the first place it was given, and never changed (SPEC K-3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OrderId {
    /// Its market.
    pub market: MarketId,
    /// Its side.
    pub side: Side,
    /// Its limit price when it was accepted.
    pub price: Price,
    /// Its rank when it was accepted; no other order of the market ever has it.
    pub rank: Rank,
}

impl OrderId {
    /// The 128-bit form: market 16, side 1, normalised price 47, rank 64, best order smallest.
    pub const fn to_u128(self) -> u128 {
        let place =
            (self.market.get() as u64) << 48 | (self.side as u64) << PRICE_BITS | self.side.normalise(self.price);
        (place as u128) << 64 | self.rank.get() as u128
    }

    /// The order a 128-bit form names, if it names one.
    pub const fn from_u128(bits: u128) -> Option<OrderId> {
        let place = (bits >> 64) as u64;
        let Some(market) = MarketId::new((place >> 48) as u16) else { return None };
        let side = Side::from_bit(place >> PRICE_BITS);
        let normal = place & ((1 << PRICE_BITS) - 1);
        let ticks = match side {
            Side::Buy => ((1 << PRICE_BITS) - 1) - normal,
            Side::Sell => normal,
        };
        match Price::new(ticks) {
            Some(price) => Some(OrderId { market, side, price, rank: Rank::new(bits as u64) }),
            None => None,
        }
    }
}
