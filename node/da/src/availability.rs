use ashlar_batch::BatchHeader;
use ashlar_coding::{Coded, CodingError, DaCommitment, Expansion, Simd};
use ashlar_types::BatchNumber;

use crate::fetch::fetch;
use crate::limits::STORES_MAX;
use crate::{BatchKey, FetchError, Fetched, Share, Spread, Store, StoreError};

/// The stores of a node, and how batches are spread over them.
pub struct Availability {
    stores: Vec<Box<dyn Store>>,
    expansion: Expansion,
    confirmed_min: usize,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// For the header.
    pub commitment: DaCommitment,
    /// The stores that have confirmed.
    pub confirmed: usize,
    /// Those that have not, each by its name; what they lack can be put again later.
    pub failed: Vec<(String, StoreError)>,
}

/// Why a batch is not published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The bytes are no batch.
    #[error("the batch cannot be coded: {0}")]
    Coding(#[from] CodingError),
    /// Too few stores have confirmed. Nothing may be committed to; putting again is no mistake.
    #[error("{confirmed} stores confirmed of the {need} that must; the first failure: {}", first_failure(.failed))]
    TooFewStores {
        /// Stores that must confirm.
        need: usize,
        /// Stores that have.
        confirmed: usize,
        /// Those that have not, by name.
        failed: Vec<(String, StoreError)>,
    },
}

fn first_failure(failed: &[(String, StoreError)]) -> String {
    failed.first().map_or_else(|| "none".into(), |(name, error)| format!("{name}: {error}"))
}

/// Why stores cannot be used together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetupError {
    /// None, or too many.
    #[error("{got} stores; there must be 1 to {STORES_MAX}")]
    Stores {
        /// How many were given.
        got: usize,
    },
    /// With so few confirmations a batch could be committed to and lost.
    #[error("{got} confirmations are asked for; with these stores it must be {min} to {max}")]
    Confirmations {
        /// As many as hold the data.
        min: usize,
        /// All stores.
        max: usize,
        /// What was asked for.
        got: usize,
    },
}

impl Availability {
    /// Of these stores. A batch counts as published when `confirmed_min` of them have it.
    pub fn new(
        stores: Vec<Box<dyn Store>>,
        expansion: Expansion,
        confirmed_min: usize,
    ) -> Result<Availability, SetupError> {
        let max = stores.len();
        if !(1..=STORES_MAX).contains(&max) {
            return Err(SetupError::Stores { got: max });
        }
        let min = max.div_ceil(1 << expansion.levels());
        if !(min..=max).contains(&confirmed_min) {
            return Err(SetupError::Confirmations { min, max, got: confirmed_min });
        }
        Ok(Availability { stores, expansion, confirmed_min })
    }

    /// The stores, in the order they are spread over.
    pub fn stores(&self) -> &[Box<dyn Store>] {
        &self.stores
    }

    /// What the header of a batch will commit to, before anything is published.
    pub fn code(&self, bytes: &[u8]) -> Result<Coded, PublishError> {
        Ok(Coded::new(bytes, self.expansion, &Simd)?)
    }

    /// Codes a batch and gives each store its share.
    pub async fn publish(&self, number: BatchNumber, bytes: &[u8]) -> Result<Published, PublishError> {
        self.put(number, &self.code(bytes)?).await
    }

    /// Gives each store its share of a batch that is coded already. To repair, do it again.
    pub async fn put(&self, number: BatchNumber, coded: &Coded) -> Result<Published, PublishError> {
        let key = BatchKey { number, commitment: coded.commitment() };
        let spread = Spread::new(coded.manifest().layout(), self.stores.len());
        let mut failed = Vec::new();
        for (index, store) in self.stores.iter().enumerate() {
            let share = Share::of(coded, &spread.rows_of(index));
            if let Err(error) = store.put(&key, &share).await {
                failed.push((store.name().to_owned(), error));
            }
        }
        let confirmed = self.stores.len() - failed.len();
        if confirmed < self.confirmed_min {
            return Err(PublishError::TooFewStores { need: self.confirmed_min, confirmed, failed });
        }
        Ok(Published { commitment: coded.commitment(), confirmed, failed })
    }

    /// The bytes of the batch of a header, from whichever stores have it.
    pub async fn fetch(&self, header: &BatchHeader) -> Result<Fetched, FetchError> {
        let key = BatchKey::of(header).ok_or(FetchError::OtherScheme { commitment: header.da_commitment })?;
        fetch(&self.stores, &key, header.data_root).await
    }
}
