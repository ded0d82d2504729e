use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ashlar_types::{BatchNumber, DecodeError};

use crate::{BatchKey, Deposit, Receipt, SectionKey, Share, Wanted};

/// What a store will have said.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// What a store has, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Kept {
    /// Batches, the oldest first.
    pub batches: Vec<BatchKey>,
    /// Signatures of batches, the oldest first.
    pub sections: Vec<SectionKey>,
}

/// What kind of place a store is: how long it takes while nobody has asked it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Distance {
    /// On this machine.
    Here,
    /// A server elsewhere that keeps shares.
    There,
    /// What has to be gathered first, such as the blocks of L1.
    Far,
}

impl Distance {
    pub(crate) const fn usual(self) -> Duration {
        match self {
            Self::Here => Duration::ZERO,
            Self::There => Duration::from_millis(250),
            Self::Far => Duration::from_secs(2),
        }
    }
}

/// A place that keeps shares: a folder, a node of others, an object store. None is believed.
pub trait Store: Send + Sync {
    /// What people call it.
    fn name(&self) -> &str;

    /// What kind of place it is.
    fn distance(&self) -> Distance {
        Distance::Here
    }

    /// Keeps a deposit. It is durable when the answer is there; doing it again is no mistake. A custodian signs for it.
    fn put<'a>(&'a self, key: &'a BatchKey, deposit: &'a Deposit) -> Answer<'a, Option<Receipt>>;

    /// The manifest and those of the rows asked for that it has.
    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share>;

    /// Whatever it still has of a batch, damaged or not: for repairs, which look at everything and believe nothing.
    fn salvage<'a>(&'a self, key: &'a BatchKey) -> Answer<'a, Share> {
        self.get(key, Wanted::ALL)
    }

    /// The signatures under a root, one after the other.
    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>>;

    /// Forgets everything before a batch, and says how many that were. Who decides for itself what it keeps forgets nothing.
    fn forget(&self, _before: BatchNumber) -> Answer<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }

    /// What it has from a batch on; of each kind at most so many.
    fn list(&self, from: BatchNumber, most: usize) -> Answer<'_, Kept>;
}

/// Why a store did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not have the batch, or no longer.
    #[error("it does not have batch {number}; ask another store", number = .0.number.get())]
    Absent(BatchKey),
    /// It does not have the signatures, or no longer.
    #[error("it does not have the signatures of batch {number}; ask another store", number = .0.number.get())]
    AbsentSection(SectionKey),
    /// It answered with bytes that are no share.
    #[error("what it has of the batch is damaged: {0}; ask another store and put the share again")]
    Damaged(DecodeError),
    /// It answered with something that is wrong in another way.
    #[error("what it sent is wrong: {0}; ask another store")]
    Wrong(String),
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
