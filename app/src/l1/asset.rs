//! An asset of the exchange, as the bridge and its token say it.

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, Result, bail};
use ashlar_contracts::abi::IBridge;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::rpc::RpcL1;
use ashlar_types::AssetId;

use super::amount::coins;
use crate::rebuild::{ask, try_ask};

alloy::sol! {
    function decimals() external view returns (uint8);
    function symbol() external view returns (string);
    function balanceOf(address owner) external view returns (uint256);
    function allowance(address owner, address spender) external view returns (uint256);
}

/// Digits of a coin whose token says nothing about them.
const DECIMALS: u8 = 18;
/// Assets that are looked at when one is not listed.
const LOOKED_AT: u16 = 16;
/// What of a token's name is shown.
const SYMBOL_MAX: usize = 12;

/// A listed asset.
#[derive(Clone, Debug)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its contract; zero for ether.
    pub token: Address,
    /// What it is called there.
    pub symbol: String,
    /// Digits behind the point of a coin.
    pub decimals: u8,
    /// Digits between the smallest unit on L1 and the exchange's unit.
    pub scale: u8,
    /// The most that the bridge holds, in the exchange's units.
    pub total_max: u64,
    /// What it holds now.
    pub held: u64,
}

impl Asset {
    /// The asset of this number.
    pub async fn find(l1: &RpcL1, bridge: Address, number: u16) -> Result<Asset> {
        if let Some(asset) = Asset::look(l1, bridge, number).await? {
            return Ok(asset);
        }
        let mut listed = Vec::new();
        for other in 0..LOOKED_AT {
            if let Some(asset) = Asset::look(l1, bridge, other).await? {
                listed.push(format!("{other} is {}", asset.symbol));
            }
        }
        let listed = if listed.is_empty() { "no asset is, yet".to_owned() } else { listed.join(", ") };
        bail!("asset {number} is not listed at the bridge {bridge}: {listed}")
    }

    /// The asset of this number, if it is listed.
    pub async fn look(l1: &RpcL1, bridge: Address, number: u16) -> Result<Option<Asset>> {
        let Some(id) = AssetId::new(number) else { bail!("there is no asset {number}; numbers are smaller") };
        let at = BlockAt::Latest;
        let said = ask(l1, at, bridge, &IBridge::assetCall { id: number }).await?;
        if !said.listed {
            return Ok(None);
        }
        let (symbol, decimals) = if said.token.is_zero() {
            ("ETH".to_owned(), DECIMALS)
        } else {
            let symbol = try_ask(l1, at, said.token, &symbolCall {}).await?;
            let shown = |name: String| name.chars().filter(char::is_ascii_graphic).take(SYMBOL_MAX).collect();
            let decimals = try_ask(l1, at, said.token, &decimalsCall {}).await?;
            (symbol.map_or_else(|| said.token.to_string(), shown), decimals.unwrap_or(DECIMALS))
        };
        let (token, scale, total_max, held) = (said.token, said.scaleDigits, said.totalMax, said.held);
        Ok(Some(Asset { id, token, symbol, decimals, scale, total_max, held }))
    }

    /// Whether it is ether.
    pub fn is_ether(&self) -> bool {
        self.token.is_zero()
    }

    /// Units of L1 in one of the exchange.
    pub fn unit(&self) -> U256 {
        U256::from(10).pow(U256::from(self.scale))
    }

    /// Units of L1 as those of the exchange, if they are a whole number of them.
    pub fn inside(&self, units: U256) -> Result<u64> {
        let (whole, rest) = units.div_rem(self.unit());
        if !rest.is_zero() {
            let least = coins(self.unit(), self.decimals);
            bail!("the exchange counts {} in steps of {least}; {} is none", self.symbol, coins(units, self.decimals));
        }
        u64::try_from(whole).ok().filter(|whole| *whole <= 1 << 63).context("that is more than the exchange can count")
    }

    /// Units of the exchange as a person reads them.
    pub fn said(&self, inside: u64) -> String {
        format!("{} {}", coins(U256::from(inside).saturating_mul(self.unit()), self.decimals), self.symbol)
    }

    /// What an account has of it on L1.
    pub async fn balance(&self, l1: &RpcL1, of: Address) -> Result<U256> {
        ask(l1, BlockAt::Latest, self.token, &balanceOfCall { owner: of }).await
    }

    /// What the bridge may take from an account.
    pub async fn allowance(&self, l1: &RpcL1, owner: Address, bridge: Address) -> Result<U256> {
        ask(l1, BlockAt::Latest, self.token, &allowanceCall { owner, spender: bridge }).await
    }
}
