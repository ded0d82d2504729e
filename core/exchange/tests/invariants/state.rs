//! What leaves say (docs/spec/keys.md), read without any of the exchange's own code.

use std::collections::BTreeMap;

use ashlar_state::Key;

pub type Leaves = BTreeMap<Key, Vec<u64>>;
/// The two words of an id or a place.
pub type Pair = (u64, u64);
/// Account and asset, or account and market.
pub type Of = (u64, u64);

const NORMAL: u64 = (1 << 47) - 1;

/// An order in its book.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub place: Pair,
    pub account: u64,
    pub flags: u64,
    pub visible: u64,
    pub hidden: u64,
    pub display: u64,
    pub expires: u64,
    pub id_rank: u64,
}

/// An order that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    pub place: Pair,
    pub account: u64,
    pub flags: u64,
    pub lots: u64,
    pub limit: u64,
    pub reserve_at: u64,
    pub expires: u64,
}

/// The terms of a market and what changes in it.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    pub base: u64,
    pub quote: u64,
    pub base_per_lot: u64,
    pub quote_per_tick: u64,
    pub fee_cap: u64,
    pub next_rank: u64,
    pub last: u64,
    pub status: u64,
}

/// Everything that invariants speak of.
#[derive(Debug, Default)]
pub struct State {
    pub exchange: Vec<u64>,
    /// Totals by asset.
    pub assets: BTreeMap<u64, u64>,
    pub markets: BTreeMap<u64, Market>,
    /// First accounts by the words of the owner's key.
    pub first: BTreeMap<[u64; 3], u64>,
    /// Open orders and dead-man time by account.
    pub accounts: BTreeMap<u64, (u64, u64)>,
    /// Owners by account, as words of a key.
    pub owners: BTreeMap<u64, [u64; 3]>,
    pub balances: BTreeMap<Of, (u64, u64)>,
    pub counts: BTreeMap<Of, u64>,
    pub nonces: BTreeMap<Of, (u64, u128)>,
    pub keys: BTreeMap<Of, Vec<u64>>,
    pub moved: BTreeMap<Pair, (u64, Pair)>,
    pub pairs: BTreeMap<Pair, Pair>,
    pub orders: BTreeMap<Pair, Order>,
    pub triggers: BTreeMap<Pair, Waiting>,
    /// Kinds and places of sentinels.
    pub sentinels: Vec<(u64, Pair)>,
}

/// How many words the value of a kind has.
fn length(kind: u64) -> Option<usize> {
    Some(match kind {
        0x01 | 0x09 => 6,
        0x02 | 0x04 => 5,
        0x03 | 0x80 => 7,
        0x05 | 0x07 | 0x0B | 0x0E => 2,
        0x06 | 0x0C | 0xFF => 1,
        0x08 | 0x0A | 0x0D => 3,
        0x81 => 6,
        _ => return None,
    })
}

impl State {
    /// Reads leaves; a leaf of no kind, or with too many or too few words, is an error.
    pub fn read(leaves: &Leaves) -> Result<State, String> {
        let mut state = State::default();
        for (key, words) in leaves {
            let [first, one, two] = *key.words();
            let kind = first >> 56;
            let is_sentinel = kind >= 0x80 && two == 0 && (kind == 0xFF || one & NORMAL == 0);
            if is_sentinel {
                if words[..] != [0] {
                    return Err(format!("the sentinel {key:?} says {words:?}"));
                }
                state.sentinels.push((kind, (one, two)));
                continue;
            }
            if length(kind) != Some(words.len()) || (kind != 0x06 && first << 8 != 0) {
                return Err(format!("{key:?} is no key of {} words", words.len()));
            }
            state.take(kind, [first, one, two], words);
        }
        Ok(state)
    }

    fn take(&mut self, kind: u64, [first, one, two]: [u64; 3], w: &[u64]) {
        let of = (one, two);
        match kind {
            0x01 => self.exchange = w.to_vec(),
            0x02 => drop(self.assets.insert(one, w[4])),
            0x03 => self.market(one, |market| market.terms(w)),
            0x04 => self.market(one, |m| (m.next_rank, m.last, m.status) = (w[0], w[1], w[2])),
            0x06 => drop(self.first.insert([first << 8 >> 8, one, two], w[0])),
            0x07 => drop(self.accounts.insert(one, (w[0] & 0xFFFF_FFFF, w[1]))),
            0x08 => drop(self.owners.insert(one, owner_key(w))),
            0x09 => drop(self.keys.insert(of, w.to_vec())),
            0x0A => drop(self.nonces.insert(of, (w[0], u128::from(w[1]) << 64 | u128::from(w[2])))),
            0x0B => drop(self.balances.insert(of, (w[0], w[1]))),
            0x0C => drop(self.counts.insert(of, w[0])),
            0x0D => drop(self.moved.insert(of, (w[0], (w[1], w[2])))),
            0x0E => drop(self.pairs.insert(of, (w[0], w[1]))),
            0x80 => drop(self.orders.insert(of, Order::read(of, w))),
            0x81 => drop(self.triggers.insert(of, Waiting::read(of, w))),
            _ => {}
        }
    }

