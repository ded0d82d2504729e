//! `ashlar deposit`: money in.

use alloy::primitives::aliases::U48;
use alloy::primitives::{Address, U256};
use anyhow::{Context as _, Result, bail};
use ashlar_contracts::abi::{IBridge, ISettlement};
use ashlar_settlement::contract::{Fact, fact};
use ashlar_settlement::l1::{BlockAt, L1 as _, Receipt};
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::user::{UserCall, allow_token, deposit_ether, deposit_token};
use commonware_runtime::tokio as runtime;
use serde_json::json;

use super::amount::coins;
use super::arguments::DepositArguments;
use super::asset::Asset;
use super::place::Found;
use super::send::{Sender, say, with_journal};
use crate::rebuild::ask;

/// Runs it.
pub fn run(arguments: &DepositArguments) -> Result<()> {
    with_journal(&arguments.sending, |context| deposit(context, arguments.clone()))
}

async fn deposit(context: runtime::Context, arguments: DepositArguments) -> Result<()> {
    let key = arguments.key.open()?;
    let found = arguments.place.find().await?;
    let (from, bridge) = (key.address(), found.addresses.bridge);
    let asset = Asset::find(&found.l1, bridge, arguments.asset).await?;
    let amount = arguments.amount.units(asset.decimals)?.context("say how much; `all` is for forced withdrawals")?;
    let inside = asset.inside(amount)?;
    check(&found, &asset, inside).await?;
    let owner = arguments.owner.unwrap_or(from);
    let account = arguments.account;
    let mut sender = Sender::open(context, &found, key, &arguments.sending, arguments.json).await?;
    let call = if asset.is_ether() {
        deposit_ether(bridge, asset.id, owner, account, amount)
    } else {
        allow(&mut sender, &found, &asset, from, amount).await?;
        deposit_token(bridge, asset.token, asset.id, owner, account, amount)
    };
    let receipt = sender.send(call).await?;
    let index = entry(&found, &receipt).await?;
    let said = asset.said(inside);
    say(&if arguments.json {
        let (asset, units) = (asset.id.get(), inside.to_string());
        json!({ "entry": index, "owner": owner, "asset": asset, "credited_units": units, "credited": said }).to_string()
    } else {
        format!("entry        {index} of the inbox: {said} for {owner}; the exchange credits it once its block is safe")
    })
}

/// What the contract would refuse, in a sentence of its own.
async fn check(found: &Found, asset: &Asset, inside: u64) -> Result<()> {
    let settlement = found.addresses.settlement;
    if ask(&found.l1, BlockAt::Latest, settlement, &ISettlement::pausedCall {}).await? {
        bail!("the exchange is paused, and takes no deposits until that is over; `ashlar l1 status` says until when");
    }
    if ask(&found.l1, BlockAt::Latest, found.addresses.bridge, &IBridge::frozenAtCall {}).await? != U48::ZERO {
        bail!("the exchange is frozen, and takes no deposits; `ashlar exit` says what comes next");
    }
    let room = asset.total_max.saturating_sub(asset.held);
    if inside > room {
        bail!("the bridge takes {} more of this asset and no more; deposit less", asset.said(room));
    }
    Ok(())
}

/// Lets the bridge take what it may not take yet.
async fn allow(sender: &mut Sender<'_>, found: &Found, asset: &Asset, from: Address, amount: U256) -> Result<()> {
    let has = asset.balance(&found.l1, from).await?;
    if has < amount {
        let (has, wants) = (coins(has, asset.decimals), coins(amount, asset.decimals));
        bail!("{from} has {has} {} and would deposit {wants}; nothing was sent", asset.symbol);
    }
    if asset.allowance(&found.l1, from, found.addresses.bridge).await? < amount {
        let call: UserCall = allow_token(found.addresses.bridge, asset.token, amount);
        sender.send(call).await?;
    }
    Ok(())
}

/// The place in the inbox that a transaction took.
async fn entry(found: &Found, receipt: &Receipt) -> Result<u64> {
    for log in found.l1.logs(receipt.block_hash, &[found.addresses.bridge]).await? {
        if log.tx == receipt.tx
            && let Some(Fact::EntryAdded(entry)) = fact(&found.addresses, &log)?
        {
            return Ok(entry.index);
        }
    }
    bail!("transaction {} was mined and L1 tells of no entry; ask another node", receipt.tx)
}
