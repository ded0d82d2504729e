use std::future::Future;
use std::pin::Pin;

use ashlar_coding::Row;
use ashlar_types::DecodeError;

use crate::{BatchKey, Share};

/// What a store will have said.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A place that keeps shares: a folder, a node of others, an object store. None is believed.
pub trait Store: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// Keeps a share. It is durable when the answer is there; doing it again is no mistake.
    fn put<'a>(&'a self, key: &'a BatchKey, share: &'a Share) -> Answer<'a, ()>;

    /// The manifest and up to so many rows beside those that are already there.
    fn get<'a>(&'a self, key: &'a BatchKey, have: &'a [Row], most: usize) -> Answer<'a, Share>;
}

/// Why a store did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not have the batch, or no longer.
    #[error("it does not have batch {number}; ask another store", number = .0.number.get())]
    Absent(BatchKey),
    /// It answered with bytes that are no share.
    #[error("what it has of the batch is damaged: {0}; ask another store and put the share again")]
    Damaged(DecodeError),
    /// It refuses, and will again.
    #[error("it refuses: {0}")]
    Refused(String),
    /// It failed or could not be reached; it may work later.
    #[error("it failed to {action}: {reason}; try again later")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// What was said.
        reason: String,
    },
}
