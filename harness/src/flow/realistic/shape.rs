//! What a realistic flow is made of.

use ashlar_types::{AssetId, FeeTier, KeySlot, MarketId, Ppm, Price, Scopes, Time};

use super::super::Venue;
use super::super::setup::{rules, terms};

/// Base assets; the markets share them.
const BASES: u16 = 4;
/// What an account is funded with in each asset, unless there are so many accounts that they share less.
const FUNDS: u64 = 10_000_000_000_000;
/// What all accounts together are funded with in an asset, at most.
const FUNDS_ALL: u64 = 8_000_000_000_000_000_000;

/// How much of each kind of command a flow has, in parts of their sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
    /// Limit orders, a few of them crossing, post-only, iceberg or of limited life.
    pub place: u64,
    /// Cancels of live orders.
    pub cancel: u64,
    /// Replaces of live orders.
    pub replace: u64,
    /// Reductions of live orders.
    pub reduce: u64,
    /// Immediate limit and market orders, a few fill-or-kill.
    pub take: u64,
    /// Mass quotes of makers.
    pub quote: u64,
    /// Stops and take-profits.
    pub stop: u64,
    /// One-cancels-other pairs.
    pub pair: u64,
    /// Cancel-alls of one market.
    pub cancel_all: u64,
}

impl Shares {
    /// Cancels and replaces near half.
    pub const MIXED: Shares = Shares {
        place: 300,
        cancel: 290,
        replace: 180,
        reduce: 15,
        take: 160,
        quote: 30,
        stop: 18,
        pair: 5,
        cancel_all: 2,
    };
    /// Only plain orders, immediate orders, cancels and replaces.
    pub const PLAIN: Shares = Shares {
        place: 330,
        cancel: 290,
        replace: 200,
        reduce: 0,
        take: 180,
        quote: 0,
        stop: 0,
        pair: 0,
        cancel_all: 0,
    };

    /// The weights in the order of the fields.
    pub fn weights(&self) -> [u64; 9] {
        [
            self.place,
            self.cancel,
            self.replace,
            self.reduce,
            self.take,
            self.quote,
            self.stop,
            self.pair,
            self.cancel_all,
        ]
    }

    /// The weights while a book holds more than it should: cancels in place of what rests.
    pub fn leaning_to_cancel(&self) -> [u64; 9] {
        let mut weights = self.weights();
        weights[1] += weights[0] / 2;
        weights[0] /= 2;
        weights
    }
}

/// What a realistic flow is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Where all of its randomness comes from.
    pub seed: u64,
    /// Markets; the first are the busiest.
    pub markets: u16,
    /// Accounts of traders and makers, the house not counted.
    pub accounts: u32,
    /// How much of each kind of command.
    pub shares: Shares,
    /// Orders a book holds when cancels begin to prevail.
    pub depth: u32,
    /// Inputs in a millisecond.
    pub per_ms: u64,
    /// The longest life of an order that expires.
    pub lifetime_ms: u64,
}

impl Shape {
    /// A mixed flow.
    pub fn mixed(seed: u64, markets: u16, accounts: u32) -> Shape {
        Shape { seed, markets, accounts, shares: Shares::MIXED, depth: 2_000, per_ms: 100, lifetime_ms: 60_000 }
    }

    /// Where a market begins to trade.
    pub fn reference(&self, market: u16) -> Price {
        Price::saturating(20_000 + 5_000 * u64::from(market % 7))
    }

    /// Listings, fees, funds and a session key for every account.
    pub fn venue(&self, beginning: u64) -> Venue {
        let mut venue = Venue::new(Time::new(beginning).expect("the beginning is a time"));
        let asset = |number| AssetId::new(number).expect("few assets");
        let bases = self.markets.clamp(1, BASES);
        for number in 0..=bases {
            venue.asset(asset(number));
        }
        for number in 0..self.markets {
            let market = MarketId::new(number).expect("a shape keeps to markets that can be listed");
            let terms = terms(asset(1 + number % bases), asset(0), 1_000, 1);
            venue.market(market, terms, rules(1 << 20, 500_000, 100_000, 4_000, 0), self.reference(number));
        }
        let fees = |maker, rebate, taker| FeeTier { maker: Ppm(maker), maker_rebate: Ppm(rebate), taker: Ppm(taker) };
        venue.fees(0, 0, fees(200, 0, 500));
        venue.fees(0, 1, fees(0, 100, 400));
        let funds = FUNDS.min(FUNDS_ALL / u64::from(self.accounts.max(1)));
        for number in 1..=self.accounts {
            for of in 0..=bases {
                venue.deposit(number, asset(of), funds);
            }
            venue.key(number, KeySlot::default(), Scopes::ALL);
            if number % 10 == 0 {
                venue.tier(number, 1);
            }
        }
        venue
    }
}
