//! The calldata of commits: what L1 itself keeps of batches that were published there.

use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use ashlar_contracts::abi::ISettlement;
use ashlar_da::{Answer, BatchKey, StoreError};
use ashlar_settlement::contract::DataKind;

use super::chain::PublishedAt;
use super::commits::Reader;

/// An L1 node to ask for the transactions that committed batches.
pub struct Calldata {
    l1: DynProvider,
}

impl Calldata {
    /// Of the node at this address.
    pub fn new(url: &str) -> Result<Calldata> {
        Ok(Calldata { l1: ProviderBuilder::new().connect_http(url.parse()?).erased() })
    }

    async fn read(&self, key: &BatchKey, commit: &PublishedAt) -> Result<Vec<u8>, StoreError> {
        let asked =
            self.l1.raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), (commit.tx,));
        let failed = |reason: String| StoreError::Failed { action: "read a commit", reason };
        let found = asked.await.map_err(|error| failed(error.to_string()))?.ok_or(StoreError::Absent(*key))?;
        let input = found.get("input").and_then(|input| input.as_str()).unwrap_or_default();
        let input = alloy::hex::decode(input).map_err(|error| StoreError::Wrong(error.to_string()))?;
        let call = ISettlement::commitCalldataCall::abi_decode(&input);
        Ok(call.map_err(|error| StoreError::Wrong(error.to_string()))?.content.into())
    }
}

impl Reader for Calldata {
    const NAME: &'static str = "L1 calldata";
    const KIND: DataKind = DataKind::Calldata;

    fn content<'a>(&'a self, key: &'a BatchKey, commit: &'a PublishedAt) -> Answer<'a, Vec<u8>> {
        Box::pin(self.read(key, commit))
    }
}
