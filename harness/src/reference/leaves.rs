//! The state as leaves (docs/spec/keys.md).
//!
//! Fields that share a word are listed from the most significant one and end at the lowest bit (K-1).

use std::collections::BTreeMap;

use ashlar_state::Key;
use ashlar_types::{Address, OrderId, PostOnly, SelfTrade, Side};

use super::nonces::Window;
use super::orders::{Place, Resting, Standing, Waiting, place_of_id};
use super::state::{Account, Asset, Market, Slot, State};

const ORDER: u8 = 0x80;
const TRIGGER: u8 = 0x81;
/// The second word of the owner's own nonces.
const OWNER_SLOT: u64 = 255;

type Leaves = BTreeMap<Key, Vec<u64>>;

/// Every leaf of the state.
pub fn leaves(state: &State) -> Leaves {
    let mut leaves = Leaves::new();
    put(&mut leaves, 0x01, [0, 0], exchange(state));
    put(&mut leaves, 0xFF, [0, 0], vec![0]);
    listings(state, &mut leaves);
    accounts(state, &mut leaves);
    orders(state, &mut leaves);
    leaves
}

fn key(kind: u8, w1: u64, w2: u64) -> Key {
    Key::new([u64::from(kind) << 56, w1, w2])
}

fn put(leaves: &mut Leaves, kind: u8, [w1, w2]: [u64; 2], words: Vec<u64>) {
    put_at(leaves, key(kind, w1, w2), words);
}

fn put_at(leaves: &mut Leaves, key: Key, words: Vec<u64>) {
    let before = leaves.insert(key, words);
    assert!(before.is_none(), "no two facts share a leaf");
}

fn exchange(state: &State) -> Vec<u64> {
    vec![
        state.next_sequence,
        state.last_time.get(),
        state.inbox_cursor,
        state.last_inbox_time.get(),
        state.accounts.len() as u64,
        state.withdrawals,
    ]
}

/// Assets, markets with their sentinels, fees.
fn listings(state: &State, leaves: &mut Leaves) {
    for (id, asset) in &state.assets {
        put(leaves, 0x02, [u64::from(id.get()), 0], asset_words(asset));
    }
    for (id, market) in &state.markets {
        put(leaves, 0x03, [u64::from(id.get()), 0], terms_words(market));
        put(leaves, 0x04, [u64::from(id.get()), 0], live_words(market));
        for kind in [ORDER, TRIGGER] {
            for bit in [0, 1] {
                put(leaves, kind, Place::sentinel(*id, bit).words(), vec![0]);
            }
        }
    }
    for ((schedule, tier), fees) in &state.fees {
        let words = vec![pack(&[(fees.maker.0.into(), 32), (fees.maker_rebate.0.into(), 32)]), fees.taker.0.into()];
        put(leaves, 0x05, [u64::from(*schedule), u64::from(*tier)], words);
    }
}

fn accounts(state: &State, leaves: &mut Leaves) {
    for (owner, first) in &state.owners {
        let [a, b, c] = last_20_bytes(owner);
        put_at(leaves, Key::new([0x06 << 56 | a, b, c]), vec![first.get().into()]);
    }
    for (id, account) in &state.accounts {
        put(leaves, 0x07, [id.get().into(), 0], account_words(account));
        put(leaves, 0x08, [id.get().into(), 0], address_words(&account.owner).to_vec());
    }
    for ((account, slot), held) in &state.slots {
        put(leaves, 0x09, [account.get().into(), slot.get().into()], slot_words(held));
    }
    for ((account, slot), window) in &state.nonces {
        let slot = slot.map_or(OWNER_SLOT, |slot| slot.get().into());
        put(leaves, 0x0A, [account.get().into(), slot], nonce_words(window));
    }
    for ((account, asset), balance) in &state.balances {
        put(leaves, 0x0B, [account.get().into(), asset.get().into()], vec![balance.free, balance.reserved]);
    }
    for ((account, market), count) in &state.counts {
        put(leaves, 0x0C, [account.get().into(), market.get().into()], vec![u64::from(*count)]);
    }
}

/// Orders and triggers, and what leads to them and joins them.
fn orders(state: &State, leaves: &mut Leaves) {
    for (place, order) in &state.orders {
        put(leaves, ORDER, place.words(), order_words(order));
        put_pair(leaves, order.id, order.pair);
    }
    for (place, order) in &state.triggers {
        put(leaves, TRIGGER, place.words(), trigger_words(order));
        put_pair(leaves, order.id, order.pair);
    }
    for (id, standing) in &state.standing {
        let first = place_of_id(*id);
        let (kind, place) = match standing {
            Standing::Book(place) => (ORDER, place),
            Standing::Triggers(place) => (TRIGGER, place),
        };
        if kind != ORDER || *place != first {
            let [w1, w2] = place.words();
            put(leaves, 0x0D, first.words(), vec![kind.into(), w1, w2]);
        }
    }
}

