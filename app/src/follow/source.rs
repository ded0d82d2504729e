//! The bytes of batches and the signatures of their messages, from stores of which none is believed.

use std::sync::PoisonError;

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_batch::{BatchHeader, Signatures};
use ashlar_da::{SectionKey, Store};
use ashlar_settlement::contract::DataKind;
use ashlar_sync::fetch_checked;

use crate::config::{NodeSettings, SourceSettings};
use crate::rebuild::{Calldata, Commits, Folders, Known, PublishedAt, Sources};

/// Where everything is found.
pub struct Source {
    folders: Folders,
    commits: Known,
}

impl Source {
    /// As it is configured.
    pub fn new(settings: &NodeSettings) -> Result<Source> {
        let SourceSettings { folders, custodians, calldata } = &settings.source;
        let commits = Known::default();
        let mut l1: Vec<Box<dyn Store>> = Vec::new();
        if *calldata {
            let reader = Calldata::new(&settings.l1.endpoints, settings.l1.timeout)?;
            l1.push(Box::new(Commits { reader, known: commits.clone() }));
        }
        Ok(Source { folders: Folders::new(folders, custodians, l1)?, commits })
    }

    /// A batch that was committed in this transaction, and its signatures; both are those of its header.
    pub async fn batch(&self, header: &BatchHeader, commit: PublishedAt) -> Result<(Vec<u8>, Signatures)> {
        let number = header.number;
        {
            let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
            // One is asked for at a time, and is not asked for again once it was followed.
            commits.clear();
            commits.insert(number.get(), commit);
        }
        let bytes = match fetch_checked(&self.folders, header).await? {
            Ok(bytes) => bytes,
            Err(finding) => match self.folders.failure(number) {
                Some(why) => bail!("{finding}; {why}"),
                None => bail!("{finding}"),
            },
        };
        let none = Signatures::new();
        if none.root() == header.signatures_root {
            return Ok((bytes, none));
        }
        let key = SectionKey { number, root: header.signatures_root };
        let fetched = self.folders.stores().fetch_signatures(&key).await;
        let (signatures, _) = fetched.map_err(|asked| {
            let names: Vec<_> = asked.iter().map(|report| report.name.as_str()).collect();
            let number = number.get();
            anyhow!("batch {number}: none of {} has the signatures of its messages; name other stores with source.folders or source.custodians", names.join(", "))
        })?;
        Ok((bytes, signatures))
    }
}

/// The same as an auditor names it.
pub fn sources(settings: &NodeSettings) -> Result<Sources> {
    let (l1, SourceSettings { folders, custodians, calldata }) = (&settings.l1, &settings.source);
    let url = l1.endpoints.first().context("l1.endpoints names nobody")?;
    let stores = (folders.as_slice(), custodians.as_slice());
    let sources = Sources::of_node(url, l1.settlement, stores, l1.deployed_block, l1.house_owner, l1.genesis_ms);
    Ok(sources.with_calldata(*calldata))
}

/// A commit as the store of calldata looks for it; another kind is not found there, and is with others.
pub const fn commit_in(tx: alloy::primitives::B256) -> PublishedAt {
    PublishedAt { tx, time_s: 0, kind: DataKind::Calldata, blobs: Vec::new() }
}
