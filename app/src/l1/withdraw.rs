//! `ashlar withdraw`: asked of the exchange by a signed command, or forced on L1.

use alloy::primitives::{B256, U256};
use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_api::client::RestClient;
use ashlar_api::door::{Signature, Signed};
use ashlar_api::schema::{AccountView, EventView, TipView, VenueView};
use ashlar_settlement::signer::{AnyKey, Signer as _};
use ashlar_settlement::user;
use ashlar_types::sign::wallet_digest;
use ashlar_types::{Address as Owner, Amount, Command, Deployment, Header, Message, Signer, Time};
use commonware_runtime::tokio as runtime;
use serde_json::json;

use super::arguments::WithdrawArguments;
use super::asset::Asset;
use super::place::Found;
use super::send::{Sender, say, with_journal};
use super::standing::Standing;
use crate::clock::now_ms;

/// How long a signed withdrawal is good for.
const GOOD_FOR_MS: u64 = 60_000;

/// Runs it.
pub fn run(arguments: &WithdrawArguments) -> Result<()> {
    with_journal(&arguments.sending, |context| withdraw(context, arguments.clone()))
}

async fn withdraw(context: runtime::Context, arguments: WithdrawArguments) -> Result<()> {
    let key = arguments.key.open()?;
    let found = arguments.place.find().await?;
    let asset = Asset::find(&found.l1, found.addresses.bridge, arguments.asset).await?;
    let units = arguments.amount.units(asset.decimals)?.map(|units| asset.inside(units)).transpose()?;
    if arguments.forced {
        return forced(context, arguments, key, &found, &asset, units.unwrap_or(Amount::MAX.get())).await;
    }
    let units = units.and_then(Amount::new).context("say how much; `all` is for forced withdrawals")?;
    ordered(&arguments, &key, &found, &asset, units).await
}

/// Through the inbox. The fee rises while others force too, so a quarter more goes along; what is too much comes back.
async fn forced(
    context: runtime::Context,
    arguments: WithdrawArguments,
    key: AnyKey,
    found: &Found,
    asset: &Asset,
    units: u64,
) -> Result<()> {
    let standing = Standing::of(found).await?;
    if standing.frozen_at != 0 {
        bail!("the exchange is frozen, and its inbox takes nothing more; leave with `ashlar exit`");
    }
    let account = arguments.account;
    let mut sender = Sender::open(context, found, key, &arguments.sending, arguments.json).await?;
    let fee = user::forced_fee(&found.l1, found.addresses.bridge).await?;
    let paid = fee.saturating_add(fee / U256::from(4));
    sender.send(user::force_withdraw(found.addresses.bridge, account, asset.id, units, paid)).await?;
    let until = standing.head.time.saturating_add(standing.deadline_s);
    let (entry, most) = (standing.inbox_count, asset.said(units));
    say(&if arguments.json {
        json!({ "forced": account.get(), "asset": asset.id.get(), "units_max": units.to_string(), "deadline_s": until })
            .to_string()
    } else {
        let most = if units == Amount::MAX.get() { "all that is free".to_owned() } else { format!("at most {most}") };
        format!(
            "forced       entry {entry} or later: all orders of account {} are cancelled and {most} is paid out;\n             \
             if that is not final about {} from now, `ashlar exit` ends the exchange",
            account.get(),
            hours(standing.deadline_s)
        )
    })
}

/// Seconds as a person reads them.
pub fn hours(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// As a command signed by the owner's wallet.
async fn ordered(
    arguments: &WithdrawArguments,
    key: &AnyKey,
    found: &Found,
    asset: &Asset,
    amount: Amount,
) -> Result<()> {
    let api = arguments.api.context("name the exchange's API with --api, or use --forced")?;
    let mut node = RestClient::new(api);
    let settlement = Owner(found.addresses.settlement.into_array());
    let exchange = Deployment { chain_id: found.chain_id, settlement };
    let venue: VenueView = node.get("/v1/venue").await.with_context(|| format!("asking the node at {api}"))?;
    let named = serde_json::to_value(&venue.exchange)?;
    let ours = alloy::hex::encode_prefixed(exchange.exchange_id().0);
    if named != json!(ours) {
        bail!("the node at {api} runs exchange {named}, and the contracts are of {ours}; correct one of the two");
    }
    let account: AccountView = node.get(&format!("/v1/accounts/{}", arguments.account.get())).await?;
    let owner = serde_json::to_value(&account.owner)?;
    let mine = alloy::hex::encode_prefixed(key.address());
    if owner != json!(mine) {
        bail!("account {} is {owner}'s, and the key is {mine}'s; use the owner's key", arguments.account.get());
    }
    let tip: TipView = node.get("/v1/tip").await?;
    let signer = Signer::Owner;
    let nonce = account.owner_nonce.0.saturating_add(1);
    let header = Header { account: arguments.account, signer, nonce, not_after: soon(tip.time) };
    let message = Message { header, commands: vec![Command::Withdraw { asset: asset.id, amount }] };
    let digest = wallet_digest(&exchange, &message).map_err(|error| anyhow!("it cannot be signed: {error}"))?;
    let signature = key.sign(B256::from(digest)).await?;
    let signed = Signed::new(message, Signature::Owner(signature.as_bytes()))
        .map_err(|refusal| anyhow!("it cannot be sent: {refusal}"))?;
    let answer = node.submit(&signed).await?;
    let receipt = answer.receipts.first().context("the node answered without a receipt")?;
    let index = receipt.events.iter().find_map(|event| match event {
        EventView::Withdrawn { index, .. } => Some(index.0),
        _ => None,
    });
    let Some(index) = index else {
        bail!("command {} withdrew nothing: {}", receipt.sequence, receipt.reason.replace('_', " "));
    };
    let said = asset.said(amount.get());
    say(&if arguments.json {
        json!({
            "withdrawal": index, "sequence": receipt.sequence.0.to_string(), "asset": asset.id.get(),
            "units": amount.get().to_string(), "amount": said,
        })
        .to_string()
    } else {
        format!(
            "withdrawal   {index} by command {}: {said} for {mine}; claim it with `ashlar claim` once its batch is final",
            receipt.sequence
        )
    })
}

/// Some time from now, by whichever clock is ahead: ours or the exchange's.
fn soon(heard: u64) -> Time {
    let millis = now_ms().max(heard).saturating_add(GOOD_FOR_MS);
    Time::new(millis).unwrap_or(Time::NEVER)
}
