//! The calldata of commits as a store: what L1 itself keeps of batches that were published there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use alloy::providers::{DynProvider, Provider as _, ProviderBuilder};
use alloy::sol_types::SolCall as _;
use anyhow::Result;
use ashlar_coding::{Coded, Expansion, Row, Simd};
use ashlar_contracts::abi::ISettlement;
use ashlar_da::{Answer, BatchKey, Deposit, Kept, Receipt, SectionKey, Share, Store, StoreError, Wanted};
use ashlar_settlement::contract::DataKind;
use ashlar_types::BatchNumber;

use super::chain::PublishedAt;

/// How each batch was committed, by its number. Whoever follows an exchange adds what is new.
pub type Commits = Arc<Mutex<BTreeMap<u64, PublishedAt>>>;

/// The transactions that committed batches, and an L1 node to ask for them.
pub struct Calldata {
    l1: DynProvider,
    commits: Commits,
}

impl Calldata {
    /// Of these commits.
    pub fn new(url: &str, commits: Commits) -> Result<Calldata> {
        Ok(Calldata { l1: ProviderBuilder::new().connect_http(url.parse()?).erased(), commits })
    }

    /// Codes the batch again: if that gives the commitment, every row of it is right.
    async fn share(&self, key: &BatchKey, wanted: Wanted<'_>) -> Result<Share, StoreError> {
        // Another kind of commit has the data elsewhere.
        let tx = {
            let commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
            let commit = commits.get(&key.number.get()).filter(|commit| commit.kind == DataKind::Calldata);
            commit.ok_or(StoreError::Absent(*key))?.tx
        };
        let failed = |reason: String| StoreError::Failed { action: "read a commit", reason };
        let asked = self.l1.raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), (tx,)).await;
        let found = asked.map_err(|error| failed(error.to_string()))?.ok_or(StoreError::Absent(*key))?;
        let input = found.get("input").and_then(|input| input.as_str()).unwrap_or_default();
        let input = alloy::hex::decode(input).map_err(|error| StoreError::Wrong(error.to_string()))?;
        let call = ISettlement::commitCalldataCall::abi_decode(&input)
            .map_err(|error| StoreError::Wrong(error.to_string()))?;
        share_of(&call.content, key, wanted)
            .ok_or_else(|| StoreError::Wrong("the calldata is of another commitment".to_owned()))
    }
}

/// Every row of a batch whose bytes are these; none if they are not under the commitment.
pub fn share_of(content: &[u8], key: &BatchKey, wanted: Wanted<'_>) -> Option<Share> {
    let coded = [Expansion::Double, Expansion::Quadruple]
        .into_iter()
        .filter_map(|expansion| Coded::new(content, expansion, &Simd).ok())
        .find(|coded| coded.commitment() == key.commitment)?;
    let rows: Vec<Row> = (0..coded.manifest().layout().rows() as u16).map(Row::new).collect();
    let mut share = Share::of(&coded, &rows);
    share.narrow(wanted);
    Some(share)
}

impl Store for Calldata {
    fn name(&self) -> &str {
        "L1 calldata"
    }

    fn put<'a>(&'a self, _: &'a BatchKey, _: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(std::future::ready(Err(StoreError::Refused("only a commit writes to L1".to_owned()))))
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(self.share(key, wanted))
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(std::future::ready(Err(StoreError::AbsentSection(*key))))
    }

    /// What a batch is committed to stands in headers, which are read elsewhere.
    fn list(&self, _: BatchNumber, _: usize) -> Answer<'_, Kept> {
        Box::pin(std::future::ready(Ok(Kept::default())))
    }
}
