//! Sending what a person asked for, one after the other, each tried before it is sent.

use std::fs;
use std::io::{Write as _, stdout};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use alloy::primitives::U256;
use anyhow::{Context as _, Result};
use ashlar_settlement::check_balance;
use ashlar_settlement::courier::{Courier, CourierConfig};
use ashlar_settlement::l1::Receipt;
use ashlar_settlement::rpc::RpcL1;
use ashlar_settlement::signer::{AnyKey, Signer as _};
use ashlar_settlement::user::UserCall;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use super::arguments::Sending;
use super::place::Found;

/// How often L1 is asked for news.
const POLL: Duration = Duration::from_millis(200);

/// Runs a command that sends, on a runtime whose storage is the journal; without one it is gone afterwards.
pub fn with_journal<F: Future<Output = Result<()>>>(
    sending: &Sending,
    work: impl FnOnce(runtime::Context) -> F,
) -> Result<()> {
    let folder = Folder::of(sending);
    fs::create_dir_all(&folder.path)
        .with_context(|| format!("{} cannot be made; name another folder with --journal", folder.path.display()))?;
    let config = runtime::Config::new().with_storage_directory(&folder.path).with_worker_threads(2);
    let ended = runtime::Runner::new(config).start(work);
    if !folder.kept {
        // What cannot be removed now is in a folder that the system empties.
        let _ = fs::remove_dir_all(&folder.path);
    }
    ended
}

struct Folder {
    path: PathBuf,
    kept: bool,
}

impl Folder {
    fn of(sending: &Sending) -> Folder {
        match &sending.journal {
            Some(path) => Folder { path: path.clone(), kept: true },
            None => {
                let name = format!("ashlar-sending-{}", std::process::id());
                Folder { path: std::env::temp_dir().join(name), kept: false }
            }
        }
    }
}

/// Sends for one key.
pub struct Sender<'a> {
    context: runtime::Context,
    courier: Courier<'a, runtime::Context, RpcL1, AnyKey>,
    sending: Sending,
    /// What makes the names of this command's transactions its own.
    name: Vec<u8>,
    sent: u32,
    json: bool,
}

impl<'a> Sender<'a> {
    /// Checks that the key can pay, and opens what was sent before.
    pub async fn open(
        context: runtime::Context,
        found: &'a Found,
        key: AnyKey,
        sending: &Sending,
        json: bool,
    ) -> Result<Sender<'a>> {
        check_balance(&found.l1, key.address(), U256::from(1)).await?;
        let name = match &sending.once {
            Some(name) => name.clone().into_bytes(),
            None => unique(),
        };
        let partition = format!("sent-{}", found.chain_id);
        let config = CourierConfig {
            poll_every: POLL,
            step_timeout: sending.timeout(),
            ..CourierConfig::new(found.chain_id, &partition)
        };
        let courier = Courier::open(&context.child("sending"), &found.l1, key, config).await?;
        Ok(Sender { context, courier, sending: sending.clone(), name, sent: 0, json })
    }

    /// Sends, waits as long as was asked for, and says so.
    pub async fn send(&mut self, call: UserCall) -> Result<Receipt> {
        let name = [self.name.as_slice(), &self.sent.to_be_bytes()].concat();
        self.sent = self.sent.saturating_add(1);
        let intent = call.intent(&name);
        let label = intent.label.clone();
        self.courier.try_first(&intent).await?;
        let receipt = self.courier.carry_until(&mut self.context, intent, self.sending.wait.mark()).await?;
        let text = if self.json {
            json!({
                "sent": label,
                "transaction": receipt.tx,
                "block": receipt.block_number,
                "block_hash": receipt.block_hash,
                "gas_used": receipt.gas_used,
                "paid_wei": receipt.cost().to_string(),
            })
            .to_string()
        } else {
            format!(
                "{label}\n             transaction {} in block {}, {} gas, {} wei",
                receipt.tx,
                receipt.block_number,
                receipt.gas_used,
                receipt.cost()
            )
        };
        say(&text)?;
        Ok(receipt)
    }
}

/// A name that no other run of a command has.
fn unique() -> Vec<u8> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    [since.as_nanos().to_be_bytes().as_slice(), &std::process::id().to_be_bytes()].concat()
}

/// Prints a line.
pub fn say(text: &str) -> Result<()> {
    writeln!(stdout(), "{text}").context("printing")
}
