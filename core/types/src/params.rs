//! Parameters: what a market, an asset and a fee tier are. They change only through time-locked inbox entries.

use crate::ids::{AccountId, Address, AssetId, MarketId};
use crate::quantity::{Amount, Lots, Ppm, Price};

/// What a market accepts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum MarketState {
    /// Everything.
    Open = 0,
    /// Only orders that rest without trading.
    PostOnly = 1,
    /// Only what makes orders smaller or removes them.
    CancelOnly = 2,
    /// Only what makes orders smaller or removes them, by the operator's own decision; it ends with `Resume`.
    Halted = 3,
    /// Only removal, and anyone may sweep any order; for good.
    Delisting = 4,
}

/// The fixed terms of a market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarketTerms {
    /// What is traded.
    pub base: AssetId,
    /// What it is paid with.
    pub quote: AssetId,
    /// Units of the base asset in one lot.
    pub base_per_lot: u64,
    /// Units of the quote asset that one lot costs per tick of price.
    pub quote_per_tick: u64,
    /// The highest fee this market may ever charge; what buy orders reserve for. Fixed while it is listed.
    pub fee_cap: Ppm,
}

/// The rules of a market that may change while it is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MarketRules {
    /// The smallest order.
    pub lots_min: Lots,
    /// The largest order.
    pub lots_max: Lots,
    /// How far from the reference price a limit may be.
    pub band: Ppm,
    /// How far from the reference price a market order may trade.
    pub collar: Ppm,
    /// How many orders and triggers one account may hold here.
    pub orders_max: u32,
    /// Which fee schedule applies.
    pub schedule: u8,
}

/// The fees of one tier of one schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FeeTier {
    /// What a maker pays.
    pub maker: Ppm,
    /// What a maker is given back; at most what the taker of the same fill pays. One of the two is zero.
    pub maker_rebate: Ppm,
    /// What a taker pays.
    pub taker: Ppm,
}

/// An asset as it is listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AssetTerms {
    /// Its contract on L1; all zero is ether.
    pub token: Address,
    /// Decimal digits between L1's unit and the internal one.
    pub scale_digits: u8,
    /// The most the exchange may hold of it.
    pub total_max: Amount,
}

/// One change of parameters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParamChange {
    /// A new asset.
    ListAsset {
        /// Its id; it must be free.
        asset: AssetId,
        /// What it is.
        terms: AssetTerms,
    },
    /// A new market.
    ListMarket {
        /// Its id; it must be free.
        market: MarketId,
        /// Its fixed terms.
        terms: MarketTerms,
        /// Its first rules.
        rules: MarketRules,
        /// The price that bands and collars refer to until the first trade.
        reference: Price,
    },
    /// Other rules for a market.
    SetMarketRules {
        /// Which.
        market: MarketId,
        /// The new rules.
        rules: MarketRules,
    },
    /// Another state for a market.
    SetMarketState {
        /// Which.
        market: MarketId,
        /// The new state.
        state: MarketState,
    },
    /// Other fees for a tier.
    SetFees {
        /// In which schedule.
        schedule: u8,
        /// Which tier.
        tier: u8,
        /// The new fees.
        fees: FeeTier,
    },
    /// Another tier for an account.
    SetTier {
        /// Whose.
        account: AccountId,
        /// Which.
        tier: u8,
    },
    /// Stop an account's trading, or let it go on.
    SetFrozen {
        /// Whose.
        account: AccountId,
        /// Stop or go on.
        frozen: bool,
    },
}
