//! Folders of published data, read and never written.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use ashlar_batch::BatchHeader;
use ashlar_coding::{Expansion, Row};
use ashlar_da::limits::SHARE_BYTES_MAX;
use ashlar_da::{Answer, Availability, BatchKey, FetchError, Fetched, Share, SourceReport, Store, StoreError, Verdict};
use ashlar_sync::{BatchSource, SourceError};
use ashlar_types::{BatchNumber, from_bytes, to_bytes};

/// The longest beginning that the runtime's storage puts before a file's content.
const BEGINNING_MAX: u64 = 4_096;

/// A folder that a node's store wrote.
struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    fn read(&self, key: &BatchKey) -> Result<Share, StoreError> {
        let path = self.path.join(alloy::hex::encode(to_bytes(key)));
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound => StoreError::Absent(*key),
            _ => StoreError::Failed { action: "read a batch", reason: error.to_string() },
        };
        let length = fs::metadata(&path).map_err(failed)?.len();
        if length > SHARE_BYTES_MAX as u64 + BEGINNING_MAX {
            return Err(StoreError::Refused(format!("a file of {length} bytes is no share")));
        }
        let file = fs::read(&path).map_err(failed)?;
        let content = content(&file).ok_or_else(|| StoreError::Refused("the file has another beginning".to_owned()))?;
        from_bytes(content).map_err(StoreError::Damaged)
    }
}

/// What follows the beginning that the runtime's storage gives each file. Whether it was altered does not matter: the content is
/// checked against L1.
fn content(file: &[u8]) -> Option<&[u8]> {
    let beginning = match file.first_chunk::<4>()? {
        b"CWIC" => 8,
        b"CWIK" => BEGINNING_MAX as usize,
        _ => return None,
    };
    file.get(beginning..)
}

impl Store for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn put<'a>(&'a self, _: &'a BatchKey, _: &'a Share) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Err(StoreError::Refused("this folder is only read".to_owned()))))
    }

    fn get<'a>(&'a self, key: &'a BatchKey, have: &'a [Row], most: usize) -> Answer<'a, Share> {
        let read = self.read(key).map(|mut share| {
            share.narrow(have, most);
            share
        });
        Box::pin(std::future::ready(read))
    }
}

/// What is held against a folder.
#[derive(Clone, Debug)]
pub struct Remark {
    /// The batch at which it was first noticed.
    pub batch: BatchNumber,
    /// What it did then.
    pub what: String,
    /// How many batches it was noticed at.
    pub times: u64,
}

/// All folders as one source.
#[derive(Clone)]
pub struct Folders {
    stores: Arc<Availability>,
    remarks: Arc<Mutex<BTreeMap<String, Remark>>>,
    /// Why the last batch that was not found was not.
    failure: Arc<Mutex<Option<(BatchNumber, String)>>>,
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Folders {
    /// Of these paths. A folder that is not there has nothing, and that is remarked.
    pub fn new(paths: &[PathBuf]) -> Result<Folders> {
        let folder = |path: &PathBuf| {
            let name = path.display().to_string();
            Box::new(Folder { path: path.clone(), name }) as Box<dyn Store>
        };
        let stores: Vec<Box<dyn Store>> = paths.iter().map(folder).collect();
        // Nothing is published here, so how many must confirm does not matter.
        let all = stores.len();
        let stores = Availability::new(stores, Expansion::Double, all).context("choosing other folders with --da")?;
        Ok(Folders { stores: Arc::new(stores), remarks: Arc::default(), failure: Arc::default() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.stores.stores().len()
    }

    /// What is held against which folder.
    pub fn remarks(&self) -> BTreeMap<String, Remark> {
        lock(&self.remarks).clone()
    }

    /// Why a batch was not found.
    pub fn failure(&self, batch: BatchNumber) -> Option<String> {
        lock(&self.failure).clone().filter(|(of, _)| *of == batch).map(|(_, why)| why)
    }

    fn note(&self, batch: BatchNumber, sources: &[SourceReport]) {
        let mut remarks = lock(&self.remarks);
        for SourceReport { name, verdict, .. } in sources {
            let what = match verdict {
                Verdict::Honest => continue,
                Verdict::Silent(StoreError::Absent(_)) => "it lacks the batch".to_owned(),
                Verdict::Silent(error) => error.to_string(),
                Verdict::Wrong(error) => format!("what it has was altered: {error}"),
                Verdict::Relayed(error) => format!("the publisher coded it wrongly: {error}"),
            };
            let remark = remarks.entry(name.clone()).or_insert(Remark { batch, what, times: 0 });
            remark.times = remark.times.saturating_add(1);
        }
    }
}

impl BatchSource for Folders {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        let error = match self.stores.fetch(header).await {
            Ok(Fetched { bytes, sources }) => {
                self.note(header.number, &sources);
                return Ok(Some(bytes));
            }
            Err(error) => error,
        };
        if let FetchError::NoManifest { sources } | FetchError::TooFew { sources, .. } = &error {
            self.note(header.number, sources);
        }
        *lock(&self.failure) = Some((header.number, error.to_string()));
        Ok(None)
    }
}
