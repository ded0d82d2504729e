//! Whose key signs, and where it is.

use std::fs;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::{Address, B256, Bytes, Signature};
use alloy::rpc::client::RpcClient;
use alloy::transports::http::Http;
use alloy::transports::http::reqwest::{Client, Url};
use anyhow::{Context as _, Result, bail};
use ashlar_settlement::signer::{AnyKey, LocalKey, RemoteKey, RemoteSigning};
use clap::Args;
use std::path::PathBuf;

/// A key is never an argument: others can read those.
#[derive(Clone, Debug, Args)]
pub struct KeyArguments {
    /// A file that holds the signing key, 32 bytes in hexadecimal; only its owner should be able to read it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_env", "signer"])]
    key_file: Option<PathBuf>,
    /// The environment variable that holds the signing key
    #[arg(long, value_name = "VARIABLE", conflicts_with = "signer")]
    key_env: Option<String>,
    /// A remote signer's JSON-RPC: asked `ashlar_signHash` with account and hash, it answers 65 bytes (r, s, v)
    #[arg(long, value_name = "URL", requires = "signer_account")]
    signer: Option<String>,
    /// The account that the remote signer signs for
    #[arg(long, value_name = "ADDRESS", requires = "signer")]
    signer_account: Option<Address>,
}

/// How long a remote signer may take: a person may have to press a button.
const SIGNER_TIMEOUT: Duration = Duration::from_secs(120);

impl KeyArguments {
    /// The key, wherever it is.
    pub fn open(&self) -> Result<AnyKey> {
        match (&self.key_file, &self.key_env, &self.signer, self.signer_account) {
            (Some(file), None, None, _) => {
                let source = format!("the file {}", file.display());
                let text = fs::read_to_string(file).with_context(|| format!("{source} cannot be read"))?;
                Ok(AnyKey::Local(LocalKey::from_hex(&text, &source)?))
            }
            (None, Some(variable), None, _) => Ok(AnyKey::Local(LocalKey::from_env(variable)?)),
            (None, None, Some(url), Some(account)) => {
                Ok(AnyKey::Remote(RemoteKey::new(account, Arc::new(JsonRpcSigner::new(url)?))))
            }
            _ => bail!("say whose key signs, with --key-file, --key-env, or --signer and --signer-account"),
        }
    }
}

/// A signer behind JSON-RPC.
struct JsonRpcSigner(RpcClient);

impl JsonRpcSigner {
    fn new(url: &str) -> Result<JsonRpcSigner> {
        let url: Url = url.parse().with_context(|| format!("{url} is no URL of a remote signer"))?;
        let client = Client::builder().timeout(SIGNER_TIMEOUT).build().context("preparing to ask the remote signer")?;
        Ok(JsonRpcSigner(RpcClient::new(Http::with_client(client, url), false)))
    }
}

impl RemoteSigning for JsonRpcSigner {
    fn sign(
        &self,
        account: Address,
        hash: B256,
    ) -> Pin<Box<dyn Future<Output = Result<Signature, String>> + Send + '_>> {
        Box::pin(async move {
            let asked = self.0.request::<_, Bytes>("ashlar_signHash", (account, hash));
            let bytes = asked.await.map_err(|error| error.to_string())?;
            Signature::from_raw(&bytes).map_err(|error| error.to_string())
        })
    }
}