fn put_pair(leaves: &mut Leaves, id: OrderId, other: Option<OrderId>) {
    if let Some(other) = other {
        put(leaves, 0x0E, place_of_id(id).words(), place_of_id(other).words().to_vec());
    }
}

/// Fields of one word, the most significant first, each with its width.
fn pack(fields: &[(u64, u32)]) -> u64 {
    fields.iter().fold(0, |word, (field, bits)| {
        assert!(field >> bits == 0, "the field fits its {bits} bits");
        word << bits | field
    })
}

/// An address as 8, 8 and 4 bytes.
fn address_words(address: &Address) -> [u64; 3] {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    [number(&address.0[..8]), number(&address.0[8..16]), number(&address.0[16..])]
}

/// An address as 4, 8 and 8 bytes: the last 20 of a key.
fn last_20_bytes(address: &Address) -> [u64; 3] {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
    [number(&address.0[..4]), number(&address.0[4..12]), number(&address.0[12..])]
}

fn asset_words(asset: &Asset) -> Vec<u64> {
    let [a, b, c] = address_words(&asset.terms.token);
    vec![a, b, pack(&[(c, 32), (asset.terms.scale_digits.into(), 32)]), asset.terms.total_max.get(), asset.total]
}

fn terms_words(market: &Market) -> Vec<u64> {
    let Market { terms, rules, .. } = market;
    vec![
        pack(&[(terms.base.get().into(), 16), (terms.quote.get().into(), 16), (rules.schedule.into(), 8)]),
        terms.base_per_lot,
        terms.quote_per_tick,
        rules.lots_min.get(),
        rules.lots_max.get(),
        pack(&[(rules.band.0.into(), 32), (rules.collar.0.into(), 32)]),
        pack(&[(terms.fee_cap.0.into(), 32), (rules.orders_max.into(), 32)]),
    ]
}

fn live_words(market: &Market) -> Vec<u64> {
    let state = [
        (market.state as u64, 8),
        (market.halted.into(), 1),
        (market.pending.is_some().into(), 1),
        (market.orders.into(), 32),
    ];
    let (low, high) = market.pending.map_or((0, 0), |(low, high)| (low.get(), high.get()));
    vec![market.next_rank, market.last_price.get(), pack(&state), low, high]
}

fn account_words(account: &Account) -> Vec<u64> {
    let flags = u64::from(account.stopped) | u64::from(account.frozen) << 1;
    vec![pack(&[(flags, 8), (account.tier.into(), 8), (account.orders.into(), 32)]), account.dead_man.get()]
}

fn slot_words(slot: &Slot) -> Vec<u64> {
    let (public, scopes, expires) =
        slot.key.map_or(([0; 32], 0, 0), |key| (key.public, key.scopes.0, key.expires.get()));
    let (chunks, _) = public.as_chunks::<8>();
    let mut words: Vec<u64> = chunks.iter().map(|bytes| u64::from_be_bytes(*bytes)).collect();
    words.extend([pack(&[(scopes.into(), 8), (slot.epoch.into(), 32)]), expires]);
    words
}

fn nonce_words(window: &Window) -> Vec<u64> {
    let bits = window.bits();
    vec![window.highest, (bits >> 64) as u64, bits as u64]
}

fn order_words(order: &Resting) -> Vec<u64> {
    let moved = order.place() != place_of_id(order.id);
    let post_only = match order.post_only {
        PostOnly::No => 0,
        PostOnly::Reject => 1,
        PostOnly::Slide => 2,
    };
    let flags = self_trade_bits(order.self_trade)
        | post_only << 2
        | u64::from(order.pair.is_some()) << 4
        | u64::from(moved) << 5;
    vec![
        pack(&[(order.account.get().into(), 32), (flags, 32)]),
        order.visible,
        order.hidden,
        order.display,
        order.client.0,
        order.expires.get(),
        order.id.rank.get(),
    ]
}

fn trigger_words(order: &Waiting) -> Vec<u64> {
    let flags = self_trade_bits(order.self_trade)
        | u64::from(order.side == Side::Sell) << 2
        | u64::from(order.market_order) << 3
        | u64::from(order.immediate) << 4
        | u64::from(order.pair.is_some()) << 5;
    vec![
        pack(&[(order.account.get().into(), 32), (flags, 32)]),
        order.lots,
        order.limit.get(),
        order.reserve_price.get(),
        order.client.0,
        order.expires.get(),
    ]
}

fn self_trade_bits(mode: SelfTrade) -> u64 {
    match mode {
        SelfTrade::CancelNewest => 0,
        SelfTrade::CancelOldest => 1,
        SelfTrade::CancelBoth => 2,
        SelfTrade::Decrement => 3,
    }
}
