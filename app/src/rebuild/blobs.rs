//! The blobs of commits: what L1's nodes keep of them for some weeks, asked of a beacon node by its REST.

use std::time::Duration;

use alloy::consensus::{SidecarCoder as _, SimpleCoder};
use alloy::eips::eip4844::{BYTES_PER_BLOB, Blob, kzg_to_versioned_hash};
use alloy::primitives::B256;
use alloy::transports::http::reqwest::{Client, StatusCode};
use anyhow::{Context as _, Result};
use ashlar_da::{Answer, BatchKey, StoreError};
use ashlar_settlement::contract::DataKind;
use serde::Deserialize;

use super::chain::PublishedAt;
use super::commits::Reader;

/// How long a beacon node may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of one answer: the hexadecimal digits of more blobs than a block has, with what is around them.
const ANSWER_BYTES_MAX: usize = 128 * (2 * BYTES_PER_BLOB + 4_096);

/// A beacon node to ask for the blobs of commits.
pub struct Blobs {
    beacon: String,
    client: Client,
    genesis_s: u64,
    slot_s: u64,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
struct GenesisWords {
    genesis_time: String,
}

#[derive(Deserialize)]
struct SpecWords {
    #[serde(rename = "SECONDS_PER_SLOT")]
    slot_s: String,
}

/// A blob as nodes gave it before they knew blobs by their hashes.
#[derive(Deserialize)]
struct SidecarWords {
    blob: String,
    kzg_commitment: String,
}

/// An answer that is there, or that the node has none.
enum Asked {
    Answer(Vec<u8>),
    Absent,
}

impl Blobs {
    /// Of the node at this address, which is asked at once how it counts slots.
    pub async fn new(beacon: &str) -> Result<Blobs> {
        let client = Client::builder().timeout(TIMEOUT).build()?;
        let beacon = beacon.trim_end_matches('/').to_owned();
        let mut blobs = Blobs { beacon, client, genesis_s: 0, slot_s: 0 };
        let hint = || format!("{} does not answer as a beacon node does; correct --beacon", blobs.beacon);
        let genesis: Data<GenesisWords> = blobs.words("/eth/v1/beacon/genesis").await.with_context(hint)?;
        let spec: Data<SpecWords> = blobs.words("/eth/v1/config/spec").await.with_context(hint)?;
        let genesis_s = genesis.data.genesis_time.parse::<u64>().with_context(hint)?;
        let slot_s = spec.data.slot_s.parse::<u64>().with_context(hint)?;
        anyhow::ensure!(slot_s > 0, hint());
        (blobs.genesis_s, blobs.slot_s) = (genesis_s, slot_s);
        Ok(blobs)
    }

    async fn words<T: for<'a> Deserialize<'a>>(&self, path: &str) -> Result<T> {
        match self.ask(path).await? {
            Asked::Answer(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Asked::Absent => anyhow::bail!("{path} is not there"),
        }
    }

    async fn ask(&self, path: &str) -> Result<Asked> {
        let mut response = self.client.get(format!("{}{path}", self.beacon)).send().await?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(Asked::Absent),
            status if !status.is_success() => anyhow::bail!("it answered {status}"),
            _ => {}
        }
        let mut bytes = Vec::new();
        while let Some(part) = response.chunk().await? {
            anyhow::ensure!(bytes.len() + part.len() <= ANSWER_BYTES_MAX, "its answer is longer than any may be");
            bytes.extend_from_slice(&part);
        }
        Ok(Asked::Answer(bytes))
    }

    /// The blobs of a commit that the node has, in their order.
    async fn blobs(&self, commit: &PublishedAt) -> Result<Vec<Blob>> {
        let slot = commit.time_s.saturating_sub(self.genesis_s) / self.slot_s;
        let names: Vec<String> = commit.blobs.iter().map(B256::to_string).collect();
        let path = format!("/eth/v1/beacon/blobs/{slot}?versioned_hashes={}", names.join(","));
        if let Asked::Answer(bytes) = self.ask(&path).await? {
            let answer: Data<Vec<String>> = serde_json::from_slice(&bytes)?;
            return answer.data.iter().map(|text| blob(text)).collect();
        }
        let Asked::Answer(bytes) = self.ask(&format!("/eth/v1/beacon/blob_sidecars/{slot}")).await? else {
            return Ok(Vec::new());
        };
        let answer: Data<Vec<SidecarWords>> = serde_json::from_slice(&bytes)?;
        let mut found = Vec::new();
        for SidecarWords { blob: text, kzg_commitment } in &answer.data {
            if commit.blobs.contains(&kzg_to_versioned_hash(&alloy::hex::decode(kzg_commitment)?)) {
                found.push(blob(text)?);
            }
        }
        Ok(found)
    }

    async fn read(&self, key: &BatchKey, commit: &PublishedAt) -> Result<Vec<u8>, StoreError> {
        let failed = |error: anyhow::Error| StoreError::Failed { action: "read blobs", reason: format!("{error:#}") };
        let blobs = self.blobs(commit).await.map_err(failed)?;
        if blobs.len() < commit.blobs.len() {
            return Err(StoreError::Refused(format!(
                "it has {} of the {} blobs that committed batch {} in the block of {} s; nodes forget blobs after some \
                 weeks, so ask one that archives them, or stores that hold rows",
                blobs.len(),
                commit.blobs.len(),
                key.number.get(),
                commit.time_s
            )));
        }
        // What the blobs hold is compared with the header's commitment, so nothing of KZG has to be believed.
        let content = SimpleCoder::default().decode_all(&blobs).map(|parts| parts.concat());
        content.ok_or_else(|| StoreError::Wrong("the blobs hold no batch".to_owned()))
    }
}

impl Reader for Blobs {
    const NAME: &'static str = "L1 blobs";
    const KIND: DataKind = DataKind::UnboundBlobs;

    fn content<'a>(&'a self, key: &'a BatchKey, commit: &'a PublishedAt) -> Answer<'a, Vec<u8>> {
        Box::pin(self.read(key, commit))
    }
}

fn blob(text: &str) -> Result<Blob> {
    let bytes = alloy::hex::decode(text)?;
    Blob::try_from(bytes.as_slice())
        .map_err(|_| anyhow::anyhow!("a blob has {} bytes, not {BYTES_PER_BLOB}", bytes.len()))
}
