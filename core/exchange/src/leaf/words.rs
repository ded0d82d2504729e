//! What each leaf says, in words (the table of SPEC K-5, with K-1 and K-6).

use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, FeeTier, Lots, MarketRules, MarketState, MarketTerms, Ppm, Price,
    Rank, Scopes, Time,
};

use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};

/// A record that is kept as a leaf.
pub(crate) trait Words: Sized {
    /// Its words, as many as its kind has.
    type Array: AsRef<[u64]>;

    /// Writes it.
    fn to_words(&self) -> Self::Array;
    /// Reads it; words that are missing read as zero.
    fn from_words(words: &[u64]) -> Self;
}

#[inline(always)]
pub fn word(words: &[u64], index: usize) -> u64 {
    words.get(index).copied().unwrap_or(0)
}

pub fn amount(word: u64) -> Amount {
    Amount::new(word).unwrap_or(Amount::MAX)
}

pub fn lots(word: u64) -> Lots {
    Lots::new(word).unwrap_or(Lots::MAX)
}

pub fn time(word: u64) -> Time {
    Time::new(word).unwrap_or(Time::NEVER)
}

pub fn account_id(number: u64) -> AccountId {
    AccountId::new(number as u32).unwrap_or_default()
}

fn asset_id(number: u64) -> AssetId {
    AssetId::new(number as u16).unwrap_or_default()
}

pub fn address_words(address: Address) -> [u64; 3] {
    let mut words = [0; 3];
    for (word, bytes) in words.iter_mut().zip(address.0.chunks(8)) {
        *word = bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    words
}

pub fn address(high: u64, middle: u64, low: u64) -> Address {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..16].copy_from_slice(&middle.to_be_bytes());
    bytes[16..].copy_from_slice(&(low as u32).to_be_bytes());
    Address(bytes)
}

impl Words for Clock {
    type Array = [u64; 6];

    fn to_words(&self) -> [u64; 6] {
        [
            self.next_sequence,
            self.time.get(),
            self.inbox_cursor,
            self.inbox_time.get(),
            u64::from(self.accounts),
            self.withdrawals,
        ]
    }

    fn from_words(w: &[u64]) -> Clock {
        Clock {
            next_sequence: word(w, 0),
            time: time(word(w, 1)),
            inbox_cursor: word(w, 2),
            inbox_time: time(word(w, 3)),
            accounts: word(w, 4) as u32,
            withdrawals: word(w, 5),
        }
    }
}

impl Words for Asset {
    type Array = [u64; 5];

    fn to_words(&self) -> [u64; 5] {
        let [high, middle, low] = address_words(self.terms.token);
        let tail = low << 32 | u64::from(self.terms.scale_digits);
        [high, middle, tail, self.terms.total_max.get(), self.total.get()]
    }

    fn from_words(w: &[u64]) -> Asset {
        let terms = AssetTerms {
            token: address(word(w, 0), word(w, 1), word(w, 2) >> 32),
            scale_digits: word(w, 2) as u8,
            total_max: amount(word(w, 3)),
        };
        Asset { terms, total: amount(word(w, 4)) }
    }
}

impl Words for Market {
    type Array = [u64; 7];

    fn to_words(&self) -> [u64; 7] {
        let Market { terms, rules } = self;
        [
            u64::from(terms.base.get()) << 24 | u64::from(terms.quote.get()) << 8 | u64::from(rules.schedule),
            terms.base_per_lot,
            terms.quote_per_tick,
            rules.lots_min.get(),
            rules.lots_max.get(),
            u64::from(rules.band.0) << 32 | u64::from(rules.collar.0),
            u64::from(terms.fee_cap.0) << 32 | u64::from(rules.orders_max),
        ]
    }

    fn from_words(w: &[u64]) -> Market {
        let first = word(w, 0);
        let terms = MarketTerms {
            base: asset_id(first >> 24),
            quote: asset_id(first >> 8),
            base_per_lot: word(w, 1),
            quote_per_tick: word(w, 2),
            fee_cap: Ppm((word(w, 6) >> 32) as u32),
        };
        let rules = MarketRules {
            lots_min: lots(word(w, 3)),
            lots_max: lots(word(w, 4)),
            band: Ppm((word(w, 5) >> 32) as u32),
            collar: Ppm(word(w, 5) as u32),
            orders_max: word(w, 6) as u32,
            schedule: first as u8,
        };
        Market { terms, rules }
    }
}

impl Words for Live {
    type Array = [u64; 5];

