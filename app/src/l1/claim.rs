//! `ashlar claim`: money out, of batches that are final.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use alloy::primitives::Address;
use anyhow::{Result, bail};
use ashlar_contracts::abi::IBridge;
use ashlar_settlement::l1::BlockAt;
use ashlar_settlement::signer::Signer as _;
use ashlar_settlement::user;
use ashlar_types::BatchNumber;
use commonware_runtime::tokio as runtime;
use serde_json::json;

use super::arguments::ClaimArguments;
use super::asset::Asset;
use super::history::{Claimable, open, replay};
use super::place::Found;
use super::send::{Sender, say, with_journal};
use super::standing::Standing;
use crate::rebuild::ask;

/// Runs it.
pub fn run(arguments: &ClaimArguments) -> Result<()> {
    with_journal(&arguments.sending, |context| claim(context, arguments.clone()))
}

async fn claim(context: runtime::Context, arguments: ClaimArguments) -> Result<()> {
    let key = arguments.key.open()?;
    let owner = arguments.owner.unwrap_or(key.address());
    let recipient = recipient(arguments.recipient, owner, key.address())?;
    let found = arguments.place.find().await?;
    let standing = Standing::of(&found).await?;
    let opened = open(&arguments.place, &arguments.data, &found).await?;
    let replayed = replay(opened, BatchNumber::new(standing.finalized), Some(owner)).await?;
    let mut open = unclaimed(&found, replayed.claimable).await?;
    open.retain(|claimable| arguments.index.is_none_or(|index| claimable.withdrawal.index.get() == index));
    if open.is_empty() {
        let which = arguments.index.map_or_else(String::new, |index| format!(" of index {index}"));
        bail!(
            "{owner} has no withdrawal{which} that can be claimed: {} batches are final of {}, and what they paid out to it is claimed",
            standing.finalized,
            standing.committed
        );
    }
    let names = Names::of(&found, open.iter().map(|claimable| claimable.withdrawal.asset.get())).await?;
    if arguments.dry_run {
        return open.iter().try_for_each(|claimable| say(&planned(claimable, &names, arguments.json)));
    }
    let mut sender = Sender::open(context, &found, key, &arguments.sending, arguments.json).await?;
    for claimable in &open {
        say(&planned(claimable, &names, arguments.json))?;
        let Claimable { batch, withdrawal, proof } = claimable;
        let paid = recipient.unwrap_or_else(|| withdrawal.to.0.into());
        sender.send(user::claim(found.addresses.bridge, *batch, withdrawal, proof, paid)).await?;
    }
    Ok(())
}

/// Who is paid instead of the owner; only the owner may say so.
pub fn recipient(asked: Option<Address>, owner: Address, key: Address) -> Result<Option<Address>> {
    match asked {
        Some(recipient) if recipient != owner && key != owner => {
            bail!(
                "only {owner} may have somebody else paid, and the key is {key}'s; leave --recipient out or use that key"
            )
        }
        asked => Ok(asked),
    }
}

/// Those that were not claimed.
pub async fn unclaimed(found: &Found, claimable: Vec<Claimable>) -> Result<Vec<Claimable>> {
    let mut open = Vec::new();
    for one in claimable {
        let question = IBridge::isClaimedCall { index: one.withdrawal.index.get() };
        if !ask(&found.l1, BlockAt::Latest, found.addresses.bridge, &question).await? {
            open.push(one);
        }
    }
    Ok(open)
}

/// Assets by their numbers, so that amounts can be said.
pub struct Names(BTreeMap<u16, Asset>);

impl Names {
    /// Of these.
    pub async fn of(found: &Found, numbers: impl IntoIterator<Item = u16>) -> Result<Names> {
        let mut names = BTreeMap::new();
        for number in numbers {
            if let Entry::Vacant(vacant) = names.entry(number) {
                vacant.insert(Asset::find(&found.l1, found.addresses.bridge, number).await?);
            }
        }
        Ok(Names(names))
    }

    /// An amount in coins.
    pub fn said(&self, asset: u16, inside: u64) -> String {
        self.0.get(&asset).map_or_else(|| format!("{inside} of asset {asset}"), |asset| asset.said(inside))
    }
}

/// One that is claimed, in words.
pub fn planned(claimable: &Claimable, names: &Names, json: bool) -> String {
    let Claimable { batch, withdrawal, .. } = claimable;
    let (index, asset, units) = (withdrawal.index.get(), withdrawal.asset.get(), withdrawal.amount.get());
    let (to, amount) = (Address::from(withdrawal.to.0), names.said(asset, units));
    if json {
        let (batch, units) = (batch.get(), units.to_string());
        return json!({
            "claim": index, "batch": batch, "owner": to, "asset": asset, "units": units, "amount": amount,
        })
        .to_string();
    }
    format!("claim        withdrawal {index} of batch {}: {amount} for {to}", batch.get())
}
