//! What must hold between commands, recomputed from the orders themselves.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_types::limits::{ACCOUNT_ORDERS_MAX, AMOUNT_MAX, MARKET_ORDERS_MAX};
use ashlar_types::{AccountId, AssetId, MarketId, OrderId, Side};

use super::orders::Standing;
use super::state::{Balance, State};

/// All of it; the first thing that does not hold is named.
pub fn check(state: &State) -> Result<(), String> {
    orders_stand_where_they_say(state)?;
    ranks_are_unique_and_used(state)?;
    counts_are_sums(state)?;
    reservations_are_sums(state)?;
    funds_are_conserved(state)?;
    pairs_are_symmetric(state)?;
    live_books_are_not_crossed(state)?;
    nothing_is_due(state)
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// K-4: every order is found from its id, and nothing else is; none is empty or past its limits.
fn orders_stand_where_they_say(state: &State) -> Result<(), String> {
    for (place, order) in &state.orders {
        ensure(order.place() == *place, || format!("{:?} is not at {place:?}", order.id))?;
        ensure(state.standing.get(&order.id) == Some(&Standing::Book(*place)), || format!("{:?} is lost", order.id))?;
        ensure(order.visible > 0, || format!("{:?} shows nothing", order.id))?;
        let plain = order.display == 0 && order.hidden > 0;
        ensure(!plain && (order.display == 0 || order.visible <= order.display), || {
            format!("{:?} shows {} of {} hidden, display {}", order.id, order.visible, order.hidden, order.display)
        })?;
    }
    for (place, order) in &state.triggers {
        ensure(order.place() == *place, || format!("{:?} is not at {place:?}", order.id))?;
        let standing = Some(&Standing::Triggers(*place));
        ensure(state.standing.get(&order.id) == standing, || format!("{:?} is lost", order.id))?;
        ensure(order.lots > 0, || format!("{:?} is empty", order.id))?;
    }
    ensure(state.standing.len() == state.orders.len() + state.triggers.len(), || "an id leads nowhere".to_owned())
}

/// K-3: no rank of a market is given twice, and each was taken from its counter.
fn ranks_are_unique_and_used(state: &State) -> Result<(), String> {
    let mut ids: BTreeSet<(MarketId, u64)> = BTreeSet::new();
    let mut places: BTreeSet<(MarketId, u64)> = BTreeSet::new();
    let standing = state.orders.keys().chain(state.triggers.keys());
    for ((id, _), place) in state.standing.iter().zip(standing) {
        ensure(ids.insert((id.market, id.rank.get())), || format!("the rank of {id:?} names two orders"))?;
        ensure(places.insert((place.market, place.rank)), || format!("the rank of {place:?} was given twice"))?;
        let next = state.market(place.market).next_rank;
        ensure(0 < place.rank && place.rank < next, || format!("{place:?} but the next rank is {next}"))?;
    }
    Ok(())
}

/// Counts of open orders per account and market, per account, and per market.
fn counts_are_sums(state: &State) -> Result<(), String> {
    let mut both: BTreeMap<(AccountId, MarketId), u32> = BTreeMap::new();
    let mut by_account: BTreeMap<AccountId, u32> = BTreeMap::new();
    let mut by_market: BTreeMap<MarketId, u32> = BTreeMap::new();
    let orders = state.orders.values().map(|order| (order.account, order.id.market));
    let triggers = state.triggers.values().map(|order| (order.account, order.id.market));
    for (account, market) in orders.chain(triggers) {
        *both.entry((account, market)).or_default() += 1;
        *by_account.entry(account).or_default() += 1;
        *by_market.entry(market).or_default() += 1;
    }
    ensure(both == state.counts, || format!("counts are {:?}, orders say {both:?}", state.counts))?;
    for (id, account) in &state.accounts {
        let sum = by_account.get(id).copied().unwrap_or(0);
        ensure(sum == account.orders && sum <= ACCOUNT_ORDERS_MAX, || {
            format!("{id:?} has {sum}, not {}", account.orders)
        })?;
    }
    for (id, market) in &state.markets {
        let sum = by_market.get(id).copied().unwrap_or(0);
        ensure(sum == market.orders && sum <= MARKET_ORDERS_MAX, || {
            format!("{id:?} has {sum}, not {}", market.orders)
        })?;
    }
    Ok(())
}

/// F-2: the reserved part of each balance is the sum over open orders. K-7: no balance is empty.
fn reservations_are_sums(state: &State) -> Result<(), String> {
    let mut sums: BTreeMap<(AccountId, AssetId), u128> = BTreeMap::new();
    let orders = state.orders.values().map(|order| (order.account, state.reserved_by(order)));
    let triggers = state.triggers.values().map(|order| (order.account, state.reserved_by_waiting(order)));
    for (account, (asset, units)) in orders.chain(triggers) {
        *sums.entry((account, asset)).or_default() += u128::from(units);
    }
    for (key, Balance { free, reserved }) in &state.balances {
        let sum = sums.remove(key).unwrap_or(0);
        ensure(sum == u128::from(*reserved), || format!("{key:?} reserves {reserved}, its orders need {sum}"))?;
        ensure(*free > 0 || *reserved > 0, || format!("{key:?} is empty but there"))?;
        ensure(free.max(reserved) <= &AMOUNT_MAX, || format!("{key:?} holds too much"))?;
    }
    ensure(sums.values().all(|sum| *sum == 0), || format!("orders without funds: {sums:?}"))
}

/// F-7: the balances of an asset sum to its total. F-8: no total exceeds its bounds.
fn funds_are_conserved(state: &State) -> Result<(), String> {
    let mut sums: BTreeMap<AssetId, u128> = BTreeMap::new();
    for ((_, asset), balance) in &state.balances {
        *sums.entry(*asset).or_default() += u128::from(balance.free) + u128::from(balance.reserved);
    }
    for (id, asset) in &state.assets {
        let sum = sums.remove(id).unwrap_or(0);
        ensure(sum == u128::from(asset.total), || format!("{id:?}: balances are {sum}, the total {}", asset.total))?;
        ensure(asset.total <= AMOUNT_MAX, || format!("{id:?} holds too much"))?;
    }
    ensure(sums.is_empty(), || format!("balances of unlisted assets: {sums:?}"))
}

/// C-25: the legs of a pair name each other, one rests and one waits, alike in market, side, size, expiry, account.
fn pairs_are_symmetric(state: &State) -> Result<(), String> {
    let mut rests: BTreeMap<OrderId, OrderId> = BTreeMap::new();
    for order in state.orders.values() {
        let Some(other) = order.pair else { continue };
        let Some(Standing::Triggers(place)) = state.standing.get(&other) else {
            return Err(format!("the other leg of {:?} does not wait", order.id));
        };
        let leg = &state.triggers[place];
        let alike = (leg.account, leg.side, leg.lots, leg.expires)
            == (order.account, order.side, order.lots(), order.expires)
            && leg.id.market == order.id.market;
        ensure(alike && leg.pair == Some(order.id), || format!("{:?} and {:?} are no pair", order.id, leg.id))?;
        rests.insert(order.id, other);
    }
    let waits = state.triggers.values().filter(|order| order.pair.is_some()).count();
    ensure(waits == rests.len(), || "a waiting leg has no other leg".to_owned())
}

/// M-9, at the time of the last command.
fn live_books_are_not_crossed(state: &State) -> Result<(), String> {
    for id in state.markets.keys() {
        let live = |side: Side| {
            let mut orders = state.book_side(*id, side);
            orders.find(|order| !state.is_dead(state.last_time, order.account, order.expires)).map(|order| order.limit)
        };
        if let (Some(buy), Some(sell)) = (live(Side::Buy), live(Side::Sell)) {
            ensure(buy < sell, || format!("{id:?} is crossed: {buy:?} against {sell:?}"))?;
        }
    }
    Ok(())
}

/// M-12, M-14: no trigger of a market that is not pending is due at its last price.
fn nothing_is_due(state: &State) -> Result<(), String> {
    for (id, market) in state.markets.iter().filter(|(_, market)| market.pending.is_none()) {
        let due = state.first_due(*id, market.last_price, market.last_price);
        ensure(due.is_none(), || format!("{:?} is due at {:?}", due.map(|due| due.id), market.last_price))?;
    }
    Ok(())
}
