//! The calldata of commits: what L1 itself keeps of batches that were published there.

use std::time::Duration;

use alloy::providers::{Provider as _, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::sol_types::SolCall as _;
use alloy::transports::http::Http;
use alloy::transports::http::reqwest::{Client, Url};
use anyhow::Result;
use ashlar_contracts::abi::ISettlement;
use ashlar_da::{Answer, BatchKey, StoreError};
use ashlar_settlement::contract::DataKind;

use super::chain::PublishedAt;
use super::commits::Reader;

/// L1 nodes to ask for the transactions that committed batches.
pub struct Calldata {
    nodes: Vec<RootProvider>,
}

impl Calldata {
    /// Of the nodes at these addresses: each is asked where those before it do not know, and may take so long.
    pub fn new<U: AsRef<str>>(urls: impl IntoIterator<Item = U>, timeout: Duration) -> Result<Calldata> {
        let client = Client::builder().timeout(timeout).build()?;
        let node = |url: U| {
            let transport = Http::with_client(client.clone(), url.as_ref().parse::<Url>()?);
            Ok(RootProvider::new(RpcClient::new(transport, false)))
        };
        Ok(Calldata { nodes: urls.into_iter().map(node).collect::<Result<_>>()? })
    }

    async fn read(&self, key: &BatchKey, commit: &PublishedAt) -> Result<Vec<u8>, StoreError> {
        let mut last = StoreError::Absent(*key);
        for node in &self.nodes {
            let asked =
                node.raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), (commit.tx,));
            match asked.await {
                Ok(Some(found)) => return content_of(&found, key),
                Ok(None) => {}
                Err(error) => last = StoreError::Failed { action: "read a commit", reason: error.to_string() },
            }
        }
        Err(last)
    }
}

/// The bytes of the batch that a transaction commits with.
fn content_of(transaction: &serde_json::Value, key: &BatchKey) -> Result<Vec<u8>, StoreError> {
    let input = transaction.get("input").and_then(|input| input.as_str()).unwrap_or_default();
    let input = alloy::hex::decode(input).map_err(|error| StoreError::Wrong(error.to_string()))?;
    if !input.starts_with(&ISettlement::commitCalldataCall::SELECTOR) {
        // Another kind of commit has its data elsewhere.
        return Err(StoreError::Absent(*key));
    }
    let call = ISettlement::commitCalldataCall::abi_decode(&input);
    Ok(call.map_err(|error| StoreError::Wrong(error.to_string()))?.content.into())
}

impl Reader for Calldata {
    const NAME: &'static str = "L1 calldata";
    const KIND: DataKind = DataKind::Calldata;

    fn content<'a>(&'a self, key: &'a BatchKey, commit: &'a PublishedAt) -> Answer<'a, Vec<u8>> {
        Box::pin(self.read(key, commit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_batch::merkle::Digest;
    use ashlar_coding::DaCommitment;
    use ashlar_types::BatchNumber;
    use serde_json::json;

    #[test]
    fn another_kind_of_commit_is_not_there_and_what_does_not_decode_is_wrong() {
        let key = BatchKey { number: BatchNumber::new(1), commitment: DaCommitment::new(Digest::EMPTY) };
        let selector = ISettlement::commitCalldataCall::SELECTOR;
        let read = |input: &[u8]| content_of(&json!({ "input": alloy::hex::encode_prefixed(input) }), &key);
        assert!(matches!(read(&[1, 2, 3, 4, 5]), Err(StoreError::Absent(_))));
        assert!(matches!(read(&selector), Err(StoreError::Wrong(_))));
        assert!(matches!(content_of(&json!({ "input": "0xq" }), &key), Err(StoreError::Wrong(_))));
    }
}
