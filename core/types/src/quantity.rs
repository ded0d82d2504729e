//! Prices, lots, amounts, rates and times.
//!
//! 1. A value of one of these types is always within its range: there is no way to build one that is not.
//! 2. Nothing here wraps: arithmetic that could is named `checked_…` and says so in its type.
//! 3. A direction of rounding is part of the name of the function that rounds.

use crate::limits::{AMOUNT_MAX, LOTS_BITS, PPM, PRICE_BITS, TIME_BITS};

/// A price in ticks of its market, `1 ..= 2^47 - 2`. The two ends of the range are left to sentinels.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Price(u64);

impl Price {
    /// The lowest price.
    pub const MIN: Price = Price(1);
    /// The highest price.
    pub const MAX: Price = Price((1 << PRICE_BITS) - 2);

    /// The price of so many ticks, if it is in range.
    #[inline(always)]
    pub const fn new(ticks: u64) -> Option<Price> {
        if ticks >= Self::MIN.0 && ticks <= Self::MAX.0 { Some(Price(ticks)) } else { None }
    }

    /// The nearest price in range.
    #[inline(always)]
    pub const fn saturating(ticks: u64) -> Price {
        if ticks < Self::MIN.0 {
            Self::MIN
        } else if ticks > Self::MAX.0 {
            Self::MAX
        } else {
            Price(ticks)
        }
    }

    /// The ticks.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The price lower by this share of it; the share is rounded down, the result kept in range.
    pub const fn less(self, share: Ppm) -> Price {
        let cut = share.of_rounding_down(self.0);
        Self::saturating(self.0.saturating_sub(cut))
    }

    /// The price higher by this share of it; the share is rounded down, the result kept in range.
    pub const fn more(self, share: Ppm) -> Price {
        let rise = share.of_rounding_down(self.0);
        Self::saturating(self.0.saturating_add(rise))
    }
}

/// A quantity in lots of its market, `0 .. 2^48`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lots(u64);

impl Lots {
    /// No lots.
    pub const ZERO: Lots = Lots(0);
    /// The largest quantity.
    pub const MAX: Lots = Lots((1 << LOTS_BITS) - 1);

    /// So many lots, if it is in range.
    #[inline(always)]
    pub const fn new(lots: u64) -> Option<Lots> {
        if lots <= Self::MAX.0 { Some(Lots(lots)) } else { None }
    }

    /// The number of lots.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether there are none.
    #[inline(always)]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it is in range.
    #[inline(always)]
    pub const fn checked_add(self, other: Lots) -> Option<Lots> {
        Self::new(self.0 + other.0)
    }

    /// The difference, or none left.
    #[inline(always)]
    pub const fn saturating_sub(self, other: Lots) -> Lots {
        Lots(self.0.saturating_sub(other.0))
    }

    /// The smaller of two.
    #[inline(always)]
    pub const fn min(self, other: Lots) -> Lots {
        if self.0 < other.0 { self } else { other }
    }
}

/// An amount of an asset in its internal units, `0 ..= 2^63`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Amount(u64);

impl Amount {
    /// Nothing.
    pub const ZERO: Amount = Amount(0);
    /// The largest amount.
    pub const MAX: Amount = Amount(AMOUNT_MAX);

    /// So many units, if it is in range.
    #[inline(always)]
    pub const fn new(units: u64) -> Option<Amount> {
        if units <= AMOUNT_MAX { Some(Amount(units)) } else { None }
    }

    /// The number of units.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether it is nothing.
    #[inline(always)]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it is in range.
    #[inline(always)]
    pub const fn checked_add(self, other: Amount) -> Option<Amount> {
        match self.0.checked_add(other.0) {
            Some(units) => Self::new(units),
            None => None,
        }
    }

    /// The difference, if it is not negative.
    #[inline(always)]
    pub const fn checked_sub(self, other: Amount) -> Option<Amount> {
        match self.0.checked_sub(other.0) {
            Some(units) => Some(Amount(units)),
            None => None,
        }
    }

    /// The sum, or the largest amount.
    #[inline(always)]
    pub const fn saturating_add(self, other: Amount) -> Amount {
        let units = self.0.saturating_add(other.0);
        if units > AMOUNT_MAX { Self::MAX } else { Amount(units) }
    }

    /// The difference, or nothing.
    #[inline(always)]
    pub const fn saturating_sub(self, other: Amount) -> Amount {
        Amount(self.0.saturating_sub(other.0))
    }

    /// The product of a count and a unit size, if it is in range.
    #[inline(always)]
    pub const fn checked_product(count: u64, unit: u64) -> Option<Amount> {
        match count.checked_mul(unit) {
            Some(units) => Self::new(units),
            None => None,
        }
    }

    /// The smaller of two.
    #[inline(always)]
    pub const fn min(self, other: Amount) -> Amount {
        if self.0 < other.0 { self } else { other }
    }
}

/// A rate in parts per million.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ppm(pub u32);

impl Ppm {
    /// This share of a value, rounded down. It is exact for every `value` and never overflows while the rate is at most one whole.
    #[inline(always)]
    pub const fn of_rounding_down(self, value: u64) -> u64 {
        let rate = self.0 as u64;
        match value.checked_mul(rate) {
            Some(product) => product / PPM,
            None => (value / PPM).saturating_mul(rate).saturating_add((value % PPM) * rate / PPM),
        }
    }

    /// This share of a value, rounded up.
    #[inline(always)]
    pub const fn of_rounding_up(self, value: u64) -> u64 {
        let rate = self.0 as u64;
        match value.checked_mul(rate) {
            Some(product) => product.div_ceil(PPM),
            None => (value / PPM).saturating_mul(rate).saturating_add(((value % PPM) * rate).div_ceil(PPM)),
        }
    }
}

/// A moment: milliseconds since the Unix epoch, `0 .. 2^48`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Time(u64);

impl Time {
    /// A moment no clock reaches: "does not expire".
    pub const NEVER: Time = Time((1 << TIME_BITS) - 1);
    /// The beginning.
    pub const ZERO: Time = Time(0);

    /// The moment of so many milliseconds, if it is in range.
    #[inline(always)]
    pub const fn new(ms: u64) -> Option<Time> {
        if ms <= Self::NEVER.0 { Some(Time(ms)) } else { None }
    }

    /// The milliseconds.
    #[inline(always)]
    pub const fn get(self) -> u64 {
        self.0
    }
}