    fn market(&mut self, number: u64, with: impl FnOnce(&mut Market)) {
        with(self.markets.entry(number).or_insert(Market::NONE));
    }

    /// The time of the last command.
    pub fn now(&self) -> u64 {
        self.exchange[1]
    }

    /// Whether an order of this account with this expiry is dead.
    pub fn is_dead(&self, account: u64, expires: u64) -> bool {
        let dead_man = self.accounts.get(&account).map_or(u64::MAX, |account| account.1);
        self.now() >= expires.min(dead_man)
    }
}

/// The address as the last 20 bytes of a key, from words of 8, 8 and 4 bytes.
fn owner_key(w: &[u64]) -> [u64; 3] {
    [w[0] >> 32, w[0] << 32 | w[1] >> 32, w[1] << 32 | w[2]]
}

impl Market {
    const NONE: Market =
        Market { base: 0, quote: 0, base_per_lot: 0, quote_per_tick: 0, fee_cap: 0, next_rank: 0, last: 0, status: 0 };

    fn terms(&mut self, w: &[u64]) {
        (self.base, self.quote) = (w[0] >> 24, w[0] >> 8 & 0xFFFF);
        (self.base_per_lot, self.quote_per_tick, self.fee_cap) = (w[1], w[2], w[6] >> 32);
    }

    /// Orders and triggers it says it holds.
    pub fn orders(&self) -> u64 {
        self.status & 0xFFFF_FFFF
    }

    /// Whether it waits for its cascade.
    pub fn is_pending(&self) -> bool {
        self.status >> 32 & 1 == 1
    }

    /// F-2, and the asset it is about.
    pub fn reserved(&self, is_sell: bool, price: u64, lots: u64) -> (u64, u128) {
        if is_sell {
            return (self.base, u128::from(lots) * u128::from(self.base_per_lot));
        }
        let cost = u128::from(lots) * u128::from(price) * u128::from(self.quote_per_tick);
        (self.quote, cost + (cost * u128::from(self.fee_cap)).div_ceil(1_000_000))
    }
}

/// The price behind a place, K-2: the smaller normalised price of the lower half is the higher price.
pub fn price_of(place: Pair) -> u64 {
    let normal = place.0 & NORMAL;
    if is_upper(place) { normal } else { NORMAL - normal }
}

/// Whether a place is a sell order's, or that of a trigger that waits for a rise.
pub fn is_upper(place: Pair) -> bool {
    place.0 >> 47 & 1 == 1
}

pub fn market_of(place: Pair) -> u64 {
    place.0 >> 48
}

impl Order {
    fn read(place: Pair, w: &[u64]) -> Order {
        let (account, flags) = (w[0] >> 32, w[0] & 0xFFFF_FFFF);
        Order { place, account, flags, visible: w[1], hidden: w[2], display: w[3], expires: w[5], id_rank: w[6] }
    }

    pub fn id(&self) -> Pair {
        (self.place.0, self.id_rank)
    }

    pub fn lots(&self) -> u64 {
        self.visible + self.hidden
    }

    pub fn is_paired(&self) -> bool {
        self.flags >> 4 & 1 == 1
    }
}

impl Waiting {
    fn read(place: Pair, w: &[u64]) -> Waiting {
        let (account, flags) = (w[0] >> 32, w[0] & 0xFFFF_FFFF);
        Waiting { place, account, flags, lots: w[1], limit: w[2], reserve_at: w[3], expires: w[5] }
    }

    pub fn is_sell(&self) -> bool {
        self.flags >> 2 & 1 == 1
    }

    pub fn id(&self) -> Pair {
        let normal = if self.is_sell() { self.limit } else { NORMAL - self.limit };
        (market_of(self.place) << 48 | u64::from(self.is_sell()) << 47 | normal, self.place.1)
    }

    pub fn is_paired(&self) -> bool {
        self.flags >> 5 & 1 == 1
    }
}
