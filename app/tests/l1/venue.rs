//! What the exchange of these stories trades, and the calls of governance that list it.

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall as _;
use ashlar_batch::entry_bytes;
use ashlar_contracts::abi::{IBridge, IGovernance};
use ashlar_settlement::contract::Addresses;
use ashlar_types::{
    AssetId, FeeTier, InboxEntry, InboxIndex, Lots, MarketId, MarketRules, MarketTerms, ParamChange, Ppm, Price, Time,
};

/// The kind, index, time and change in front of an entry's terms (SPEC B-32).
const BEFORE_TERMS: usize = 1 + 8 + 6 + 1;
/// Entries of the inbox that listing makes.
pub const ENTRIES: u64 = 4;

/// Calls of the bridge that list ether, a token and a market between them, and set a fee.
fn calls(token: Address) -> [Bytes; ENTRIES as usize] {
    let most = u64::MAX >> 2;
    let ether = IBridge::listAssetCall { asset: 0, token: Address::ZERO, scaleDigits: 9, totalMax: most };
    let token = IBridge::listAssetCall { asset: 1, token, scaleDigits: 0, totalMax: most };
    let fees = FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(400) };
    let market = IBridge::listMarketCall { terms: terms_of(market()) };
    let fees = IBridge::changeParameterCall {
        change: 4,
        terms: terms_of(ParamChange::SetFees { schedule: 0, tier: 0, fees }),
    };
    [ether.abi_encode(), token.abi_encode(), market.abi_encode(), fees.abi_encode()].map(Bytes::from)
}

/// What governance is called with, one after the other: each call of the bridge is scheduled and then executed.
pub fn governed(addresses: &Addresses, token: Address) -> Vec<Bytes> {
    let (target, value, salt) = (addresses.bridge, U256::ZERO, B256::ZERO);
    let both = |data: Bytes| {
        let schedule = IGovernance::scheduleCall { target, value, data: data.clone(), salt }.abi_encode();
        let execute = IGovernance::executeCall { target, value, data, salt }.abi_encode();
        [Bytes::from(schedule), Bytes::from(execute)]
    };
    calls(token).into_iter().flat_map(both).collect()
}

/// Ether in hundredths of a dollar, for thousandths of ether.
fn market() -> ParamChange {
    let lots = |count| Lots::new(count).expect("lots");
    let terms = MarketTerms {
        base: AssetId::FIRST,
        quote: AssetId::new(1).expect("an asset"),
        base_per_lot: 1_000_000,
        quote_per_tick: 10,
        fee_cap: Ppm(1_000),
    };
    let rules = MarketRules {
        lots_min: lots(1),
        lots_max: lots(1_000_000_000),
        band: Ppm(500_000),
        collar: Ppm(50_000),
        orders_max: 1_000,
        schedule: 0,
    };
    let reference = Price::new(200_000).expect("a price");
    ParamChange::ListMarket { market: MarketId::FIRST, terms, rules, reference }
}

fn terms_of(change: ParamChange) -> Bytes {
    let entry = entry_bytes(InboxIndex::new(0), Time::ZERO, &InboxEntry::Param(change));
    Bytes::copy_from_slice(&entry[BEFORE_TERMS..])
}
