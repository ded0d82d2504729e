//! A signer on another machine, as the node that asks it sees it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use alloy::primitives::Address as L1Address;
use alloy::transports::http::reqwest::{Client, Url};
use anyhow::{Context as _, Result, bail};
use ashlar_prover::{ATTESTATION_BYTES, AttestError, KeptProof, Signer};
use ashlar_prover_wire::Token;
use ashlar_types::Address;
use serde_json::Value;

use super::door::{ATTESTATIONS, SIGNER};
use crate::secrets;

/// How long a signer may take over a proof, the way there and back included.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a file of signers that are read.
const FILE_BYTES_MAX: u64 = 1 << 16;
/// Bytes of an answer that are looked at.
const ANSWER_BYTES_MAX: usize = 1 << 12;

/// A signer that is reached by HTTP.
pub struct RemoteSigner {
    address: Address,
    url: Url,
    token: Token,
    client: Client,
}

impl RemoteSigner {
    fn new(address: &str, url: &str, token: &str) -> Result<RemoteSigner> {
        let known: L1Address = address.parse().with_context(|| format!("{address} is no address"))?;
        let url: Url = url.parse().with_context(|| format!("{url} is no URL"))?;
        if url.scheme() != "http" || url.host_str().is_none() {
            bail!("{url} is not reached by http; put a proxy that speaks TLS in front of each of the two");
        }
        let client = Client::builder().timeout(PATIENCE).build()?;
        Ok(RemoteSigner { address: Address(known.0.0), url, token: Token::from_hex(token)?, client })
    }

    /// Where it is, for people.
    pub fn place(&self) -> String {
        format!("{}:{}", self.url.host_str().unwrap_or_default(), self.url.port_or_known_default().unwrap_or_default())
    }

    /// Asks who it is; the address that it has to be is known.
    pub fn who(&self) -> Result<()> {
        let answer = self.ask(SIGNER, None).map_err(anyhow::Error::msg)?;
        let got = answer["address"].as_str().unwrap_or_default().to_owned();
        if !got.eq_ignore_ascii_case(&alloy::hex::encode_prefixed(self.address.0)) {
            bail!("{} signs as {got:?}, and is named as {}", self.place(), L1Address::from(self.address.0));
        }
        Ok(())
    }

    /// The answer to a question, in a runtime of its own: whoever asks is not in one, or may block.
    fn ask(&self, path: &str, body: Option<Vec<u8>>) -> Result<Value, String> {
        let threads = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("no thread to ask it with: {error}"))?;
        threads.block_on(async {
            let url = self.url.join(path).map_err(|error| error.to_string())?;
            let request = match body {
                Some(body) => self.client.post(url).body(body),
                None => self.client.get(url),
            };
            let answer = request.header("authorization", format!("Bearer {}", self.token.to_hex())).send().await;
            let mut answer =
                answer.map_err(|error| format!("{} does not answer: {}", self.place(), error.without_url()))?;
            let mut bytes = Vec::new();
            while let Ok(Some(part)) = answer.chunk().await {
                bytes.extend(part);
                if bytes.len() > ANSWER_BYTES_MAX {
                    return Err(format!("{} answers with more than an answer has", self.place()));
                }
            }
            let value: Value = serde_json::from_slice(&bytes)
                .map_err(|_| format!("{} answers {} and no JSON", self.place(), answer.status()))?;
            if answer.status().is_success() {
                return Ok(value);
            }
            let why: String = value["message"].as_str().unwrap_or("it does not say why").chars().take(400).collect();
            Err(format!("{} refuses: {why}", self.place()))
        })
    }
}

impl Signer for RemoteSigner {
    fn address(&self) -> Address {
        self.address
    }

    fn attest(&self, proof: &KeptProof) -> Result<[u8; ATTESTATION_BYTES], AttestError> {
        let elsewhere = |why| AttestError::Elsewhere { signer: self.address.0, why };
        let answer = self.ask(ATTESTATIONS, Some(proof.to_bytes())).map_err(elsewhere)?;
        let mut signature = [0; ATTESTATION_BYTES];
        let digits = answer["signature"].as_str().unwrap_or_default();
        match alloy::hex::decode_to_slice(digits, &mut signature) {
            Ok(()) => Ok(signature),
            Err(_) => Err(elsewhere(format!("{} answers without a signature", self.place()))),
        }
    }
}

/// Signers of other machines, a line each: address, URL, token. Lines that begin with `#` are for people.
pub fn load_signers(path: &Path) -> Result<Vec<Arc<RemoteSigner>>> {
    let text = secrets::read(path, FILE_BYTES_MAX)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let signer = |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        [address, url, token] => RemoteSigner::new(address, url, token).map(Arc::new),
        _ => bail!("a line is an address, a URL, and a token"),
    };
    let numbered = (1..).zip(lines);
    numbered.map(|(at, line)| signer(line).with_context(|| format!("signer {at} in {}", path.display()))).collect()
}
