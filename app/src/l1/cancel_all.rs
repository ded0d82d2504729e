//! `ashlar cancel-all`: every order of an account, whether the operator likes it or not.

use alloy::primitives::U256;
use anyhow::{Result, bail};
use ashlar_settlement::user;
use commonware_runtime::tokio as runtime;

use super::arguments::CancelAllArguments;
use super::send::{Sender, with_journal};
use super::standing::Standing;

/// Runs it.
pub fn run(arguments: &CancelAllArguments) -> Result<()> {
    with_journal(&arguments.sending, |context| cancel_all(context, arguments.clone()))
}

/// The fee rises while others force too, so a quarter more goes along; what is too much comes back.
async fn cancel_all(context: runtime::Context, arguments: CancelAllArguments) -> Result<()> {
    let key = arguments.key.open()?;
    let found = arguments.place.find().await?;
    if Standing::of(&found).await?.frozen_at != 0 {
        bail!("the exchange is frozen, and its inbox takes nothing more; leave with `ashlar exit`");
    }
    let mut sender = Sender::open(context, &found, key, &arguments.sending, arguments.json).await?;
    let fee = user::forced_fee(&found.l1, found.addresses.bridge).await?;
    let paid = fee.saturating_add(fee / U256::from(4));
    sender.send(user::force_cancel_all(found.addresses.bridge, arguments.account, paid)).await.map(drop)
}
