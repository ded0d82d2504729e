//! Where each leaf lives (SPEC K-3, K-5 and the table of kinds).

use ashlar_state::Key;
use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{AccountId, Address, AssetId, Direction, MarketId, OrderId, Price, Rank, Side};

use crate::store::NonceLane;

pub const EXCHANGE: u64 = 0x01;
pub const ASSET: u64 = 0x02;
pub const MARKET: u64 = 0x03;
pub const LIVE: u64 = 0x04;
pub const FEES: u64 = 0x05;
pub const OWNER: u64 = 0x06;
pub const ACCOUNT: u64 = 0x07;
pub const ACCOUNT_OWNER: u64 = 0x08;
pub const SESSION_KEY: u64 = 0x09;
pub const NONCES: u64 = 0x0A;
pub const BALANCE: u64 = 0x0B;
pub const COUNT: u64 = 0x0C;
pub const MOVED: u64 = 0x0D;
pub const PAIR: u64 = 0x0E;
pub const ORDER: u64 = 0x80;
pub const TRIGGER: u64 = 0x81;
pub const END: u64 = 0xFF;

/// The slot number under which the owner's nonces are kept.
const OWNER_LANE: u64 = 255;

#[inline(always)]
const fn key(kind: u64, one: u64, two: u64) -> Key {
    Key::new([kind << 56, one, two])
}

pub const fn exchange() -> Key {
    key(EXCHANGE, 0, 0)
}

pub const fn asset(asset: AssetId) -> Key {
    key(ASSET, asset.get() as u64, 0)
}

pub const fn market(market: MarketId) -> Key {
    key(MARKET, market.get() as u64, 0)
}

pub const fn live(market: MarketId) -> Key {
    key(LIVE, market.get() as u64, 0)
}

pub const fn fees(schedule: u8, tier: u8) -> Key {
    key(FEES, schedule as u64, tier as u64)
}

/// The address takes the last twenty bytes of the key.
pub fn owner(owner: Address) -> Key {
    let mut bytes = [0; 24];
    bytes[4..].copy_from_slice(&owner.0);
    bytes[0] = OWNER as u8;
    Key::from_bytes(&bytes)
}

pub const fn account(account: AccountId) -> Key {
    key(ACCOUNT, account.get() as u64, 0)
}

pub const fn account_owner(account: AccountId) -> Key {
    key(ACCOUNT_OWNER, account.get() as u64, 0)
}

pub const fn session_key(account: AccountId, slot: ashlar_types::KeySlot) -> Key {
    key(SESSION_KEY, account.get() as u64, slot.get() as u64)
}

pub const fn nonces(account: AccountId, lane: NonceLane) -> Key {
    let slot = match lane {
        NonceLane::Slot(slot) => slot.get() as u64,
        NonceLane::Owner => OWNER_LANE,
    };
    key(NONCES, account.get() as u64, slot)
}

pub const fn balance(account: AccountId, asset: AssetId) -> Key {
    key(BALANCE, account.get() as u64, asset.get() as u64)
}

pub const fn count(account: AccountId, market: MarketId) -> Key {
    key(COUNT, account.get() as u64, market.get() as u64)
}

pub const fn moved(id: OrderId) -> Key {
    let bits = id.to_u128();
    key(MOVED, (bits >> 64) as u64, bits as u64)
}

pub const fn pair(id: OrderId) -> Key {
    let bits = id.to_u128();
    key(PAIR, (bits >> 64) as u64, bits as u64)
}

/// A place in the ordered kinds, from its two words.
pub const fn place(kind: u64, high: u64, rank: u64) -> Key {
    key(kind, high, rank)
}

/// The first word of a place: market, side or direction, normalised price (SPEC K-3).
#[inline(always)]
pub const fn place_word(market: MarketId, second_half: bool, normal: u64) -> u64 {
    (market.get() as u64) << 48 | (second_half as u64) << PRICE_BITS | normal
}

pub const fn order(market: MarketId, side: Side, price: Price, rank: Rank) -> Key {
    key(ORDER, place_word(market, matches!(side, Side::Sell), side.normalise(price)), rank.get())
}

pub const fn trigger(market: MarketId, direction: Direction, price: Price, rank: Rank) -> Key {
    let rises = matches!(direction, Direction::Rises);
    key(TRIGGER, place_word(market, rises, normalise_trigger(direction, price)), rank.get())
}

/// The sentinel before the orders of a side.
pub const fn book_sentinel(market: MarketId, side: Side) -> Key {
    key(ORDER, place_word(market, matches!(side, Side::Sell), 0), 0)
}

/// The sentinel before the triggers of a direction.
pub const fn trigger_sentinel(market: MarketId, direction: Direction) -> Key {
    key(TRIGGER, place_word(market, matches!(direction, Direction::Rises), 0), 0)
}

pub const fn end() -> Key {
    key(END, 0, 0)
}

/// A trigger price turned so that the one that fires first is the smallest (SPEC K-2).
pub const fn normalise_trigger(direction: Direction, price: Price) -> u64 {
    match direction {
        Direction::Rises => price.get(),
        Direction::Falls => ((1 << PRICE_BITS) - 1) - price.get(),
    }
}

/// The trigger price behind a normalised one.
pub const fn denormalise_trigger(direction: Direction, normal: u64) -> Price {
    match direction {
        Direction::Rises => Price::saturating(normal),
        Direction::Falls => Price::saturating(((1u64 << PRICE_BITS) - 1).saturating_sub(normal)),
    }
}
