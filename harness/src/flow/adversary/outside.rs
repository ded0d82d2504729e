//! The world of the adversary, and what comes into it through the inbox.

use ashlar_types::{
    Amount, AssetId, AssetTerms, FeeTier, InboxEntry, InboxIndex, Input, MarketId, MarketState, ParamChange, Ppm,
    Price, Scopes,
};

use super::super::setup::{rules, terms};
use super::super::{Venue, account_of, owner_of};
use super::model::{NEXT, Repair};
use super::{Adversary, time};

/// Accounts funded at the start; their owners have the same numbers.
pub const OWNERS: u32 = 8;
/// The last of them that have much; the others have next to nothing.
pub const RICH: [u32; 2] = [7, 8];
/// No more accounts are opened than so many.
pub const ACCOUNTS_MAX: u32 = 60;
/// Assets listed at the start.
pub const ASSETS: u16 = 3;
/// Markets listed at the start.
pub const MARKETS: u16 = 6;
/// The one of them with hardly a price above nothing.
pub const CHEAP: u16 = 4;
/// The one of them that episodes have for themselves.
pub const ARENA: u16 = 5;
/// No market beyond this is listed.
const MARKETS_END: u64 = 40;
/// Where all of them begin to trade.
pub const REFERENCE: u64 = 100;

/// The world: one roomy market, one with little room, one between other assets, one of huge units, one of the lowest
/// prices, one for episodes.
pub fn venue(beginning: u64) -> Venue {
    let mut venue = Venue::new(time(beginning));
    let asset = |number| AssetId::new(number).expect("few assets");
    let reference = Price::saturating(REFERENCE);
    for number in 0..ASSETS {
        venue.asset(asset(number));
    }
    for (number, terms, rules) in standard_markets() {
        let reference = if number.get() == CHEAP { Price::saturating(2) } else { reference };
        venue.market(number, terms, rules, reference);
    }
    let fees = |maker, rebate, taker| FeeTier { maker: Ppm(maker), maker_rebate: Ppm(rebate), taker: Ppm(taker) };
    venue.fees(0, 0, fees(1_000, 0, 2_500));
    venue.fees(0, 1, fees(0, 1_500, 2_000));
    venue.fees(0, 2, fees(20_000, 0, 20_000));
    for number in 1..=OWNERS {
        let (base, quote) = if RICH.contains(&number) { (50_000_000, 5_000_000_000) } else { (400, 9_000) };
        venue.deposit(number, asset(0), quote);
        venue.deposit(number, asset(1), base);
        venue.deposit(number, asset(2), base);
        for slot in 0..2 {
            let slot = ashlar_types::KeySlot::new(slot).expect("few slots");
            venue.key(number, slot, if slot.get() == 0 { Scopes::ALL } else { Scopes(3) });
        }
    }
    venue.tier(2, 1);
    venue.tier(3, 2);
    venue.tier(7, 1);
    venue
}

/// A market to be listed later.
pub fn new_market(market: MarketId) -> ParamChange {
    let asset = |number| AssetId::new(number).expect("few assets");
    let (terms, rules) = (terms(asset(1), asset(0), 1, 1), rules(300, 300_000, 100_000, 30, 0));
    ParamChange::ListMarket { market, terms, rules, reference: Price::saturating(REFERENCE) }
}

type Market = (MarketId, ashlar_types::MarketTerms, ashlar_types::MarketRules);

fn standard_markets() -> [Market; MARKETS as usize] {
    let asset = |number| AssetId::new(number).expect("few assets");
    let market = |number| MarketId::new(number).expect("few markets");
    [
        (market(0), terms(asset(1), asset(0), 3, 1), rules(5_000, 500_000, 80_000, 3_000, 0)),
        (market(1), terms(asset(2), asset(0), 1, 2), rules(300, 60_000, 20_000, 4, 1)),
        (market(2), terms(asset(2), asset(1), 2, 1), rules(5_000, 900_000, 300_000, 60, 0)),
        (market(CHEAP), terms(asset(1), asset(0), 2, 10), rules(400, 999_999, 500_000, 60, 0)),
        (market(ARENA), terms(asset(1), asset(0), 2, 1), rules(5_000, 500_000, 80_000, 3_000, 0)),
        (market(3), terms(asset(1), asset(0), 1 << 40, 1 << 45), rules(1 << 40, 500_000, 500_000, 60, 2)),
    ]
}

impl Adversary {
    /// An entry of the inbox, rarely one out of order.
    pub(super) fn inbox(&mut self) -> Input {
        let entry = self.entry();
        self.numbered(entry)
    }

    /// A change of parameters as the next entry.
    pub(super) fn param(&mut self, change: ParamChange) -> Input {
        Input::Inbox { index: NEXT, time: time(self.shown), entry: InboxEntry::Param(change) }
    }

    fn numbered(&mut self, entry: InboxEntry) -> Input {
        let now = self.shown;
        let (index, when) = match self.random.weighted(&[940, 30, 30]) {
            0 => (NEXT, now),
            1 => {
                let off = *self.random.pick(&[1, 2, 7]);
                let next = self.model.inbox;
                let index = if self.random.permille(500) { next + off } else { next.saturating_sub(off) };
                (InboxIndex::new(index), now)
            }
            _ => (NEXT, if self.random.permille(500) { now + self.random.between(1, 900) } else { now / 2 }),
        };
        Input::Inbox { index, time: time(when), entry }
    }

