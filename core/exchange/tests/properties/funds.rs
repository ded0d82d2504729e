//! Reservations, fees and conservation, at prices, sizes and units up to what can be counted (SPEC F-1 to F-7, C-14).

use ashlar_state::Map;
use ashlar_types::{Command, FeeTier, Lots, MarketTerms, Ppm, Price, Reason, Side, Trade};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::world::{BASE, QUOTE, World};

const ALL: u128 = 1 << 63;

/// A market, an order that buys, and how others sell to it.
#[derive(Clone, Debug)]
struct Case {
    terms: MarketTerms,
    fees: FeeTier,
    price: u64,
    lots: u64,
    parts: Vec<u64>,
}

impl Case {
    /// F-1.
    fn cost(&self, price: u64, lots: u64) -> u128 {
        u128::from(price) * u128::from(lots) * u128::from(self.terms.quote_per_tick)
    }

    /// F-2.
    fn reserved(&self, lots: u64) -> u128 {
        let cost = self.cost(self.price, lots);
        cost + (cost * u128::from(self.terms.fee_cap.0)).div_ceil(1_000_000)
    }

    fn base(&self, lots: u64) -> u128 {
        u128::from(lots) * u128::from(self.terms.base_per_lot)
    }

    fn is_countable(&self) -> bool {
        self.reserved(self.lots) <= ALL && self.base(self.lots) <= ALL
    }
}

/// F-3: a rate on a cost, rounded up.
fn rounded_up(rate: Ppm, cost: u128) -> u128 {
    (cost * u128::from(rate.0)).div_ceil(1_000_000)
}

/// A number of `1 ..= max`, its ends more likely than chance has them.
fn upto(max: u64) -> BoxedStrategy<u64> {
    let max = max.max(1);
    let halves = (0..64_u32).prop_map(move |bits| (max >> bits).max(1));
    prop_oneof![2 => 1..=max, 2 => halves, 1 => Just(1), 1 => Just(max), 1 => 1..=max.min(9)].boxed()
}

fn fees() -> impl Strategy<Value = FeeTier> {
    let rate = || prop_oneof![Just(0), Just(20_000), 0..=20_000_u32];
    (rate(), rate(), rate(), any::<bool>()).prop_map(|(maker, rebate, taker, pays)| FeeTier {
        maker: Ppm(if pays { maker } else { 0 }),
        maker_rebate: Ppm(if pays { 0 } else { rebate.min(taker) }),
        taker: Ppm(taker),
    })
}

fn case() -> impl Strategy<Value = Case> {
    let most = |divisor: u128| u64::try_from(ALL / divisor).unwrap_or(u64::MAX);
    let sizes = upto(Price::MAX.get()).prop_flat_map(move |price| {
        let lots = upto(most(u128::from(price)).min(Lots::MAX.get()));
        lots.prop_flat_map(move |lots| {
            let units = (upto(most(u128::from(price) * u128::from(lots))), upto(most(u128::from(lots))));
            (Just(price), Just(lots), units)
        })
    });
    let fee_cap = prop_oneof![Just(0), Just(20_000), 0..=20_000_u32];
    (sizes, fee_cap, fees(), vec(any::<u64>(), 1..6)).prop_map(|((price, lots, units), fee_cap, fees, parts)| {
        let (quote_per_tick, base_per_lot) = units;
        let terms = MarketTerms { base: BASE, quote: QUOTE, base_per_lot, quote_per_tick, fee_cap: Ppm(fee_cap) };
        Case { terms, fees, price, lots, parts }
    })
}

fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("a price")
}

/// Units that fit an account.
fn units(units: u128) -> u64 {
    u64::try_from(units).expect("it was counted")
}

/// F-3 to F-5 for one trade; what the buyer had set aside for it.
fn check_fees(case: &Case, trade: &Trade, aside: u128, buyer_made: bool) -> Result<(), TestCaseError> {
    let cost = case.cost(trade.price.get(), trade.lots.get());
    let capped = |rate: Ppm| Ppm(rate.0.min(case.terms.fee_cap.0));
    let [maker, taker, rebate] = [trade.maker_fee, trade.taker_fee, trade.maker_rebate].map(|a| u128::from(a.get()));
    let (buyer_most, seller_most) = (aside - cost, cost);
    let (maker_most, taker_most) = if buyer_made { (buyer_most, seller_most) } else { (seller_most, buyer_most) };
    prop_assert_eq!(maker, rounded_up(capped(case.fees.maker), cost).min(maker_most));
    prop_assert_eq!(taker, rounded_up(capped(case.fees.taker), cost).min(taker_most));
    prop_assert_eq!(rebate, (cost * u128::from(case.fees.maker_rebate.0) / 1_000_000).min(taker));
    Ok(())
}

