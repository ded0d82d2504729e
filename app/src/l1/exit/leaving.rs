use alloy::primitives::{Address, B256, Bytes};
use anyhow::{Result, ensure};
use ashlar_batch::entry_bytes;
use ashlar_contracts::abi::IBridge;
use ashlar_replica::CanonicalEntry;
use ashlar_settlement::user::{self, UserCall};
use ashlar_sync::Chain as _;
use ashlar_types::{BatchNumber, InboxEntry, InboxIndex};
use serde_json::json;

use super::Who;
use super::leaves::{Holding, holdings, proofs};
use crate::l1::claim::{Names, planned, unclaimed};
use crate::l1::history::{Claimable, Replayed, replay};
use crate::l1::place::Found;
use crate::l1::send::{Sender, say};
use crate::l1::standing::Standing;
use crate::rebuild::Opened;

/// A deposit that no final batch consumed.
struct Refundable {
    entry: CanonicalEntry,
    owner: Address,
    asset: u16,
    units: u64,
}

/// Takes everything that is owed: balances, withdrawals, and deposits that were never credited.
pub async fn leave(
    found: &Found,
    standing: &Standing,
    opened: Opened,
    who: Who,
    sender: Option<&mut Sender<'_>>,
    json: bool,
) -> Result<()> {
    let replayed = replay(opened, BatchNumber::new(standing.finalized), who.owner).await?;
    let asker = Standing::asker(found, &standing.head);
    let root: B256 = asker.bridge(IBridge::exitRootCall {}).await?;
    let computed = B256::from(replayed.shadow.header().state_root_after.to_word());
    ensure!(
        root == computed,
        "the fixed root is {root}, and the batches come to {computed}; what L1 fixed cannot be left with"
    );

    let balances = not_escaped(found, standing, holdings(&replayed.shadow, who.owner)).await?;
    let refunds = refundable(found, standing, &replayed, who.owner).await?;
    let Replayed { shadow, claimable, .. } = replayed;
    let claims = unclaimed(found, claimable).await?;
    let nothing = balances.is_empty() && claims.is_empty() && refunds.is_empty();
    let whom = who.owner.map_or_else(|| "anybody".to_owned(), |owner| owner.to_string());
    ensure!(!nothing, "the exchange owes {whom} nothing that has not been paid");

    let assets = balances.iter().map(|held| held.asset.get());
    let assets = assets.chain(claims.iter().map(|claim| claim.withdrawal.asset.get()));
    let names = Names::of(found, assets.chain(refunds.iter().map(|refund| refund.asset))).await?;
    let bridge = found.addresses.bridge;
    let paid = |owner: Address| who.recipient.unwrap_or(owner);
    let mut work: Vec<(String, UserCall)> = Vec::new();
    for held in &balances {
        let (owner_proof, balance_proof) = proofs(&shadow, held);
        let call = user::escape(bridge, held.account, held.asset, owner_proof, balance_proof, paid(held.owner));
        work.push((escape_line(held, &names, json), call));
    }
    for claim in &claims {
        let Claimable { batch, withdrawal, proof } = claim;
        let call = user::claim(bridge, *batch, withdrawal, proof, paid(withdrawal.to.0.into()));
        work.push((planned(claim, &names, json), call));
    }
    for refund in &refunds {
        let CanonicalEntry { index, time, entry } = &refund.entry;
        let bytes = Bytes::from(entry_bytes(*index, *time, entry));
        work.push((refund_line(refund, &names, json), user::refund(bridge, *index, bytes, paid(refund.owner))));
    }
    carry_out(work, sender).await
}

async fn carry_out(work: Vec<(String, UserCall)>, mut sender: Option<&mut Sender<'_>>) -> Result<()> {
    for (line, call) in work {
        say(&line)?;
        if let Some(sender) = &mut sender {
            sender.send(call).await?;
        }
    }
    Ok(())
}

async fn not_escaped(found: &Found, standing: &Standing, all: Vec<Holding>) -> Result<Vec<Holding>> {
    let asker = Standing::asker(found, &standing.head);
    let mut open = Vec::new();
    for held in all {
        let question = IBridge::isEscapedCall { account: held.account.get(), asset: held.asset.get() };
        if !asker.bridge(question).await? {
            open.push(held);
        }
    }
    Ok(open)
}

async fn refundable(
    found: &Found,
    standing: &Standing,
    replayed: &Replayed,
    of: Option<Address>,
) -> Result<Vec<Refundable>> {
    let asker = Standing::asker(found, &standing.head);
    let mut open = Vec::new();
    for index in standing.exit_inbox..standing.inbox_count {
        let entry = replayed.opened.history.inbox(InboxIndex::new(index)).await?;
        let Some(CanonicalEntry { entry: InboxEntry::Deposit { owner, asset, amount, .. }, .. }) = &entry else {
            continue;
        };
        let (owner, asset, units) = (Address::from(owner.0), asset.get(), amount.get());
        if of.is_some_and(|of| of != owner) || asker.bridge(IBridge::isRefundedCall { index }).await? {
            continue;
        }
        open.extend(entry.map(|entry| Refundable { entry, owner, asset, units }));
    }
    Ok(open)
}

fn escape_line(held: &Holding, names: &Names, json: bool) -> String {
    let Holding { account, owner, asset, units } = held;
    let amount = names.said(asset.get(), *units);
    if json {
        let (account, asset, units) = (account.get(), asset.get(), units.to_string());
        return json!({ "escape": account, "owner": owner, "asset": asset, "units": units, "amount": amount })
            .to_string();
    }
    format!("leave        account {}: {amount} for {owner}", account.get())
}

fn refund_line(refund: &Refundable, names: &Names, json: bool) -> String {
    let Refundable { entry, owner, asset, units } = refund;
    let (index, amount) = (entry.index.get(), names.said(*asset, *units));
    if json {
        let units = units.to_string();
        return json!({ "refund": index, "owner": owner, "asset": asset, "units": units, "amount": amount })
            .to_string();
    }
    format!("take back    deposit {index}: {amount} for {owner}")
}