    fn to_words(&self) -> [u64; 5] {
        let (low, high) = self.pending.map_or((0, 0), |(low, high)| (low.get(), high.get()));
        let status = (self.state as u64) << 34
            | u64::from(self.halted) << 33
            | u64::from(self.pending.is_some()) << 32
            | u64::from(self.orders);
        [self.next_rank.get(), self.last.get(), status, low, high]
    }

    fn from_words(w: &[u64]) -> Live {
        let status = word(w, 2);
        let range = (Price::saturating(word(w, 3)), Price::saturating(word(w, 4)));
        Live {
            next_rank: Rank::new(word(w, 0)),
            last: Price::saturating(word(w, 1)),
            state: state(status >> 34),
            halted: status >> 33 & 1 == 1,
            pending: (status >> 32 & 1 == 1).then_some(range),
            orders: status as u32,
        }
    }
}

fn state(number: u64) -> MarketState {
    match number {
        0 => MarketState::Open,
        1 => MarketState::PostOnly,
        2 => MarketState::CancelOnly,
        3 => MarketState::Halted,
        _ => MarketState::Delisting,
    }
}

impl Words for FeeTier {
    type Array = [u64; 2];

    fn to_words(&self) -> [u64; 2] {
        [u64::from(self.maker.0) << 32 | u64::from(self.maker_rebate.0), u64::from(self.taker.0)]
    }

    fn from_words(w: &[u64]) -> FeeTier {
        FeeTier {
            maker: Ppm((word(w, 0) >> 32) as u32),
            maker_rebate: Ppm(word(w, 0) as u32),
            taker: Ppm(word(w, 1) as u32),
        }
    }
}

impl Words for Account {
    type Array = [u64; 2];

    fn to_words(&self) -> [u64; 2] {
        let flags = u64::from(self.stopped) | u64::from(self.frozen) << 1;
        [flags << 40 | u64::from(self.tier) << 32 | u64::from(self.orders), self.dead_man.get()]
    }

    fn from_words(w: &[u64]) -> Account {
        let first = word(w, 0);
        Account {
            stopped: first >> 40 & 1 == 1,
            frozen: first >> 41 & 1 == 1,
            tier: (first >> 32) as u8,
            orders: first as u32,
            dead_man: time(word(w, 1)),
        }
    }
}

impl Words for SessionKey {
    type Array = [u64; 6];

    fn to_words(&self) -> [u64; 6] {
        let mut words = [0; 6];
        for (word, bytes) in words.iter_mut().zip(self.public.chunks(8)) {
            *word = bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        }
        words[4] = u64::from(self.scopes.0) << 32 | u64::from(self.epoch);
        words[5] = self.expires.get();
        words
    }

    fn from_words(w: &[u64]) -> SessionKey {
        let mut public = [0; 32];
        for (index, bytes) in public.chunks_mut(8).enumerate() {
            bytes.copy_from_slice(&word(w, index).to_be_bytes());
        }
        SessionKey {
            public,
            scopes: Scopes((word(w, 4) >> 32) as u8),
            epoch: word(w, 4) as u32,
            expires: time(word(w, 5)),
        }
    }
}

/// A session key without its point.
pub fn key_terms(w: &[u64]) -> KeyTerms {
    KeyTerms {
        scopes: Scopes((word(w, 4) >> 32) as u8),
        epoch: word(w, 4) as u32,
        expires: time(word(w, 5)),
        is_set: word(w, 0) | word(w, 1) | word(w, 2) | word(w, 3) != 0,
    }
}

impl Words for Nonces {
    type Array = [u64; 3];

    fn to_words(&self) -> [u64; 3] {
        [self.highest, (self.used >> 64) as u64, self.used as u64]
    }

    fn from_words(w: &[u64]) -> Nonces {
        Nonces { highest: word(w, 0), used: u128::from(word(w, 1)) << 64 | u128::from(word(w, 2)) }
    }
}

impl Words for Balance {
    type Array = [u64; 2];

    fn to_words(&self) -> [u64; 2] {
        [self.free.get(), self.reserved.get()]
    }

    fn from_words(w: &[u64]) -> Balance {
        Balance { free: amount(word(w, 0)), reserved: amount(word(w, 1)) }
    }
}

impl Words for u32 {
    type Array = [u64; 1];

    fn to_words(&self) -> [u64; 1] {
        [u64::from(*self)]
    }

    fn from_words(w: &[u64]) -> u32 {
        word(w, 0) as u32
    }
}
