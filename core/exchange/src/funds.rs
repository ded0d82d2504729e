//! What orders cost and reserve.
//!
//! 1. Only fees round, and they round up (SPEC F-1, F-3).
//! 2. What an order reserves depends on nothing but its market's terms, its side, limit and lots (SPEC F-2).

use ashlar_types::limits::AMOUNT_MAX;
use ashlar_types::{Amount, AssetId, Lots, MarketTerms, Price, Side};

/// What so many lots cost at a price, in the quote asset, if it can be counted.
#[inline(always)]
pub fn cost(terms: &MarketTerms, price: Price, lots: Lots) -> Option<Amount> {
    match price.get().checked_mul(lots.get()) {
        Some(ticks) => Amount::checked_product(ticks, terms.quote_per_tick),
        None => None,
    }
}

/// So many lots in units of the base asset, if it can be counted.
#[inline(always)]
pub fn base(terms: &MarketTerms, lots: Lots) -> Option<Amount> {
    Amount::checked_product(lots.get(), terms.base_per_lot)
}

/// What a buyer sets aside: the cost and the highest fee on it (SPEC F-2).
#[inline(always)]
pub fn cost_and_fee(terms: &MarketTerms, price: Price, lots: Lots) -> Option<Amount> {
    let cost = cost(terms, price, lots)?;
    Amount::new(cost.get().checked_add(terms.fee_cap.of_rounding_up(cost.get()))?)
}

/// Whether what a buyer would set aside can be counted.
#[inline(always)]
pub fn is_cost_countable(terms: &MarketTerms, price: Price, lots: Lots) -> bool {
    // A fee is at most the cost, so half of what can be counted is the easy case.
    let plain = cost(terms, price, lots).is_some_and(|cost| cost.get() <= AMOUNT_MAX / 2);
    plain || cost_and_fee(terms, price, lots).is_some()
}

/// What an order reserves, if it can be counted.
#[inline(always)]
pub fn reserve(terms: &MarketTerms, side: Side, price: Price, lots: Lots) -> Option<Amount> {
    match side {
        Side::Buy => cost_and_fee(terms, price, lots),
        Side::Sell => base(terms, lots),
    }
}

/// What an admitted order reserves. Admission made sure that it can be counted (SPEC C-14).
#[inline(always)]
pub fn reserved(terms: &MarketTerms, side: Side, price: Price, lots: Lots) -> Amount {
    reserve(terms, side, price, lots).unwrap_or(Amount::MAX)
}

/// The asset an order of this side reserves.
#[inline(always)]
pub fn reserved_asset(terms: &MarketTerms, side: Side) -> AssetId {
    match side {
        Side::Buy => terms.quote,
        Side::Sell => terms.base,
    }
}
