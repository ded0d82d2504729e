//! What a node's own folders may forget: batches that are final, archived and not among those that are to be kept.
//!
//! 1. Nothing is forgotten that L1 has not made final, that the archive does not have, or that the policy keeps.
//! 2. How far was forgotten is durable before anything is, so that nobody takes what was let go on purpose for lost. It is known without the policy
//!    too: what was forgotten does not come back when a policy is given up.

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
    /// The file that says how far was forgotten failed.
    #[error("{path} cannot be {action}: {error}; free or repair the disk")]
    File {
        /// Which.
        path: String,
        /// What was being done.
        action: &'static str,
        /// What was said.
        error: io::Error,
    },
    /// The file that says how far was forgotten is damaged.
    #[error(
        "{path} holds no number; write the number of the oldest batch of the folders into it, or remove it if nothing was ever forgotten"
    )]
    Torn {
        /// Which.
        path: String,
    },
    /// The archive does not say how far it reaches.
    #[error("it is not known how far the archive reaches: {0}")]
    Mark(io::Error),
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

/// How far folders have forgotten, and by which policy they go on, if there is one.
#[derive(Debug)]
pub struct Retained {
    /// How many of the newest final batches are kept, and the folder of the archive.
    policy: Option<(u64, PathBuf)>,
    file: PathBuf,
    kept_from: AtomicU64,
}

impl Retained {
    /// What the folders of the node in a folder have forgotten. By a policy, the newest so many final batches are kept, and everything that the
    /// archive in a folder does not have; without one nothing more is forgotten.
    pub fn open(data: &Path, policy: Option<(u64, PathBuf)>) -> Result<Retained, RetentionError> {
        let path = data.join(FILE);
        let kept_from = match fs::read(&path) {
            Ok(bytes) => {
                let number: Option<u64> = std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok());
                number.ok_or_else(|| RetentionError::Torn { path: path.display().to_string() })?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => 0,
            Err(error) => return Err(file(&path, "read")(error)),
        };
        Ok(Retained { policy, file: path, kept_from: AtomicU64::new(kept_from) })
    }

    /// The first batch that is kept; those before were forgotten.
    pub fn kept_from(&self) -> BatchNumber {
        BatchNumber::new(self.kept_from.load(Ordering::Relaxed))
    }

    /// Forgets what may be forgotten now that this batch is final; how many folders' batches that were.
    pub async fn forget(&self, stores: &Availability, last_final: BatchNumber) -> Result<usize, RetentionError> {
        let Some((keep_newest, archive)) = &self.policy else { return Ok(0) };
        let Some(mark) = Mark::read(archive).map_err(RetentionError::Mark)? else { return Ok(0) };
        let end = |last: u64| last.saturating_add(1);
        let from = end(last_final.get()).saturating_sub(*keep_newest).min(end(mark.number.get()));
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
