//! The commits of batches as a store: what L1 itself, or what its nodes keep beside it, still has of what was published there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ashlar_coding::{Coded, Expansion, Row, Simd};
use ashlar_da::{Answer, BatchKey, Deposit, Distance, Kept, Receipt, SectionKey, Share, Store, StoreError, Wanted};
use ashlar_settlement::contract::DataKind;
use ashlar_types::BatchNumber;

use super::chain::PublishedAt;

/// Who reads what a commit has published.
pub trait Reader: Send + Sync {
    /// For people.
    const NAME: &'static str;
    /// The kind of commit that it reads. Another kind has its data elsewhere.
    const KIND: DataKind;

    /// The bytes of the batch, of which nothing has been checked.
    fn content<'a>(&'a self, key: &'a BatchKey, commit: &'a PublishedAt) -> Answer<'a, Vec<u8>>;
}

/// How each batch was committed, by its number. Whoever follows an exchange puts in the one that it asks for next.
pub type Known = Arc<Mutex<BTreeMap<u64, PublishedAt>>>;

/// Commits and who reads them.
pub struct Commits<R> {
    /// Who reads.
    pub reader: R,
    /// Those of every kind.
    pub known: Known,
}

impl<R: Reader> Commits<R> {
    async fn share(&self, key: &BatchKey, wanted: Wanted<'_>) -> Result<Share, StoreError> {
        let commit = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.get(&key.number.get()).filter(|commit| commit.kind == R::KIND).cloned()
        };
        let content = self.reader.content(key, &commit.ok_or(StoreError::Absent(*key))?).await?;
        share_of(&content, key, wanted)
            .ok_or_else(|| StoreError::Wrong(format!("the {} are of another commitment", R::NAME)))
    }
}

/// Every row of a batch whose bytes are these; none if they are not under the commitment. The batch is coded again: if that
/// gives the commitment, every row of it is right.
fn share_of(content: &[u8], key: &BatchKey, wanted: Wanted<'_>) -> Option<Share> {
    let coded = [Expansion::Double, Expansion::Quadruple]
        .into_iter()
        .filter_map(|expansion| Coded::new(content, expansion, &Simd).ok())
        .find(|coded| coded.commitment() == key.commitment)?;
    let rows: Vec<Row> = (0..coded.manifest().layout().rows() as u16).map(Row::new).collect();
    let mut share = Share::of(&coded, &rows);
    share.narrow(wanted);
    Some(share)
}

impl<R: Reader> Store for Commits<R> {
    fn name(&self) -> &str {
        R::NAME
    }

    fn distance(&self) -> Distance {
        Distance::Far
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
