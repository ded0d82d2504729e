//! Taking over: what is looked at before a node that follows orders, and `ashlar promote`, which asks it to.

use std::io::{Write as _, stdout};
use std::sync::Arc;

use alloy::primitives::{Address, U256};
use anyhow::{Context as _, Result, bail, ensure};
use ashlar_api::admin::ActBody;
use ashlar_api::client::RestClient;
use ashlar_api::door::ActError;
use ashlar_sequencer::{Books, Layer1 as _, Promotion, Settled};
use ashlar_settlement::check_operator;
use ashlar_settlement::contract::Addresses;
use ashlar_settlement::l1::{BlockAt, L1 as _};
use ashlar_settlement::rpc::{Endpoint, RpcL1};
use ashlar_settlement::signer::Signer as _;
use ashlar_types::BatchNumber;
use clap::Args;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::folder::{self, Promoted};
use crate::clock::now_ms;
use crate::config::{self, L1Settings, NodeSettings, Sources};
use crate::node::submitter;

/// Of taking over.
#[derive(Clone, Debug, Args)]
pub struct PromoteArguments {
    #[command(flatten)]
    pub sources: Sources,
    /// That the node that ordered until now is stopped and cannot start again: two that order at once sign contradictions
    #[arg(long)]
    pub other_is_gone: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Asks the node of a configuration to take over.
pub fn run(arguments: &PromoteArguments) -> Result<()> {
    ensure!(
        arguments.other_is_gone,
        "two nodes that order at once sign contradictions: end the other one, see that it cannot start again, then say --other-is-gone"
    );
    let settings = config::sound(NodeSettings::read(&arguments.sources.layers()))?;
    let path = &settings.api.token_file;
    let token = std::fs::read_to_string(path)
        .with_context(|| format!("{} cannot be read; it is made when the node starts", path.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let told: Value = runtime.block_on(async {
        let mut client = RestClient::with_token(settings.api.admin, token.trim());
        client.post("/admin/act", &ActBody::Promote { other_is_gone: true }).await
    })?;
    if arguments.json {
        writeln!(stdout(), "{told}")?;
    } else {
        writeln!(stdout(), "{}", told["done"].as_str().unwrap_or_default())?;
    }
    Ok(())
}

/// What has to be known to take over.
pub struct Promoting {
    pub l1: RpcL1,
    pub addresses: Addresses,
    pub settings: NodeSettings,
    pub settled: Arc<Settled<RpcL1>>,
    pub books: Books,
    /// The last batch that it followed and with which nothing is wrong.
    pub checked: watch::Receiver<BatchNumber>,
    /// Told when it may begin.
    pub go: mpsc::Sender<()>,
}

impl Promoting {
    /// As the operator's side of a node calls it.
    pub fn hook(self) -> Promotion {
        let promoting = Arc::new(self);
        Arc::new(move || {
            let promoting = promoting.clone();
            Box::pin(
                async move { promoting.promote().await.map_err(|why| ActError::NotNow { why: format!("{why:#}") }) },
            )
        })
    }

    async fn promote(&self) -> Result<String> {
        let last = self.look().await?;
        folder::promote(&self.settings.data, Promoted { at_ms: now_ms(), after: last })?;
        // Whoever waits for it ends the process if it is gone.
        let _ = self.go.send(()).await;
        Ok(format!("this node orders from the command after batch {} on, as soon as it has started anew", last.get()))
    }

    /// Whether nothing that can be seen speaks against it; the last batch of the order so far.
    async fn look(&self) -> Result<BatchNumber> {
        if let Some(what) = self.books.divergence() {
            bail!("this node diverges, so it cannot be trusted to go on: {what}");
        }
        let account = submitter(&self.settings)?.address();
        check_operator(&self.l1, &self.addresses, account, U256::from(1)).await?;
        // A commit of the other node that is still on its way would take the place of this one's.
        let mined = self.l1.nonce(account, BlockAt::Latest).await?;
        let pending = self.pending_nonce(account).await?;
        ensure!(
            pending <= mined,
            "{} transactions of {account} are on their way: the other node runs, or ran just now; wait until they are mined",
            pending - mined
        );
        let anchor = self.settled.anchor().await?;
        // One that was executed and not checked yet may be one that nobody can prove.
        let followed = *self.checked.borrow();
        ensure!(
            followed == anchor.committed,
            "L1 has batch {} and this node is at batch {}; wait until it has followed",
            anchor.committed.get(),
            followed.get()
        );
        Ok(followed)
    }

    /// The account's transactions with those on their way, by whichever of L1's nodes knows of most. One that does not answer keeps nobody from
    /// taking over; if none does, nothing is known.
    async fn pending_nonce(&self, account: Address) -> Result<u64> {
        let L1Settings { endpoints, timeout, .. } = &self.settings.l1;
        let (mut most, mut why) = (None, None);
        for url in endpoints {
            match Endpoint::new(url, *timeout)?.pending_nonce(account).await {
                Ok(pending) => most = most.max(Some(pending)),
                Err(error) => why = Some(error),
            }
        }
        match (most, why) {
            (Some(pending), _) => Ok(pending),
            (None, Some(error)) => Err(error).context("asking L1 what is on its way"),
            (None, None) => bail!("l1.endpoints names nobody"),
        }
    }
}
