//! Funds, reservations and fees (docs/spec/fees.md).

use ashlar_types::limits::{AMOUNT_MAX, PPM};
use ashlar_types::{AccountId, Amount, AssetId, MarketTerms, Ppm, Price, Side};

use super::orders::{Resting, Waiting};
use super::state::State;

/// The account that is given the fees (F-5).
pub const HOUSE: u32 = 0;

/// Base units of so many lots (F-1). Numbers too large for the exchange stay too large.
pub fn base_units(terms: &MarketTerms, lots: u64) -> u128 {
    u128::from(lots) * u128::from(terms.base_per_lot)
}

/// What so many lots cost at a price, in quote units (F-1).
pub fn cost(terms: &MarketTerms, lots: u64, price: Price) -> u128 {
    (u128::from(lots) * u128::from(price.get())).saturating_mul(u128::from(terms.quote_per_tick))
}

/// What a buy order sets aside: its cost, and the fee cap of it rounded up (F-2).
pub fn cost_with_cap(terms: &MarketTerms, lots: u64, price: Price) -> u128 {
    let cost = cost(terms, lots, price);
    cost.saturating_add(share_rounded_up(cost, terms.fee_cap))
}

fn share_rounded_up(value: u128, rate: Ppm) -> u128 {
    value.saturating_mul(u128::from(rate.0)).div_ceil(u128::from(PPM))
}

fn share_rounded_down(value: u128, rate: Ppm) -> u128 {
    value * u128::from(rate.0) / u128::from(PPM)
}

/// What an order sets aside, and of which asset (F-2).
pub fn reservation(terms: &MarketTerms, side: Side, lots: u64, price: Price) -> (AssetId, u128) {
    match side {
        Side::Sell => (terms.base, base_units(terms, lots)),
        Side::Buy => (terms.quote, cost_with_cap(terms, lots, price)),
    }
}

/// A number of units that an earlier check has bounded.
pub fn units(number: u128) -> u64 {
    u64::try_from(number).ok().filter(|units| *units <= AMOUNT_MAX).expect("C-14 and F-8 bound every amount")
}

/// An amount that an earlier check has bounded.
pub fn amount(number: u64) -> Amount {
    Amount::new(number).expect("C-14 and F-8 bound every amount")
}

/// One trade as it is paid for.
pub struct Payment {
    /// Base units that change hands.
    pub base: u64,
    /// Quote units that change hands (N of F-1).
    pub cost: u64,
    /// What the maker pays.
    pub maker_fee: u64,
    /// What the maker is given.
    pub maker_rebate: u64,
    /// What the taker pays.
    pub taker_fee: u64,
}

/// One of the two orders of a trade, before it.
#[derive(Clone, Copy)]
pub struct Party {
    pub account: AccountId,
    pub side: Side,
    /// Its own limit.
    pub limit: Price,
    /// What it has left before the trade.
    pub lots: u64,
}

impl State {
    /// What a trade costs both parties (F-1, F-3, F-4).
    pub fn payment(&self, terms: &MarketTerms, schedule: u8, price: Price, lots: u64, parties: [Party; 2]) -> Payment {
        let [maker, taker] = parties;
        let cost = cost(terms, lots, price);
        let maker_tier = self.fees_of(schedule, maker.account);
        let taker_tier = self.fees_of(schedule, taker.account);
        let maker_fee = fee(terms, cost, lots, maker_tier.maker, maker);
        let taker_fee = fee(terms, cost, lots, taker_tier.taker, taker);
        Payment {
            base: units(base_units(terms, lots)),
            cost: units(cost),
            maker_fee: units(maker_fee),
            maker_rebate: units(share_rounded_down(cost, maker_tier.maker_rebate).min(taker_fee)),
            taker_fee: units(taker_fee),
        }
    }

    fn fees_of(&self, schedule: u8, account: AccountId) -> ashlar_types::FeeTier {
        self.fees.get(&(schedule, self.account(account).tier)).copied().unwrap_or_default()
    }

