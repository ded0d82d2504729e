//! Orders and triggers as leaves (SPEC K-3 to K-6).

use ashlar_book::{PendingTrigger, Resting};
use ashlar_state::Key;
use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{ClientId, Direction, MarketId, OrderKind, PostOnly, Price, Rank, SelfTrade, Side, TimeInForce};

use super::keys;
use super::words::{account_id, lots, time, word};

const PAIRED: u64 = 1 << 4;
const MOVED: u64 = 1 << 5;

const NORMAL: u64 = (1 << PRICE_BITS) - 1;

fn self_trade(bits: u64) -> SelfTrade {
    match bits & 3 {
        0 => SelfTrade::CancelNewest,
        1 => SelfTrade::CancelOldest,
        2 => SelfTrade::CancelBoth,
        _ => SelfTrade::Decrement,
    }
}

fn post_only(bits: u64) -> PostOnly {
    match bits & 3 {
        0 => PostOnly::No,
        1 => PostOnly::Reject,
        _ => PostOnly::Slide,
    }
}

/// Whether an order stands somewhere else than its id.
#[inline(always)]
pub fn is_moved(order: &Resting) -> bool {
    order.rank != order.id_rank
}

pub fn order_words(order: &Resting) -> [u64; 7] {
    let flags = order.self_trade as u64
        | (order.post_only as u64) << 2
        | if order.paired { PAIRED } else { 0 }
        | if is_moved(order) { MOVED } else { 0 };
    [
        u64::from(order.account.get()) << 32 | flags,
        order.visible.get(),
        order.hidden.get(),
        order.display.get(),
        order.client.0,
        order.expires.get(),
        order.id_rank.get(),
    ]
}

pub fn read_order(key: &Key, w: &[u64]) -> Resting {
    let [_, place, rank] = *key.words();
    let side = Side::from_bit(place >> PRICE_BITS);
    let flags = word(w, 0);
    let price = side.denormalise(place & NORMAL);
    Resting {
        account: account_id(flags >> 32),
        side,
        price,
        rank: Rank::new(rank),
        id_rank: Rank::new(word(w, 6)),
        visible: lots(word(w, 1)),
        hidden: lots(word(w, 2)),
        display: lots(word(w, 3)),
        expires: time(word(w, 5)),
        client: ClientId(word(w, 4)),
        self_trade: self_trade(flags),
        post_only: post_only(flags >> 2),
        paired: flags & PAIRED != 0,
    }
}

pub fn trigger_words(order: &PendingTrigger) -> [u64; 6] {
    let flags = order.self_trade as u64
        | (order.side as u64) << 2
        | u64::from(order.kind == OrderKind::Market) << 3
        | u64::from(order.time_in_force == TimeInForce::ImmediateOrCancel) << 4
        | u64::from(order.paired) << 5;
    [
        u64::from(order.account.get()) << 32 | flags,
        order.lots.get(),
        order.limit.get(),
        order.reserve_at.get(),
        order.client.0,
        order.expires.get(),
    ]
}

pub fn read_trigger(key: &Key, w: &[u64]) -> PendingTrigger {
    let [_, place, rank] = *key.words();
    let direction = if place >> PRICE_BITS & 1 == 1 { Direction::Rises } else { Direction::Falls };
    let flags = word(w, 0);
    PendingTrigger {
        account: account_id(flags >> 32),
        direction,
        trigger: keys::denormalise_trigger(direction, place & NORMAL),
        rank: Rank::new(rank),
        side: Side::from_bit(flags >> 2),
        limit: Price::saturating(word(w, 2)),
        reserve_at: Price::saturating(word(w, 3)),
        lots: lots(word(w, 1)),
        kind: if flags >> 3 & 1 == 1 { OrderKind::Market } else { OrderKind::Limit },
        time_in_force: if flags >> 4 & 1 == 1 { TimeInForce::ImmediateOrCancel } else { TimeInForce::Rest },
        self_trade: self_trade(flags),
        paired: flags >> 5 & 1 == 1,
        expires: time(word(w, 5)),
        client: ClientId(word(w, 4)),
    }
}

/// The key of a resting order.
pub fn order_key(market: MarketId, order: &Resting) -> Key {
    keys::order(market, order.side, order.price, order.rank)
}

/// The key of a waiting order.
pub fn trigger_key(market: MarketId, order: &PendingTrigger) -> Key {
    keys::trigger(market, order.direction, order.trigger, order.rank)
}

/// Whether a key is of the ordered kind and half that another one is of: same market, same side or direction.
#[inline(always)]
pub fn same_line(one: &Key, other: &Key) -> bool {
    let ([kind, place, _], [other_kind, other_place, _]) = (one.words(), other.words());
    kind == other_kind && place >> PRICE_BITS == other_place >> PRICE_BITS
}
