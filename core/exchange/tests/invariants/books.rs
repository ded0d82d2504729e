//! Orders, triggers, and what leads to them and joins them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ensure;
use crate::state::{Pair, State, is_upper, market_of, price_of};

const PRICE_MAX: u64 = (1 << 47) - 2;

/// K-5: four sentinels for each market, the end, and none else.
pub fn have_sentinels(state: &State) -> Result<(), String> {
    let mut expected = vec![(0xFF, (0, 0))];
    for market in state.markets.keys() {
        for half in [0, 1] {
            expected.extend([0x80, 0x81].map(|kind| (kind, (market << 48 | half << 47, 0))));
        }
    }
    expected.sort_unstable();
    ensure(state.sentinels == expected, || format!("sentinels are {:?}", state.sentinels))
}

/// K-3, M-6: prices, ranks and sizes of orders make sense, and no rank of a market is given twice.
pub fn are_in_range(state: &State) -> Result<(), String> {
    let mut ranks = BTreeSet::new();
    let listed = |place| state.markets.get(&market_of(place)).map_or(0, |market| market.next_rank);
    for order in state.orders.values() {
        let sound = (1..=PRICE_MAX).contains(&price_of(order.place)) && order.visible > 0;
        ensure(sound, || format!("{order:?}"))?;
        let iceberg = if order.display == 0 { order.hidden == 0 } else { order.visible <= order.display };
        ensure(iceberg, || format!("{order:?} shows too much"))?;
        for rank in BTreeSet::from([order.place.1, order.id_rank]) {
            let fresh = ranks.insert((market_of(order.place), rank));
            ensure(fresh && 0 < rank && rank < listed(order.place), || format!("the rank of {order:?}"))?;
        }
        ensure(order.id_rank <= order.place.1, || format!("{order:?} stands before its id"))?;
    }
    for order in state.triggers.values() {
        let prices = [price_of(order.place), order.limit, order.reserve_at];
        let sound = prices.iter().all(|price| (1..=PRICE_MAX).contains(price)) && order.lots > 0;
        ensure(sound, || format!("{order:?}"))?;
        let fresh = ranks.insert((market_of(order.place), order.place.1));
        ensure(fresh && order.place.1 < listed(order.place), || format!("the rank of {order:?}"))?;
        let covers = order.is_paired() || order.reserve_at == order.limit;
        ensure(covers, || format!("{order:?} reserves at another price than its own"))?;
    }
    Ok(())
}

/// K-4, K-6: moved leaves lead to each order that is not at its id and to each trigger, and to nothing else.
pub fn are_found(state: &State) -> Result<(), String> {
    let mut expected = BTreeMap::new();
    for order in state.orders.values() {
        let moved = order.id() != order.place;
        ensure(moved == (order.flags >> 5 & 1 == 1), || format!("{order:?} has the wrong flag"))?;
        if moved {
            expected.insert(order.id(), (0x80, order.place));
        }
    }
    expected.extend(state.triggers.values().map(|order| (order.id(), (0x81, order.place))));
    ensure(expected == state.moved, || format!("moved are {:?}, orders say {expected:?}", state.moved))
}

/// C-25: a pair is an order and a trigger that name each other and are alike; whatever says it is a leg is one.
pub fn are_paired(state: &State) -> Result<(), String> {
    let mut expected: BTreeMap<Pair, Pair> = BTreeMap::new();
    for order in state.orders.values().filter(|order| order.is_paired()) {
        let other =
            state.pairs.get(&order.id()).and_then(|id| state.moved.get(id)).and_then(|(_, at)| state.triggers.get(at));
        let Some(leg) = other.filter(|leg| leg.is_paired()) else {
            return Err(format!("no trigger beside {order:?}"));
        };
        let alike = (leg.account, leg.is_sell(), leg.lots, leg.expires)
            == (order.account, is_upper(order.place), order.lots(), order.expires);
        let best = if leg.is_sell() { leg.limit } else { leg.limit.max(price_of(order.place)) };
        let beside = market_of(leg.place) == market_of(order.place) && leg.reserve_at == best;
        ensure(alike && beside, || format!("{order:?} and {leg:?} are no pair"))?;
        expected.extend([(order.id(), leg.id()), (leg.id(), order.id())]);
    }
    let waiting = state.triggers.values().filter(|order| order.is_paired()).count();
    ensure(waiting * 2 == expected.len(), || "a waiting leg without a limit leg".to_owned())?;
    ensure(expected == state.pairs, || format!("pairs are {:?}, orders say {expected:?}", state.pairs))
}

/// M-9: the best live buy is below the best live sell.
pub fn are_not_crossed(state: &State) -> Result<(), String> {
    for number in state.markets.keys() {
        let best = |half: u64| {
            let from = number << 48 | half << 47;
            let mut side = state.orders.range((from, 0)..(from + (1 << 47), 0));
            side.find(|(_, order)| !state.is_dead(order.account, order.expires)).map(|(place, _)| price_of(*place))
        };
        if let (Some(buy), Some(sell)) = (best(0), best(1)) {
            ensure(buy < sell, || format!("market {number} is crossed: {buy} against {sell}"))?;
        }
    }
    Ok(())
}

/// M-12, M-14: unless a market is pending, the last price makes nothing due.
pub fn are_not_due(state: &State) -> Result<(), String> {
    for order in state.triggers.values() {
        let market = &state.markets[&market_of(order.place)];
        let price = price_of(order.place);
        let due = if is_upper(order.place) { price <= market.last } else { price >= market.last };
        ensure(!due || market.is_pending(), || format!("{order:?} is due at {}", market.last))?;
    }
    Ok(())
}
