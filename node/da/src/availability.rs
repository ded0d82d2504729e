use std::sync::{Mutex, PoisonError};

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Signatures};
use ashlar_coding::{Coded, CodingError, DaCommitment, Expansion, Room, Row, Simd};
use ashlar_types::BatchNumber;
use futures::future::join_all;

use crate::fetch::{Asking, Sources, fetch, fetch_section};
use crate::limits::STORES_MAX;
use crate::{
    BatchKey, Deposit, FetchError, Fetched, Pace, Receipt, Salvage, SectionKey, Share, SourceReport, Spread, Standing,
    Standings, Store, StoreError,
};

/// The stores of a node, and how batches are spread over them.
pub struct Availability {
    stores: Vec<Box<dyn Store>>,
    expansion: Expansion,
    confirmed_min: usize,
    standings: Standings,
    pace: Pace,
    /// Memory of the batch that was coded last, once it is done with.
    room: Mutex<Room>,
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    /// For the header.
    pub commitment: DaCommitment,
    /// The stores that have confirmed.
    pub confirmed: usize,
    /// What custodians among them have signed.
    pub receipts: Vec<Receipt>,
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
        Ok(Availability {
            stores,
            expansion,
            confirmed_min,
            standings: Standings::default(),
            pace: Pace::default(),
            room: Mutex::default(),
        })
    }

    /// The same, by another clock.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Availability {
        Availability { pace, ..self }
    }

    /// The stores, in the order they are spread over.
    pub fn stores(&self) -> &[Box<dyn Store>] {
        &self.stores
    }

    /// How many of them must confirm a batch before it counts as published.
    pub const fn confirmed_min(&self) -> usize {
        self.confirmed_min
    }

    /// What the header of a batch will commit to, before anything is published.
    pub fn code(&self, bytes: &[u8]) -> Result<Coded, PublishError> {
        let room = std::mem::take(&mut *self.room.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Coded::within(room, bytes, self.expansion, &Simd)?)
    }

    /// Gives back what [`Availability::code`] gave and nobody needs any more, so that the next batch is coded where this one was. Who forgets it makes the
    /// next one take twice as long, and loses nothing else.
    pub fn reuse(&self, coded: Coded) {
        *self.room.lock().unwrap_or_else(PoisonError::into_inner) = coded.into_room();
    }

    /// How a store has behaved since this was made.
    pub fn standing(&self, name: &str) -> Standing {
        self.standings.of(name)
    }

    /// The rows that a store keeps of a batch.
    pub fn rows_of(&self, coded: &Coded, store: usize) -> Vec<Row> {
        Spread::new(coded.manifest().layout(), self.stores.len()).rows_of(store)
    }

    /// Codes a batch and gives each store its share, and the signatures of its messages.
    pub async fn publish(
        &self,
        number: BatchNumber,
        bytes: &[u8],
        signatures: &Signatures,
    ) -> Result<Published, PublishError> {
        let coded = self.code(bytes)?;
        let published = self.put(number, &coded, signatures).await;
        self.reuse(coded);
        published
    }

    /// Gives each store its share of a batch that is coded already, all at once. To repair, do it again.
    pub async fn put(
        &self,
        number: BatchNumber,
        coded: &Coded,
        signatures: &Signatures,
    ) -> Result<Published, PublishError> {
        let key = BatchKey { number, commitment: coded.commitment() };
        let deposits: Vec<Deposit> = (0..self.stores.len())
            .map(|store| Deposit {
                share: Share::of(coded, &self.rows_of(coded, store)),
                signatures: signatures.clone(),
            })
            .collect();
        let mut puts = Vec::with_capacity(deposits.len());
        for (store, deposit) in self.stores.iter().zip(&deposits) {
            puts.push(store.put(&key, deposit));
        }
        let answers = join_all(puts).await;
        let (mut failed, mut receipts) = (Vec::new(), Vec::new());
        for (store, answer) in self.stores.iter().zip(answers) {
            match answer {
                Ok(receipt) => receipts.extend(receipt),
                Err(error) => failed.push((store.name().to_owned(), error)),
            }
        }
        let confirmed = self.stores.len() - failed.len();
        if confirmed < self.confirmed_min {
            return Err(PublishError::TooFewStores { need: self.confirmed_min, confirmed, failed });
        }
        Ok(Published { commitment: coded.commitment(), confirmed, receipts, failed })
    }

    /// The bytes of the batch of a header, from whichever stores have it.
    pub async fn fetch(&self, header: &BatchHeader) -> Result<Fetched, FetchError> {
        let key = BatchKey::of(header).ok_or(FetchError::OtherScheme { commitment: header.da_commitment })?;
        self.fetch_key(&key, Some(header.data_root)).await
    }

    /// The bytes of a batch by its commitment alone, which fixes the data root too; a root that is known besides is compared.
    pub async fn fetch_key(&self, key: &BatchKey, data_root: Option<Digest>) -> Result<Fetched, FetchError> {
        let asking = Asking { sources: self.sources(), standings: &self.standings, pace: &self.pace };
        let fetched = fetch(asking, key, data_root).await;
        match &fetched {
            Ok(Fetched { sources, .. })
            | Err(FetchError::NoManifest { sources } | FetchError::TooFew { sources, .. }) => {
                self.standings.note(sources)
            }
            Err(_) => {}
        }
        fetched
    }

    /// Whatever stores still have of a batch, damaged or not, for when too little of it is proven.
    pub async fn salvage(&self, key: &BatchKey) -> Salvage {
        Salvage::of(&self.stores, key).await
    }

    /// The signatures of a batch's messages, from whichever store has them.
    pub async fn fetch_signatures(
        &self,
        key: &SectionKey,
    ) -> Result<(Signatures, Vec<SourceReport>), Vec<SourceReport>> {
        let fetched = fetch_section(self.sources(), key).await;
        match &fetched {
            Ok((_, sources)) | Err(sources) => self.standings.note(sources),
        }
        fetched
    }

    fn sources(&self) -> Sources<'_> {
        let order = self.standings.order(&self.stores);
        order.into_iter().filter_map(|index| self.stores.get(index)).map(AsRef::as_ref).collect()
    }
}
