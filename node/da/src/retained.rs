//! What a node's own folders may forget: batches that are final, archived and not among those that are to be kept.
//!
//! 1. Nothing is forgotten that L1 has not made final, that the archive does not have, or that the policy keeps.
//! 2. How far was forgotten is durable before anything is, so that nobody takes what was let go on purpose for lost.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use ashlar_types::BatchNumber;

use crate::archive::Mark;
use crate::{Availability, StoreError};

/// The file in which it stands how far was forgotten.
const FILE: &str = "da-kept-from";

/// Why nothing was forgotten.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// A file of the node or of the archive failed.
    #[error("{path} cannot be {action}: {error}")]
    File {
        /// Which.
        path: String,
        /// What was being done.
        action: &'static str,
        /// What was said.
        error: io::Error,
    },
    /// The archive is of other batches.
    #[error("the archive ends with batch {} and the folders have another one of that number; name this exchange's archive", .0.get())]
    OtherArchive(BatchNumber),
    /// A folder failed.
    #[error("{store}: {error}")]
    Store {
        /// Which.
        store: String,
        /// How.
        error: StoreError,
    },
}

fn file(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> RetentionError {
    let path = path.display().to_string();
    move |error| RetentionError::File { path, action, error }
}

/// A policy, and how far it has come.
#[derive(Debug)]
pub struct Retained {
    keep_newest: u64,
    archive: PathBuf,
    file: PathBuf,
    kept_from: AtomicU64,
}

impl Retained {
    /// Keeps the newest so many final batches, and everything that the archive in a folder does not have. How far it has come is remembered in
    /// the folder of the node.
    pub fn open(data: &Path, keep_newest: u64, archive: &Path) -> Result<Retained, RetentionError> {
        let path = data.join(FILE);
        let kept_from = match fs::read_to_string(&path) {
            Ok(text) => text.trim().parse().map_err(io::Error::other).map_err(file(&path, "read"))?,
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(file(&path, "read")(error)),
        };
        let kept_from = AtomicU64::new(kept_from);
        Ok(Retained { keep_newest, archive: archive.to_path_buf(), file: path, kept_from })
    }

    /// The first batch that is kept; those before were forgotten.
    pub fn kept_from(&self) -> BatchNumber {
        BatchNumber::new(self.kept_from.load(Ordering::Relaxed))
    }

    /// Forgets what may be forgotten now that this batch is final; how many folders' batches that were.
    pub async fn forget(&self, stores: &Availability, last_final: BatchNumber) -> Result<usize, RetentionError> {
        let mark = Mark::read(&self.archive).map_err(file(&self.archive, "read"))?;
        let Some(mark) = mark else { return Ok(0) };
        let end = |last: u64| last.saturating_add(1);
        let from = end(last_final.get()).saturating_sub(self.keep_newest).min(end(mark.number.get()));
        let before = self.kept_from.load(Ordering::Relaxed);
        if from <= before.max(1) {
            return Ok(0);
        }
        self.check(stores, &mark).await?;
        self.remember(from).map_err(file(&self.file, "written"))?;
        self.kept_from.store(from, Ordering::Relaxed);
        let mut forgotten = 0;
        for store in stores.stores() {
            let error = |error| RetentionError::Store { store: store.name().to_owned(), error };
            forgotten += store.forget(BatchNumber::new(from)).await.map_err(error)?;
        }
        Ok(forgotten)
    }

    /// That the archive's last batch is one that is here.
    async fn check(&self, stores: &Availability, mark: &Mark) -> Result<(), RetentionError> {
        for store in stores.stores() {
            let error = |error| RetentionError::Store { store: store.name().to_owned(), error };
            // More than one of a number are there where L1 took one back.
            let kept = store.list(mark.number, 16).await.map_err(error)?;
            let is_it = |number: BatchNumber, commitment| number == mark.number && commitment == mark.commitment;
            if kept.batches.iter().any(|key| is_it(key.number, key.commitment.to_hash())) {
                return Ok(());
            }
        }
        Err(RetentionError::OtherArchive(mark.number))
    }

    fn remember(&self, from: u64) -> io::Result<()> {
        let beside = self.file.with_extension("part");
        let mut written = File::create(&beside)?;
        writeln!(written, "{from}")?;
        written.sync_all()?;
        fs::rename(&beside, &self.file)?;
        self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}
