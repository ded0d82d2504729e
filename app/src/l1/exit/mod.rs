//! `ashlar exit`: leaving against the operator's will, with nothing but L1 and published data.
//!
//! It does what can be done now and says what comes next: show that a deadline was missed, fix the root once the grace is over, then take
//! everything that the last final state owes, what was withdrawn, and deposits that no final batch consumed.

mod leaves;
mod leaving;

use alloy::primitives::{Address, Bytes};
use anyhow::{Context as _, Result, bail};
use ashlar_batch::entry_bytes;
use ashlar_replica::CanonicalEntry;
use ashlar_settlement::signer::{AnyKey, Signer as _};
use ashlar_settlement::user;
use ashlar_sync::Chain as _;
use ashlar_types::InboxIndex;
use commonware_runtime::tokio as runtime;
use serde_json::json;

use super::arguments::ExitArguments;
use super::claim::recipient;
use super::history::open;
use super::place::Found;
use super::send::{Sender, say, with_journal};
use super::standing::Standing;
use super::withdraw::hours;
use crate::rebuild::Opened;
use leaving::leave;

/// Runs it.
pub fn run(arguments: &ExitArguments) -> Result<()> {
    with_journal(&arguments.sending, |context| exit(context, arguments.clone()))
}

/// Whose money, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// Nobody in particular: everybody.
    owner: Option<Address>,
    recipient: Option<Address>,
}

/// The steps of ending an exchange, as far as they can be done now.
enum Step {
    /// An entry missed its deadline.
    Freeze(CanonicalEntry),
    /// The grace after the freeze is over.
    FixRoot,
    /// Everybody leaves.
    Leave,
    /// Nothing can be done before this second.
    Wait { until_s: u64, what: String },
    /// The exchange keeps its promises.
    Nothing(String),
}

async fn exit(context: runtime::Context, arguments: ExitArguments) -> Result<()> {
    let key = arguments.key.open()?;
    let found = arguments.place.find().await?;
    let owner = if arguments.everyone { None } else { Some(arguments.owner.unwrap_or(key.address())) };
    let paid = match owner {
        Some(owner) => recipient(arguments.recipient, owner, key.address())?,
        None => None,
    };
    let who = Who { owner, recipient: paid };
    let mut sender = match arguments.dry_run {
        true => None,
        false => Some(sender(context, &found, key, &arguments).await?),
    };
    let mut opened = open(&arguments.place, &arguments.data, &found).await?;
    let mut done = 0;
    loop {
        let standing = Standing::of(&found).await?;
        let step = next(&found, &standing, &opened).await?;
        let call = match step {
            Step::Leave => return leave(&found, &standing, opened, who, sender.as_mut(), arguments.json).await,
            Step::Wait { until_s, what } => return wait(&standing, until_s, &what, done, arguments.json),
            Step::Nothing(why) => bail!("{why}"),
            Step::Freeze(CanonicalEntry { index, time, entry }) => {
                let bytes = Bytes::from(entry_bytes(index, time, &entry));
                user::freeze(found.addresses.bridge, index, bytes)
            }
            Step::FixRoot => user::fix_root(found.addresses.bridge),
        };
        let Some(sender) = &mut sender else {
            return say(&if arguments.json {
                json!({ "would": call.label }).to_string()
            } else {
                format!("would        {}", call.label)
            });
        };
        sender.send(call).await?;
        done += 1;
        opened = open(&arguments.place, &arguments.data, &found).await?;
    }
}

async fn sender<'a>(
    context: runtime::Context,
    found: &'a Found,
    key: AnyKey,
    arguments: &ExitArguments,
) -> Result<Sender<'a>> {
    Sender::open(context, found, key, &arguments.sending, arguments.json).await
}

async fn next(found: &Found, standing: &Standing, opened: &Opened) -> Result<Step> {
    let Standing { head, inbox_final, inbox_count, frozen_at, frozen_index, root_fixed, .. } = *standing;
    if root_fixed {
        return Ok(Step::Leave);
    }
    if frozen_at != 0 {
        if inbox_final > frozen_index {
            return Ok(Step::Nothing(format!(
                "the exchange was frozen over entry {frozen_index}, which is final after all; anyone may thaw it, and nobody needs to leave"
            )));
        }
        let until_s = standing.grace_end(found).await?;
        let what = "the exchange is frozen, and its root is fixed when the grace is over".to_owned();
        return Ok(if head.time > until_s { Step::FixRoot } else { Step::Wait { until_s, what } });
    }
    if inbox_final >= inbox_count {
        return Ok(Step::Nothing(format!(
            "every inbox entry is in a final batch, so no deadline was missed; ask with `ashlar withdraw --forced`, and if that is not final \
             within {}, this command ends the exchange",
            hours(standing.deadline_s)
        )));
    }
    let entry = opened.history.inbox(InboxIndex::new(inbox_final)).await?;
    let entry =
        entry.with_context(|| format!("L1's events do not tell of inbox entry {inbox_final}; ask another node"))?;
    let until_s = standing.deadline(found, entry.time.get() / 1_000).await?;
    let what = format!("entry {inbox_final} is not late before its deadline");
    Ok(if head.time > until_s { Step::Freeze(entry) } else { Step::Wait { until_s, what } })
}

/// What is done is done; the rest has its time.
fn wait(standing: &Standing, until_s: u64, what: &str, done: u32, json: bool) -> Result<()> {
    let left = hours(until_s.saturating_sub(standing.head.time).saturating_add(1));
    if done == 0 {
        bail!("{what}; ask again in {left}, after second {until_s} of L1");
    }
    say(&if json {
        json!({ "next": what, "not_before_s": until_s }).to_string()
    } else {
        format!("next         {what}; run this again in {left}, after second {until_s} of L1")
    })
}
