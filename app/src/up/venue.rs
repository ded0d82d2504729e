//! What the demo exchange trades, and how it is listed: through governance, like everything that is ever listed.

use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall as _;
use anyhow::{Result, bail};
use ashlar_api::door::AssetName;
use ashlar_batch::entry_bytes;
use ashlar_contracts::abi::{IBridge, IGovernance};
use ashlar_settlement::Handle;
use ashlar_settlement::fees::Urgency;
use ashlar_settlement::outbox::{GasLimit, Intent, IntentId, IntentStatus, Outcome};
use ashlar_types::{
    AssetId, FeeTier, InboxEntry, InboxIndex, Lots, MarketId, MarketRules, MarketTerms, ParamChange, Ppm, Price, Time,
};

use super::bank::Bank;
use super::deployment::Deployment;

/// The kind, index, time and change in front of an entry's terms (SPEC B-32).
const BEFORE_TERMS: usize = 1 + 8 + 6 + 1;

/// An asset of the demo.
#[derive(Clone, Debug)]
pub struct Coin {
    /// Its number in the exchange.
    pub asset: AssetId,
    /// Its contract; zero for ether.
    pub token: Address,
    /// Decimal digits between L1's unit and the exchange's.
    scale_digits: u8,
    /// What the faucet gives, in units of L1.
    pub faucet: U256,
}

/// A market of the demo.
#[derive(Clone, Copy, Debug)]
pub struct DemoMarket {
    /// Its number.
    pub market: MarketId,
    terms: MarketTerms,
    /// The price it begins at.
    pub reference: u64,
    /// The size of a usual order.
    pub lots: u64,
}

/// What is listed.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Assets.
    pub coins: Vec<Coin>,
    /// Markets.
    pub markets: Vec<DemoMarket>,
}

/// The names of the demo's assets.
pub fn names() -> Vec<(AssetId, AssetName)> {
    [("ETH", 9), ("USDX", 6), ("ASH", 9)]
        .into_iter()
        .zip(0..)
        .map(|((name, decimals), id)| (asset(id), (name.to_owned(), decimals)))
        .collect()
}

fn asset(id: u16) -> AssetId {
    AssetId::new(id).unwrap_or(AssetId::FIRST)
}

fn market(id: u16) -> MarketId {
    MarketId::new(id).unwrap_or(MarketId::FIRST)
}

/// Two markets: ether in hundredths of a dollar for thousandths of ether, and a token in thousandths for tenths.
fn markets() -> Vec<DemoMarket> {
    let terms = |base, base_per_lot, quote_per_tick| MarketTerms {
        base: asset(base),
        quote: asset(1),
        base_per_lot,
        quote_per_tick,
        fee_cap: Ppm(1_000),
    };
    vec![
        DemoMarket { market: market(0), terms: terms(0, 1_000_000, 10), reference: 300_000, lots: 500 },
        DemoMarket { market: market(1), terms: terms(2, 100_000_000, 100), reference: 12_500, lots: 100 },
    ]
}

fn rules() -> MarketRules {
    MarketRules {
        lots_min: lots(1),
        lots_max: lots(1_000_000_000),
        band: Ppm(500_000),
        collar: Ppm(50_000),
        orders_max: 1_000,
        schedule: 0,
    }
}

fn lots(count: u64) -> Lots {
    Lots::new(count).unwrap_or(Lots::ZERO)
}

/// Lists whatever is not listed yet: each step has a name, and a name is done once.
pub async fn list(client: &mut Handle, deployment: &Deployment, bank: &Bank) -> Result<Listed> {
    let usdx = bank.token(0, "USDX", 6).await?;
    let ash = bank.token(1, "ASH", 18).await?;
    bank.fill(&[usdx, ash]).await?;
    let ten = |digits: u32| U256::from(10).pow(U256::from(digits));
    let coins = vec![
        Coin { asset: asset(0), token: Address::ZERO, scale_digits: 9, faucet: ten(18) * U256::from(25) },
        Coin { asset: asset(1), token: usdx, scale_digits: 0, faucet: ten(6) * U256::from(100_000) },
        Coin { asset: asset(2), token: ash, scale_digits: 9, faucet: ten(18) * U256::from(5_000) },
    ];
    let listed = Listed { coins, markets: markets() };
    govern(client, deployment, &calls(&listed)).await?;
    Ok(listed)
}