    /// Moves the funds of a trade. Both parties pay from what is free.
    pub fn settle(&mut self, terms: &MarketTerms, payment: &Payment, maker: Party, taker: Party) {
        let (buyer, buyer_fee, seller, seller_fee) = match maker.side {
            Side::Buy => (maker.account, payment.maker_fee, taker.account, payment.taker_fee),
            Side::Sell => (taker.account, payment.taker_fee, maker.account, payment.maker_fee),
        };
        self.debit(seller, terms.base, payment.base);
        self.debit(buyer, terms.quote, payment.cost + buyer_fee);
        self.credit(buyer, terms.base, payment.base);
        self.credit(seller, terms.quote, payment.cost - seller_fee);
        self.credit(maker.account, terms.quote, payment.maker_rebate);
        let house = AccountId::new(HOUSE).expect("the house has the first id");
        self.credit(house, terms.quote, payment.maker_fee + payment.taker_fee - payment.maker_rebate);
    }

    /// Funds of an account that are free.
    pub fn free(&self, account: AccountId, asset: AssetId) -> u64 {
        self.balances.get(&(account, asset)).map_or(0, |balance| balance.free)
    }

    /// Adds free funds.
    pub fn credit(&mut self, account: AccountId, asset: AssetId, units: u64) {
        self.change(account, asset, i128::from(units), 0);
    }

    /// Takes free funds that are known to be there.
    pub fn debit(&mut self, account: AccountId, asset: AssetId, units: u64) {
        self.change(account, asset, -i128::from(units), 0);
    }

    /// Sets aside what an order in the book reserves. While the other leg of its pair waits, that is nothing (C-25).
    pub fn reserve_for(&mut self, order: &Resting) {
        let (asset, units) = self.reserved_by(order);
        self.change(order.account, asset, -i128::from(units), i128::from(units));
    }

    /// Gives back what an order in the book reserves.
    pub fn release_for(&mut self, order: &Resting) {
        let (asset, units) = self.reserved_by(order);
        self.change(order.account, asset, i128::from(units), -i128::from(units));
    }

    /// Sets aside what a waiting order reserves.
    pub fn reserve_for_waiting(&mut self, order: &Waiting) {
        let (asset, units) = self.reserved_by_waiting(order);
        self.change(order.account, asset, -i128::from(units), i128::from(units));
    }

    /// Gives back what a waiting order reserves.
    pub fn release_for_waiting(&mut self, order: &Waiting) {
        let (asset, units) = self.reserved_by_waiting(order);
        self.change(order.account, asset, i128::from(units), -i128::from(units));
    }

    /// What an order in the book reserves, and of which asset (F-2).
    pub fn reserved_by(&self, order: &Resting) -> (AssetId, u64) {
        let terms = &self.market(order.id.market).terms;
        let (asset, needed) = reservation(terms, order.side, order.lots(), order.limit);
        (asset, if order.pair.is_some() { 0 } else { units(needed) })
    }

    /// What a waiting order reserves, and of which asset (F-2).
    pub fn reserved_by_waiting(&self, order: &Waiting) -> (AssetId, u64) {
        let terms = &self.market(order.id.market).terms;
        let (asset, needed) = reservation(terms, order.side, order.lots, order.reserve_price);
        (asset, units(needed))
    }

    fn change(&mut self, account: AccountId, asset: AssetId, free: i128, reserved: i128) {
        let balance = self.balances.entry((account, asset)).or_default();
        let moved = |from: u64, by: i128| u64::try_from(i128::from(from) + by).expect("funds were checked to be there");
        balance.free = moved(balance.free, free);
        balance.reserved = moved(balance.reserved, reserved);
        if balance.free == 0 && balance.reserved == 0 {
            self.balances.remove(&(account, asset));
        }
    }
}

/// The fee of one party (F-3): rounded up, at the tier's rate or the cap if that is lower, a buyer's at most what was
/// set aside for these lots beyond their cost, a seller's at most what is received.
fn fee(terms: &MarketTerms, cost: u128, lots: u64, rate: Ppm, party: Party) -> u128 {
    let fee = share_rounded_up(cost, rate.min(terms.fee_cap));
    match party.side {
        Side::Sell => fee.min(cost),
        Side::Buy => {
            let before = cost_with_cap(terms, party.lots, party.limit);
            let after = cost_with_cap(terms, party.lots - lots, party.limit);
            fee.min(before - after - cost)
        }
    }
}