proptest! {
    /// A buyer with exactly what is reserved makes; sellers take it part by part; what is left is cancelled.
    #[test]
    fn a_makers_reservation_is_exact_to_the_last_lot(case in case()) {
        let map = Map::new();
        let funds = if case.is_countable() { (units(case.reserved(case.lots)), units(case.base(case.lots))) } else { (1, 1) };
        let mut world = World::new(&map, case.terms, price(case.price), case.fees, &[(funds.0, 0), (0, funds.1)]);
        let (receipt, _) = world.place(1, Side::Buy, price(case.price), case.lots);
        if !case.is_countable() {
            prop_assert_eq!(receipt.reason, Reason::TooLarge);
            return Ok(());
        }
        prop_assert_eq!(receipt.reason, Reason::Resting);
        let mut left = case.lots;
        let mut released = 0;
        for part in &case.parts {
            let before = world.balance(1, QUOTE);
            prop_assert_eq!(u128::from(before.reserved.get()), case.reserved(left));
            if left == 0 {
                break;
            }
            let lots = 1 + part % left;
            let (sold, trades) = world.place(2, Side::Sell, price(case.price), lots);
            prop_assert_eq!((sold.reason, sold.filled.get(), trades.len()), (Reason::Filled, lots, 1));
            let aside = case.reserved(left) - case.reserved(left - lots);
            prop_assert!(aside >= case.cost(case.price, lots), "what is set aside covers the cost");
            check_fees(&case, &trades[0], aside, true)?;
            let spent = u128::from(trades[0].maker_fee.get()) + case.cost(case.price, lots);
            let back = aside - spent + u128::from(trades[0].maker_rebate.get());
            prop_assert_eq!(u128::from(world.balance(1, QUOTE).free.get() - before.free.get()), back);
            released += aside;
            left -= lots;
            prop_assert!(world.is_conserved());
        }
        prop_assert_eq!(released + case.reserved(left), case.reserved(case.lots));
        if left > 0 {
            let cancelled = world.send(1, Command::Cancel(receipt.order.expect("it has an id"))).0;
            prop_assert_eq!((cancelled.reason, cancelled.remaining.get()), (Reason::Cancelled, left));
        }
        prop_assert_eq!(world.balance(1, QUOTE).reserved.get(), 0);
        prop_assert!(world.is_conserved());
    }

    /// Sellers make at falling distances below the limit; a buyer with exactly what C-15 asks takes them, and its rest rests.
    #[test]
    fn a_taker_never_pays_more_than_it_had_to_show(case in case()) {
        if !case.is_countable() {
            return Ok(());
        }
        let map = Map::new();
        let funds = [(units(case.reserved(case.lots)), 0), (0, units(case.base(case.lots)))];
        let mut world = World::new(&map, case.terms, price(case.price), case.fees, &funds);
        let mut offered = 0;
        for part in &case.parts {
            let lots = 1 + part % case.lots;
            let at = case.price - (part >> 32) % (case.price / 2 + 1).min(case.price);
            if offered + lots <= case.lots {
                prop_assert_eq!(world.place(2, Side::Sell, price(at), lots).0.reason, Reason::Resting);
                offered += lots;
            }
        }
        let (bought, trades) = world.place(1, Side::Buy, price(case.price), case.lots);
        let left = case.lots - offered;
        let expected = if left == 0 { Reason::Filled } else { Reason::Resting };
        prop_assert_eq!((bought.reason, bought.filled.get(), bought.remaining.get()), (expected, offered, left));
        let mut still = case.lots;
        let mut paid = 0;
        for trade in &trades {
            let aside = case.reserved(still) - case.reserved(still - trade.lots.get());
            check_fees(&case, trade, aside, false)?;
            still -= trade.lots.get();
            paid += case.cost(trade.price.get(), trade.lots.get()) + u128::from(trade.taker_fee.get());
        }
        let after = world.balance(1, QUOTE);
        prop_assert_eq!(u128::from(after.reserved.get()), case.reserved(left));
        prop_assert_eq!(u128::from(after.free.get()) + paid + case.reserved(left), u128::from(funds[0].0));
        prop_assert!(world.is_conserved());
    }

    /// F-2, F-6: reserves grow with each lot, and one unit less than what is needed is not enough.
    #[test]
    fn a_reservation_is_what_it_takes(case in case()) {
        if !case.is_countable() {
            return Ok(());
        }
        prop_assert!(case.lots == 1 || case.reserved(case.lots - 1) < case.reserved(case.lots));
        let need = units(case.reserved(case.lots));
        for (units, reason) in [(need - 1, Reason::InsufficientFunds), (need, Reason::Resting)] {
            let map = Map::new();
            let mut world = World::new(&map, case.terms, price(case.price), case.fees, &[(units, 1)]);
            prop_assert_eq!(world.place(1, Side::Buy, price(case.price), case.lots).0.reason, reason);
        }
    }
}
