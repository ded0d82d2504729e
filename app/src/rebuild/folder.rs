//! Folders of published data, read and never written.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use ashlar_batch::BatchHeader;
use ashlar_coding::Expansion;
use ashlar_da::limits::{SECTION_BYTES_MAX, SHARE_BYTES_MAX};
use ashlar_da::{
    Answer, Availability, BatchKey, Deposit, FetchError, Fetched, Kept, Receipt, Remote, SectionKey, Share,
    SourceReport, Store, StoreError, Verdict, Wanted, signatures_of,
};
use ashlar_sync::{BatchSource, SourceError};
use ashlar_types::{BatchNumber, from_bytes, to_bytes};

/// How long to wait before stores are asked again of which some did not answer, until the data counts as withheld.
const PATIENCE: [Duration; 3] = [Duration::from_millis(300), Duration::from_millis(600), Duration::from_millis(1_200)];
/// Batches of which it is remembered why they were not found.
const FAILURES_MAX: usize = 64;
/// The longest beginning that the runtime's storage puts before a file's content.
const BEGINNING_MAX: u64 = 4_096;

/// A folder that a node's store wrote.
struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    fn share(&self, key: &BatchKey) -> Result<Share, StoreError> {
        let file = self.read(&to_bytes(key), SHARE_BYTES_MAX)?.ok_or(StoreError::Absent(*key))?;
        from_bytes(content(&file)?).map_err(StoreError::Damaged)
    }

    fn section(&self, key: &SectionKey) -> Result<Vec<u8>, StoreError> {
        let file = self.read(&to_bytes(key), SECTION_BYTES_MAX)?.ok_or(StoreError::AbsentSection(*key))?;
        let bytes = content(&file)?;
        match signatures_of(bytes).filter(|signatures| signatures.root() == key.root) {
            Some(_) => Ok(bytes.to_vec()),
            None => Err(StoreError::Wrong("the signatures are not those of their root".to_owned())),
        }
    }

    fn list(&self, from: BatchNumber, most: usize) -> Result<Kept, StoreError> {
        let failed =
            |error: std::io::Error| StoreError::Failed { action: "list the folder", reason: error.to_string() };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            names.extend(name.to_str().and_then(|name| alloy::hex::decode(name).ok()));
        }
        names.sort();
        let batches = names.iter().filter_map(|name| BatchKey::from_name(name)).collect();
        let sections = names.iter().filter_map(|name| SectionKey::from_name(name)).collect();
        Ok(Kept { batches, sections }.cut(from, most))
    }

    /// A file's bytes, its beginning included; nothing if it is not there.
    fn read(&self, name: &[u8], most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path.join(alloy::hex::encode(name));
        let failed = |error: std::io::Error| StoreError::Failed { action: "read a batch", reason: error.to_string() };
        let length = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if length > most as u64 + BEGINNING_MAX {
            return Err(StoreError::Refused(format!("a file of {length} bytes is longer than any of its kind")));
        }
        fs::read(&path).map(Some).map_err(failed)
    }
}

/// What follows the beginning that the runtime's storage gives each file. Whether it was altered does not matter: the content is
/// checked against L1.
pub fn content(file: &[u8]) -> Result<&[u8], StoreError> {
    let beginning = match file.first_chunk::<4>() {
        Some(b"CWIC") => Some(8),
        Some(b"CWIK") => Some(BEGINNING_MAX as usize),
        _ => None,
    };
    let content = beginning.and_then(|beginning| file.get(beginning..));
    content.ok_or_else(|| StoreError::Refused("the file has another beginning".to_owned()))
}

impl Store for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn put<'a>(&'a self, _: &'a BatchKey, _: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(std::future::ready(Err(StoreError::Refused("this folder is only read".to_owned()))))
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        let read = self.share(key).map(|mut share| {
            share.narrow(wanted);
            share
        });
        Box::pin(std::future::ready(read))
    }

    fn salvage<'a>(&'a self, key: &'a BatchKey) -> Answer<'a, Share> {
        let salvaged = || {
            let file = self.read(&to_bytes(key), SHARE_BYTES_MAX)?.ok_or(StoreError::Absent(*key))?;
            let bytes = content(&file)?;
            from_bytes(bytes).or_else(|error| Share::salvage(bytes).ok_or(StoreError::Damaged(error)))
        };
        Box::pin(std::future::ready(salvaged()))
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(std::future::ready(self.section(key)))
    }

    fn list(&self, from: BatchNumber, most: usize) -> Answer<'_, Kept> {
        Box::pin(std::future::ready(Folder::list(self, from, most)))
    }
}

/// What is held against a folder.
#[derive(Clone, Debug)]
pub struct Remark {
    /// The first batch at which it was noticed.
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
    /// Why batches were not found, of the first that were not: others are asked for before it shows that one is missing.
    failures: Arc<Mutex<BTreeMap<BatchNumber, String>>>,
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Folders {
    /// Of these paths, custodians, and stores of L1 itself. A folder that is not there has nothing, and that is remarked.
    pub fn new(paths: &[PathBuf], custodians: &[String], l1: Vec<Box<dyn Store>>) -> Result<Folders> {
        let folder = |path: &PathBuf| {
            let name = path.display().to_string();
            Box::new(Folder { path: path.clone(), name }) as Box<dyn Store>
        };
        let mut stores: Vec<Box<dyn Store>> = paths.iter().map(folder).collect();
        for url in custodians {
            stores.push(Box::new(Remote::new(url, None)?));
        }
        stores.extend(l1);
        // Nothing is published here, so how many must confirm does not matter.
        let all = stores.len();
        let stores = Availability::new(stores, Expansion::Double, all).context("choosing other folders with --da")?;
        Ok(Folders { stores: Arc::new(stores), remarks: Arc::default(), failures: Arc::default() })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.stores.stores().len()
    }

    /// All of them.
    pub fn stores(&self) -> &Availability {
        &self.stores
    }

    /// What is held against which folder.
    pub fn remarks(&self) -> BTreeMap<String, Remark> {
        lock(&self.remarks).clone()
    }

    /// Why a batch was not found.
    pub fn failure(&self, batch: BatchNumber) -> Option<String> {
        lock(&self.failures).get(&batch).cloned()
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
            let remark = remarks.entry(name.clone()).or_insert(Remark { batch, what: what.clone(), times: 0 });
            remark.times = remark.times.saturating_add(1);
            // Several batches are asked for at once, and which is answered first is chance.
            if batch < remark.batch {
                (remark.batch, remark.what) = (batch, what);
            }
        }
    }
}

impl BatchSource for Folders {
    async fn fetch(&self, header: &BatchHeader) -> Result<Option<Vec<u8>>, SourceError> {
        let mut waits = PATIENCE.iter();
        let error = loop {
            let error = match self.stores.fetch(header).await {
                Ok(Fetched { bytes, sources }) => {
                    self.note(header.number, &sources);
                    lock(&self.failures).remove(&header.number);
                    return Ok(Some(bytes));
                }
                Err(error) => error,
            };
            match waits.next().filter(|_| may_answer_later(&error)) {
                Some(wait) => tokio::time::sleep(*wait).await,
                None => break error,
            }
        };
        self.note(header.number, error.sources());
        let mut failures = lock(&self.failures);
        failures.insert(header.number, error.to_string());
        while failures.len() > FAILURES_MAX {
            failures.pop_last();
        }
        Ok(None)
    }
}

/// Whether what was not found may be where nobody answered just now.
fn may_answer_later(error: &FetchError) -> bool {
    error.sources().iter().any(|source| matches!(source.verdict, Verdict::Silent(StoreError::Failed { .. })))
}
