//! The state of an engine as the door says it, read from the leaves that docs/spec/keys.md lays out.

use std::collections::BTreeMap;

use ashlar_api::door::{AccountFacts, AssetFacts, HeldKey, Holding, MarketFacts, OpenOrder, Place, Standing};
use ashlar_harness::{Engine, HotEngine};
use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, ClientId, Direction, KeySlot, Lots, MarketId, MarketRules,
    MarketState, MarketTerms, OrderId, PostOnly, Ppm, Price, Rank, Scopes, SelfTrade, Sequence, Side, Time, Trigger,
};

const PRICE_MASK: u64 = (1 << 47) - 1;

/// Leaves by kind and the two other words of their keys.
pub struct Leaves(BTreeMap<(u64, u64, u64), Vec<u64>>);

impl Leaves {
    pub fn of(engine: &HotEngine) -> Leaves {
        let leaves = engine.leaves().into_iter().map(|(key, words)| {
            let [kind, one, two] = *key.words();
            ((kind >> 56, if kind >> 56 == 6 { kind & 0xFFFF_FFFF } else { one }, two), words)
        });
        Leaves(leaves.collect())
    }

    fn kind(&self, kind: u64) -> impl Iterator<Item = (u64, u64, &Vec<u64>)> {
        self.0.range((kind, 0, 0)..(kind + 1, 0, 0)).map(|((_, one, two), words)| (*one, *two, words))
    }

    pub fn time(&self) -> Time {
        Time::new(self.0[&(1, 0, 0)][1]).expect("a time")
    }

    pub fn standing(&self) -> Standing {
        let asset = |(id, _, w): (u64, u64, &Vec<u64>)| AssetFacts {
            id: AssetId::new(id as u16).expect("an asset"),
            terms: AssetTerms {
                token: address(w[0], w[1], w[2] >> 32),
                scale_digits: w[2] as u8,
                total_max: amount(w[3]),
            },
        };
        let dead_men = self.kind(7).filter(|(_, _, w)| w[1] != Time::NEVER.get());
        Standing {
            next: Sequence::new(self.0[&(1, 0, 0)][0]),
            time: self.time(),
            assets: self.kind(2).map(asset).collect(),
            markets: self.kind(3).map(|(id, _, words)| self.market(id, words)).collect(),
            fees: Vec::new(),
            orders: self.orders(),
            dead_men: dead_men.map(|(id, _, w)| (account(id), Time::new(w[1]).expect("a time"))).collect(),
        }
    }

    fn market(&self, id: u64, w: &[u64]) -> MarketFacts {
        let live = &self.0[&(4, id, 0)];
        let asset = |number: u64| AssetId::new(number as u16).expect("an asset");
        const STATES: [MarketState; 5] = [
            MarketState::Open,
            MarketState::PostOnly,
            MarketState::CancelOnly,
            MarketState::Halted,
            MarketState::Delisting,
        ];
        MarketFacts {
            id: MarketId::new(id as u16).expect("a market"),
            terms: MarketTerms {
                base: asset(w[0] >> 24),
                quote: asset(w[0] >> 8 & 0xFFFF),
                base_per_lot: w[1],
                quote_per_tick: w[2],
                fee_cap: Ppm((w[6] >> 32) as u32),
            },
            rules: MarketRules {
                lots_min: lots(w[3]),
                lots_max: lots(w[4]),
                band: Ppm((w[5] >> 32) as u32),
                collar: Ppm(w[5] as u32),
                orders_max: w[6] as u32,
                schedule: w[0] as u8,
            },
            state: STATES[(live[2] >> 34) as usize],
            halted: live[2] >> 33 & 1 == 1,
            cascade_pending: live[2] >> 32 & 1 == 1,
            last: Price::saturating(live[1]),
        }
    }

    pub fn orders(&self) -> Vec<OpenOrder> {
        let resting = self.kind(0x80).filter(|(_, rank, _)| *rank != 0).map(|(place, rank, w)| resting(place, rank, w));
        let waiting = self.kind(0x81).filter(|(_, rank, _)| *rank != 0).map(|(place, rank, w)| waiting(place, rank, w));
        resting.chain(waiting).collect()
    }

    /// Whether an order is dead (SPEC C-27).
    pub fn is_dead(&self, order: &OpenOrder) -> bool {
        let dead_man = self.0[&(7, u64::from(order.account.get()), 0)][1];
        self.time() >= order.expires || self.time().get() >= dead_man
    }

