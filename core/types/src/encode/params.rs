use super::layout::{encode_enum, encode_struct};
use crate::ids::{AccountId, Address, AssetId, MarketId};
use crate::params::{AssetTerms, FeeTier, MarketRules, MarketState, MarketTerms, ParamChange};
use crate::quantity::{Amount, Lots, Ppm, Price};

encode_enum!(MarketState as "market state" {
    0 => Open,
    1 => PostOnly,
    2 => CancelOnly,
    3 => Halted,
    4 => Delisting,
});

encode_struct!(MarketTerms { base: AssetId, quote: AssetId, base_per_lot: u64, quote_per_tick: u64, fee_cap: Ppm });

encode_struct!(MarketRules { lots_min: Lots, lots_max: Lots, band: Ppm, collar: Ppm, orders_max: u32, schedule: u8 });

encode_struct!(FeeTier { maker: Ppm, maker_rebate: Ppm, taker: Ppm });

encode_struct!(AssetTerms { token: Address, scale_digits: u8, total_max: Amount });

encode_enum!(ParamChange as "parameter change" {
    0 => ListAsset { asset: AssetId, terms: AssetTerms },
    1 => ListMarket { market: MarketId, terms: MarketTerms, rules: MarketRules, reference: Price },
    2 => SetMarketRules { market: MarketId, rules: MarketRules },
    3 => SetMarketState { market: MarketId, state: MarketState },
    4 => SetFees { schedule: u8, tier: u8, fees: FeeTier },
    5 => SetTier { account: AccountId, tier: u8 },
    6 => SetFrozen { account: AccountId, frozen: bool },
});
