//! Funds, counts and signers.

use std::collections::BTreeMap;

use crate::ensure;
use crate::state::{Of, State, is_upper, market_of, price_of};

const AMOUNT_MAX: u64 = 1 << 63;

/// F-7, F-8, K-7: the balances of an asset sum to its total, and none is empty or of something that is not there.
pub fn are_conserved(state: &State) -> Result<(), String> {
    let mut sums: BTreeMap<u64, u128> = BTreeMap::new();
    for ((account, asset), (free, reserved)) in &state.balances {
        ensure(state.accounts.contains_key(account), || format!("a balance of account {account}"))?;
        ensure(free | reserved != 0, || format!("an empty balance of {account} in {asset}"))?;
        ensure(*free.max(reserved) <= AMOUNT_MAX, || format!("{account} holds too much of {asset}"))?;
        *sums.entry(*asset).or_default() += u128::from(*free) + u128::from(*reserved);
    }
    for (asset, total) in &state.assets {
        let sum = sums.remove(asset).unwrap_or(0);
        ensure(sum == u128::from(*total) && *total <= AMOUNT_MAX, || format!("{asset}: {sum} of {total}"))?;
    }
    ensure(sums.is_empty(), || format!("balances of assets that are not listed: {sums:?}"))
}

/// F-2, C-25: what is reserved is the sum over open orders; of a pair, what the waiting leg reserves.
pub fn are_reserved(state: &State) -> Result<(), String> {
    let mut sums: BTreeMap<Of, u128> = BTreeMap::new();
    for order in state.orders.values().filter(|order| !order.is_paired()) {
        let market = &state.markets[&market_of(order.place)];
        let (asset, units) = market.reserved(is_upper(order.place), price_of(order.place), order.lots());
        *sums.entry((order.account, asset)).or_default() += units;
    }
    for order in state.triggers.values() {
        let market = &state.markets[&market_of(order.place)];
        let (asset, units) = market.reserved(order.is_sell(), order.reserve_at, order.lots);
        *sums.entry((order.account, asset)).or_default() += units;
    }
    for (of, (_, reserved)) in &state.balances {
        let sum = sums.remove(of).unwrap_or(0);
        ensure(sum == u128::from(*reserved), || format!("{of:?} reserves {reserved}, its orders need {sum}"))?;
    }
    ensure(sums.is_empty(), || format!("orders without funds: {sums:?}"))
}

/// The three counts of orders, and K-7 for the smallest of them.
pub fn are_counted(state: &State) -> Result<(), String> {
    let (mut both, mut accounts, mut markets) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let orders = state.orders.values().map(|order| (order.account, market_of(order.place)));
    for (account, market) in orders.chain(state.triggers.values().map(|order| (order.account, market_of(order.place))))
    {
        *both.entry((account, market)).or_insert(0_u64) += 1;
        *accounts.entry(account).or_insert(0_u64) += 1;
        *markets.entry(market).or_insert(0_u64) += 1;
    }
    ensure(both == state.counts, || format!("counts are {:?}, orders say {both:?}", state.counts))?;
    for (account, (counted, _)) in &state.accounts {
        let sum = accounts.remove(account).unwrap_or(0);
        ensure(sum == *counted && sum <= 4_096, || format!("account {account} has {sum} orders, not {counted}"))?;
    }
    for (number, market) in &state.markets {
        let (sum, counted) = (markets.remove(number).unwrap_or(0), market.orders());
        ensure(sum == counted && sum <= 1 << 21, || format!("market {number} has {sum} orders, not {counted}"))?;
    }
    ensure(accounts.is_empty() && markets.is_empty(), || format!("orders of nobody: {accounts:?} {markets:?}"))
}

/// Accounts are numbered from 0, each has an owner, and each owner is led to the first of theirs.
pub fn are_owned(state: &State) -> Result<(), String> {
    let opened = state.exchange[4];
    ensure(state.accounts.keys().copied().eq(0..opened), || format!("accounts are not those below {opened}"))?;
    ensure(state.owners.keys().copied().eq(0..opened), || format!("owners are not those below {opened}"))?;
    let mut first: BTreeMap<[u64; 3], u64> = BTreeMap::new();
    for (account, owner) in &state.owners {
        first.entry(*owner).or_insert(*account);
    }
    ensure(first == state.first, || format!("first accounts are {:?}, owners say {first:?}", state.first))
}

/// C-4, K-7, K-8: a window has its highest nonce, and nothing at or below zero; a slot with nonces or a key has an epoch.
pub fn are_signed_for(state: &State) -> Result<(), String> {
    for ((account, lane), (highest, used)) in &state.nonces {
        let sound = *highest > 0 && used & 1 == 1 && (*highest >= 128 || used >> highest == 0);
        ensure(sound, || format!("the nonces of {account} {lane} are {highest} {used:b}"))?;
        ensure(state.accounts.contains_key(account), || format!("nonces of account {account}"))?;
        let has_key = *lane == 255 || state.keys.contains_key(&(*account, *lane));
        ensure(has_key, || format!("nonces of {account} in slot {lane}, which never held a key"))?;
    }
    for ((account, slot), words) in &state.keys {
        let (is_set, epoch) = (words[..4] != [0; 4], words[4] & 0xFFFF_FFFF);
        let sound = epoch > 0 && (is_set || (words[4] >> 32 == 0 && words[5] == 0)) && *slot < 8;
        ensure(sound && state.accounts.contains_key(account), || format!("the key of {account} in {slot}: {words:?}"))?;
    }
    Ok(())
}
