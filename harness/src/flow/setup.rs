//! What an exchange needs before a flow can begin: listings, fees, funds, keys.

use ashlar_types::{
    AccountId, Address, Amount, AssetId, AssetTerms, FeeTier, InboxEntry, InboxIndex, Input, KeyGrant, KeySlot, Lots,
    MarketId, MarketRules, MarketTerms, ParamChange, Ppm, Price, Scopes, Time,
};

use super::Timed;
use crate::engine::Genesis;

/// The address of the owner of this number. The house is number 0, and the account that the owner's first deposit opens
/// has the owner's number as long as deposits come in the order of numbers.
pub fn owner_of(number: u32) -> Address {
    let mut bytes = [0x0A; 20];
    bytes[16..].copy_from_slice(&number.to_be_bytes());
    Address(bytes)
}

/// The account of this number.
pub fn account_of(number: u32) -> AccountId {
    AccountId::new(number).expect("flows keep to accounts that can exist")
}

/// Entries of the inbox, one after another, that make an exchange ready.
#[derive(Clone, Debug)]
pub struct Venue {
    time: Time,
    index: u64,
    entries: Vec<Timed>,
}

impl Venue {
    /// An exchange with nothing but its house.
    pub fn new(time: Time) -> Venue {
        Venue { time, index: 0, entries: Vec::new() }
    }

    /// The genesis it goes with.
    pub fn genesis(&self) -> Genesis {
        Genesis { house_owner: owner_of(0), time: self.time }
    }

    /// The inputs so far, and the index of the next inbox entry.
    pub fn finish(self) -> (Vec<Timed>, u64) {
        (self.entries, self.index)
    }

    /// Adds an entry of the inbox.
    pub fn entry(&mut self, entry: InboxEntry) {
        let input = Input::Inbox { index: InboxIndex::new(self.index), time: self.time, entry };
        self.index += 1;
        self.entries.push((self.time, input));
    }

    /// Lists an asset.
    pub fn asset(&mut self, asset: AssetId) {
        let terms = AssetTerms { token: owner_of(u32::from(asset.get())), scale_digits: 0, total_max: Amount::MAX };
        self.entry(InboxEntry::Param(ParamChange::ListAsset { asset, terms }));
    }

    /// Lists a market.
    pub fn market(&mut self, market: MarketId, terms: MarketTerms, rules: MarketRules, reference: Price) {
        self.entry(InboxEntry::Param(ParamChange::ListMarket { market, terms, rules, reference }));
    }

    /// Sets the fees of a tier.
    pub fn fees(&mut self, schedule: u8, tier: u8, fees: FeeTier) {
        self.entry(InboxEntry::Param(ParamChange::SetFees { schedule, tier, fees }));
    }

    /// Puts an account in a tier.
    pub fn tier(&mut self, number: u32, tier: u8) {
        self.entry(InboxEntry::Param(ParamChange::SetTier { account: account_of(number), tier }));
    }

    /// Funds an owner's first account, opening it with the first deposit.
    pub fn deposit(&mut self, number: u32, asset: AssetId, units: u64) {
        let amount = Amount::new(units).expect("a deposit is an amount");
        self.entry(InboxEntry::Deposit { owner: owner_of(number), account: None, asset, amount });
    }

    /// Registers a session key of the account of this number; the first key of a slot is in its epoch 1.
    pub fn key(&mut self, number: u32, slot: KeySlot, scopes: Scopes) {
        let grant = KeyGrant { slot, public: [number as u8 | 1; 32], scopes, expires: Time::NEVER };
        self.entry(InboxEntry::RegisterKey { owner: owner_of(number), account: account_of(number), grant });
    }
}

/// Terms of a market between two assets, with a fee cap of 1%.
pub fn terms(base: AssetId, quote: AssetId, base_per_lot: u64, quote_per_tick: u64) -> MarketTerms {
    MarketTerms { base, quote, base_per_lot, quote_per_tick, fee_cap: Ppm(10_000) }
}

/// Rules of a market with sizes from one lot to this many.
pub fn rules(lots_max: u64, band: u32, collar: u32, orders_max: u32, schedule: u8) -> MarketRules {
    let lots = |number| Lots::new(number).expect("sizes are numbers of lots");
    MarketRules {
        lots_min: lots(1),
        lots_max: lots(lots_max),
        band: Ppm(band),
        collar: Ppm(collar),
        orders_max,
        schedule,
    }
}