/// The calls of the bridge that list everything, each with its name.
fn calls(listed: &Listed) -> Vec<(String, Vec<u8>)> {
    let mut calls = Vec::new();
    for Coin { asset, token, scale_digits, .. } in &listed.coins {
        // Half of what the numbers can hold, so that sums of two never leave them.
        let (scale, most) = (*scale_digits, u64::MAX >> 2);
        let call = IBridge::listAssetCall { asset: asset.get(), token: *token, scaleDigits: scale, totalMax: most };
        calls.push((format!("list asset {}", asset.get()), call.abi_encode()));
    }
    for demo in &listed.markets {
        let reference = Price::new(demo.reference).unwrap_or(Price::MIN);
        let change = ParamChange::ListMarket { market: demo.market, terms: demo.terms, rules: rules(), reference };
        let call = IBridge::listMarketCall { terms: terms_of(change) };
        calls.push((format!("list market {}", demo.market.get()), call.abi_encode()));
    }
    let fees = FeeTier { maker: Ppm(100), maker_rebate: Ppm(0), taker: Ppm(400) };
    let change = ParamChange::SetFees { schedule: 0, tier: 0, fees };
    let call = IBridge::changeParameterCall { change: SET_FEES, terms: terms_of(change) };
    calls.push(("set fees".to_owned(), call.abi_encode()));
    calls
}

/// Change 4 of SPEC B-32.
const SET_FEES: u8 = 4;

fn terms_of(change: ParamChange) -> Bytes {
    let entry = entry_bytes(InboxIndex::new(0), Time::ZERO, &InboxEntry::Param(change));
    Bytes::copy_from_slice(entry.get(BEFORE_TERMS..).unwrap_or_default())
}

/// Schedules and executes calls through the timelock, whose delays are zero on a development chain.
async fn govern(client: &mut Handle, deployment: &Deployment, calls: &[(String, Vec<u8>)]) -> Result<()> {
    let (governance, bridge) = (deployment.addresses().governance, deployment.addresses().bridge);
    let salt = B256::ZERO;
    let mut last = None;
    for (name, data) in calls {
        let data = Bytes::copy_from_slice(data);
        let schedule = IGovernance::scheduleCall { target: bridge, value: U256::ZERO, data: data.clone(), salt };
        client.send(intent(&format!("schedule: {name}"), governance, schedule.abi_encode())).await?;
        let execute = IGovernance::executeCall { target: bridge, value: U256::ZERO, data, salt };
        let execute = intent(name, governance, execute.abi_encode());
        last = Some(execute.id);
        client.send(execute).await?;
    }
    match last {
        Some(last) => mined(client, last, "listing").await,
        None => Ok(()),
    }
}

fn intent(name: &str, to: Address, input: Vec<u8>) -> Intent {
    Intent {
        id: IntentId(keccak256(format!("ashlar demo: {name}"))),
        label: name.to_owned(),
        to: Some(to),
        value: U256::ZERO,
        input: input.into(),
        blob_content: Bytes::new(),
        gas: GasLimit::Fixed(1_500_000),
        urgency: Urgency::NextBlock,
    }
}

/// Waits until something is in a block.
async fn mined(client: &mut Handle, id: IntentId, what: &str) -> Result<()> {
    loop {
        match client.intent(id).await? {
            Some(IntentStatus::Mined { succeeded: true, .. } | IntentStatus::Ended(Outcome::Succeeded { .. })) => {
                return Ok(());
            }
            Some(IntentStatus::Mined { tx, .. }) | Some(IntentStatus::Ended(Outcome::Reverted { tx, .. })) => {
                bail!("{what} was refused on L1, in transaction {tx}")
            }
            Some(IntentStatus::Ended(Outcome::NotDone { reason })) => bail!("{what} was not done: {reason}"),
            Some(IntentStatus::Queued | IntentStatus::Sent { .. }) => {
                tokio::time::sleep(Duration::from_millis(100)).await
            }
            None => bail!("{what} was forgotten"),
        }
    }
}