    fn entry(&mut self) -> InboxEntry {
        let account = self.some_account();
        let owner = owner_of(if self.random.permille(900) { account.get() } else { self.random.below(20) as u32 });
        let small = Amount::new(2_000).expect("a small amount");
        match self.random.weighted(&[500, 40, 40, 100, 20, 300]) {
            0 => InboxEntry::Deposit {
                owner,
                account: if self.random.permille(400) { Some(account) } else { None },
                asset: self.some_asset(),
                // Once in a while more than any asset has room for.
                amount: if self.random.permille(30) { Amount::MAX } else { self.some_amount().min(small) },
            },
            1 => InboxEntry::ForcedCancelAll { owner, account },
            2 => InboxEntry::ForcedWithdraw { owner, account, asset: self.some_asset(), amount: self.some_amount() },
            3 => InboxEntry::RegisterKey { owner, account, grant: self.grant() },
            4 => InboxEntry::RevokeKey { owner, account, slot: self.some_slot() },
            _ => InboxEntry::Param(self.change()),
        }
    }

    /// A change of parameters; what gets in the way of a lively flow is changed back later.
    fn change(&mut self) -> ParamChange {
        let market = self.some_market();
        match self.random.weighted(&[5, 18, 30, 25, 20, 10, 8]) {
            0 => {
                let asset = AssetId::new(self.random.below(6) as u16).expect("few assets");
                let scale_digits = self.random.below(20) as u8;
                let total_max = self.some_amount();
                ParamChange::ListAsset { asset, terms: AssetTerms { token: owner_of(9), scale_digits, total_max } }
            }
            1 => self.listing(),
            2 => self.other_rules(market),
            3 => {
                let states = [MarketState::PostOnly, MarketState::CancelOnly, MarketState::Open, MarketState::Halted];
                let state = *self.random.pick(&states);
                let delists = market.get() >= MARKETS && self.random.permille(500);
                let state = if delists { MarketState::Delisting } else { state };
                let open = ParamChange::SetMarketState { market, state: MarketState::Open };
                self.model.broken(Repair::Parameter(open));
                ParamChange::SetMarketState { market, state }
            }
            4 => {
                let rate = |most: u64| Ppm(most as u32);
                let (maker, taker) = (self.random.below(20_100), self.random.below(20_100));
                let rebate = self.random.below(taker + 1);
                let fees = if self.random.permille(500) {
                    FeeTier { maker: rate(maker), maker_rebate: Ppm(0), taker: rate(taker) }
                } else {
                    FeeTier { maker: Ppm(0), maker_rebate: rate(rebate), taker: rate(taker) }
                };
                ParamChange::SetFees {
                    schedule: self.random.below(3) as u8,
                    tier: self.random.below(4) as u8 * if self.random.permille(20) { 8 } else { 1 },
                    fees,
                }
            }
            5 => ParamChange::SetTier {
                account: self.some_account(),
                tier: self.random.below(4) as u8 * if self.random.permille(20) { 8 } else { 1 },
            },
            _ => {
                let account = account_of(self.random.between(1, u64::from(OWNERS)) as u32);
                self.model.broken(Repair::Parameter(ParamChange::SetFrozen { account, frozen: false }));
                ParamChange::SetFrozen { account: self.some_account_or(account), frozen: true }
            }
        }
    }

    fn some_account_or(&mut self, account: ashlar_types::AccountId) -> ashlar_types::AccountId {
        if self.random.permille(50) { self.some_account() } else { account }
    }

    /// A new market, sometimes one that is listed or cannot be.
    fn listing(&mut self) -> ParamChange {
        let market = MarketId::new(self.random.below(MARKETS_END) as u16).expect("forty markets can be listed");
        let (base, quote) = (self.some_asset(), self.some_asset());
        if self.random.permille(800) {
            return new_market(market);
        }
        let mut terms = terms(base, quote, self.random.below(5), self.random.below(3));
        terms.fee_cap = Ppm(self.random.below(20_100) as u32);
        let (band, collar) = (self.random.below(1_000_100) as u32, self.random.below(1_000_100) as u32);
        let rules =
            rules(self.random.below(400), band, collar, self.random.below(50) as u32, self.random.below(17) as u8);
        ParamChange::ListMarket { market, terms, rules, reference: Price::saturating(self.random.between(1, 200)) }
    }

    fn other_rules(&mut self, market: MarketId) -> ParamChange {
        if let Some((market, _, usual)) = standard_markets().into_iter().find(|(standard, ..)| *standard == market) {
            self.model.broken(Repair::Parameter(ParamChange::SetMarketRules { market, rules: usual }));
        }
        let (band, collar) = (self.random.below(1_000_100) as u32, self.random.below(500_000) as u32);
        let mut rules =
            rules(self.random.below(30), band, collar, self.random.below(8) as u32, self.random.below(17) as u8);
        rules.lots_min = ashlar_types::Lots::new(self.random.below(4)).expect("few lots");
        ParamChange::SetMarketRules { market, rules }
    }
}