    pub fn account(&self, id: AccountId) -> Option<AccountFacts> {
        let number = u64::from(id.get());
        let standing = self.0.get(&(7, number, 0))?;
        let owner = self.0.get(&(8, number, 0))?;
        let nonce = |slot: u64| self.0.get(&(0x0A, number, slot)).map_or(0, |w| w[0]);
        let of =
            |kind: u64| self.0.range((kind, number, 0)..=(kind, number, u64::MAX)).map(|((_, _, two), w)| (*two, w));
        let holding = |(asset, w): (u64, &Vec<u64>)| Holding {
            asset: AssetId::new(asset as u16).expect("an asset"),
            free: amount(w[0]),
            reserved: amount(w[1]),
        };
        let key = |(slot, w): (u64, &Vec<u64>)| {
            let mut public = [0; 32];
            for (bytes, word) in public.chunks_mut(8).zip(w) {
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            HeldKey {
                slot: KeySlot::new(slot as u8).expect("a slot"),
                public,
                scopes: Scopes((w[4] >> 32) as u8),
                epoch: w[4] as u32,
                expires: Time::new(w[5]).expect("a time"),
                nonce: nonce(slot),
            }
        };
        Some(AccountFacts {
            next: Sequence::new(self.0[&(1, 0, 0)][0]),
            owner: address(owner[0], owner[1], owner[2]),
            stopped: standing[0] >> 40 & 1 == 1,
            frozen: standing[0] >> 41 & 1 == 1,
            tier: (standing[0] >> 32) as u8,
            orders: standing[0] as u32,
            dead_man: Time::new(standing[1]).expect("a time"),
            holdings: of(0x0B).map(holding).collect(),
            keys: of(9).map(key).collect(),
            owner_nonce: nonce(255),
        })
    }

    pub fn accounts_of(&self, owner: Address) -> Vec<AccountId> {
        let owns = |(_, _, w): &(u64, u64, &Vec<u64>)| address(w[0], w[1], w[2]) == owner;
        self.kind(8).filter(owns).map(|(id, _, _)| account(id)).collect()
    }
}

fn resting(place: u64, rank: u64, w: &[u64]) -> OpenOrder {
    let side = Side::from_bit(place >> 47);
    let price = side.denormalise(place & PRICE_MASK);
    OpenOrder {
        id: OrderId { market: market(place), side, price, rank: Rank::new(w[6]) },
        account: account(w[0] >> 32),
        client: ClientId(w[4]),
        place: Place::Resting { rank: Rank::new(rank), price },
        visible: lots(w[1]),
        hidden: lots(w[2]),
        display: lots(w[3]),
        post_only: [PostOnly::No, PostOnly::Reject, PostOnly::Slide][(w[0] >> 2 & 3) as usize],
        self_trade: self_trade(w[0]),
        expires: Time::new(w[5]).expect("a time"),
    }
}

fn waiting(place: u64, rank: u64, w: &[u64]) -> OpenOrder {
    let (side, limit) = (Side::from_bit(w[0] >> 2), Price::saturating(w[2]));
    let (direction, price) = match place >> 47 & 1 {
        0 => (Direction::Falls, Price::saturating(PRICE_MASK - (place & PRICE_MASK))),
        _ => (Direction::Rises, Price::saturating(place & PRICE_MASK)),
    };
    OpenOrder {
        id: OrderId { market: market(place), side, price: limit, rank: Rank::new(rank) },
        account: account(w[0] >> 32),
        client: ClientId(w[4]),
        place: Place::Waiting(Trigger { direction, price }),
        visible: lots(w[1]),
        hidden: Lots::ZERO,
        display: Lots::ZERO,
        post_only: PostOnly::No,
        self_trade: self_trade(w[0]),
        expires: Time::new(w[5]).expect("a time"),
    }
}

fn market(place: u64) -> MarketId {
    MarketId::new((place >> 48) as u16).expect("a market")
}

fn self_trade(flags: u64) -> SelfTrade {
    [SelfTrade::CancelNewest, SelfTrade::CancelOldest, SelfTrade::CancelBoth, SelfTrade::Decrement]
        [(flags & 3) as usize]
}

fn account(number: u64) -> AccountId {
    AccountId::new(number as u32).expect("an account")
}

fn lots(number: u64) -> Lots {
    Lots::new(number).expect("lots")
}

fn amount(units: u64) -> Amount {
    Amount::new(units).expect("an amount")
}

fn address(high: u64, middle: u64, low: u64) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..16].copy_from_slice(&middle.to_be_bytes());
    bytes[16..].copy_from_slice(&(low as u32).to_be_bytes());
    Address(bytes)
}
