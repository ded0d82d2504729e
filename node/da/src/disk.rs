//! A folder as a store.
//!
//! 1. A batch is one file, named by its number and commitment, and its signatures are another, named by its number and their root. What
//!    each holds is fixed by its name, so it is written once.
//! 2. A file that was torn by a crash fails to decode or to verify. Reading says so and putting it again repairs it.

use std::collections::HashSet;

use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};
use commonware_utils::sync::AsyncMutex;

use crate::deposit::signatures_of;
use crate::limits::{SECTION_BYTES_MAX, SHARE_BYTES_MAX};
use crate::{Answer, BatchKey, Deposit, Kept, Receipt, SectionKey, Share, Store, StoreError, Wanted};

/// What a folder may forget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retention {
    /// Nothing.
    Forever,
    /// Batches below a number, once they are proven, final and archived elsewhere.
    From(BatchNumber),
    /// All but the newest so many.
    Newest(usize),
}

/// A folder of the runtime's storage.
pub struct Disk<E> {
    /// A file can be open once, so one task at a time.
    open: AsyncMutex<Open<E>>,
    folder: String,
}

struct Open<E> {
    storage: E,
    /// Names that were seen. Opening what is not there would make an empty file, and listing a long folder for each question is slow.
    seen: HashSet<Vec<u8>>,
}

fn failed(action: &'static str) -> impl FnOnce(RuntimeError) -> StoreError {
    move |error| StoreError::Failed { action, reason: error.to_string() }
}

impl<E: Storage> Disk<E> {
    /// A folder, which is made when something is first put into it. Its name has letters, digits, `-` and `_` only.
    pub fn new(storage: E, folder: impl Into<String>) -> Disk<E> {
        Disk { open: AsyncMutex::new(Open { storage, seen: HashSet::new() }), folder: folder.into() }
    }

    /// What is in the folder, the oldest first. Files that are not ours are left alone.
    pub async fn kept(&self) -> Result<Kept, StoreError> {
        let mut open = self.open.lock().await;
        self.names(&mut open).await
    }

    /// Bytes of everything in the folder.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let mut open = self.open.lock().await;
        let Kept { batches, sections } = self.names(&mut open).await?;
        let mut sum = 0_u64;
        for name in batches.iter().map(to_bytes).chain(sections.iter().map(to_bytes)) {
            let (_, length) = open.storage.open(&self.folder, &name).await.map_err(failed("measure a batch"))?;
            sum = sum.saturating_add(length);
        }
        Ok(sum)
    }

    /// Forgets what a policy lets it forget, the oldest first, with its signatures; how many batches that were.
    pub async fn prune(&self, retention: Retention) -> Result<usize, StoreError> {
        let mut open = self.open.lock().await;
        let Kept { batches, sections } = self.names(&mut open).await?;
        let forgotten = match retention {
            Retention::Forever => 0,
            Retention::From(number) => batches.iter().filter(|key| key.number < number).count(),
            Retention::Newest(count) => batches.len().saturating_sub(count),
        };
        // Signatures go with the batch: what is older than everything that stays is of no batch here.
        let oldest = match retention {
            Retention::Forever => BatchNumber::new(0),
            Retention::From(number) => number,
            Retention::Newest(_) => batches.get(forgotten).map_or(BatchNumber::new(0), |key| key.number),
        };
        let of_batches = batches.iter().take(forgotten).map(to_bytes);
        let of_sections = sections.iter().filter(|key| key.number < oldest).map(to_bytes);
        for name in of_batches.chain(of_sections) {
            open.storage.remove(&self.folder, Some(&name)).await.map_err(failed("remove a batch"))?;
            open.seen.remove(&name);
        }
        Ok(forgotten)
    }

    /// Keeps a few bytes under a name that is no batch's.
    pub(crate) async fn remember(&self, name: &[u8], bytes: Vec<u8>) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        self.write(&mut open, name, bytes).await
    }

    /// What was kept under such a name.
    pub(crate) async fn recall(&self, name: &[u8], most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(name, most).await
    }

    async fn names(&self, open: &mut Open<E>) -> Result<Kept, StoreError> {
        let names = match open.storage.scan(&self.folder).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
            Err(error) => return Err(failed("list the folder")(error)),
        };
        let mut batches: Vec<BatchKey> = names.iter().filter_map(|name| BatchKey::from_name(name)).collect();
        let mut sections: Vec<SectionKey> = names.iter().filter_map(|name| SectionKey::from_name(name)).collect();
        batches.sort_by_key(to_bytes);
        sections.sort_by_key(to_bytes);
        open.seen = names.into_iter().collect();
        Ok(Kept { batches, sections })
    }

    /// Keeps a batch's share and its signatures, each durably.
    pub async fn keep(&self, key: &BatchKey, deposit: &Deposit) -> Result<(), StoreError> {
        let mut open = self.open.lock().await;
        let section = SectionKey { number: key.number, root: deposit.signatures.root() };
        if !deposit.signatures.is_empty() {
            self.write(&mut open, &to_bytes(&section), deposit.signatures.as_bytes().to_vec()).await?;
        }
        self.write(&mut open, &to_bytes(key), to_bytes(&deposit.share)).await
    }

    async fn write(&self, open: &mut Open<E>, name: &[u8], bytes: Vec<u8>) -> Result<(), StoreError> {
        let (blob, length) = open.storage.open(&self.folder, name).await.map_err(failed("open a batch"))?;
        if length > bytes.len() as u64 {
            blob.resize(0).await.map_err(failed("cut a batch"))?;
        }
        blob.write_at(0, bytes, WriteOptions::default()).await.map_err(failed("write a batch"))?;
        blob.sync().await.map_err(failed("sync a batch"))?;
        open.seen.insert(name.to_vec());
        Ok(())
    }

    /// The bytes of a file, if it is there.
    async fn read(&self, name: &[u8], most: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let mut open = self.open.lock().await;
        if !open.seen.contains(name) {
            self.names(&mut open).await?;
            if !open.seen.contains(name) {
                return Ok(None);
            }
        }
        let (blob, length) = open.storage.open(&self.folder, name).await.map_err(failed("open a batch"))?;
        if length > most as u64 {
            return Err(StoreError::Refused(format!("a file of {length} bytes is longer than any of its kind")));
        }
        let read = blob.read_at(0, length as usize, ReadOptions::default()).await.map_err(failed("read a batch"))?;
        Ok(Some(read.coalesce().as_ref().to_vec()))
    }

    /// Everything it has of a batch.
    pub async fn share(&self, key: &BatchKey) -> Result<Share, StoreError> {
        let bytes = self.read(&to_bytes(key), SHARE_BYTES_MAX).await?;
        from_bytes(&bytes.ok_or(StoreError::Absent(*key))?).map_err(StoreError::Damaged)
    }

    /// The signatures under a root. They are hashed again: what was torn is not given out.
    pub async fn section(&self, key: &SectionKey) -> Result<Vec<u8>, StoreError> {
        let bytes = self.read(&to_bytes(key), SECTION_BYTES_MAX).await?;
        let bytes = bytes.ok_or(StoreError::AbsentSection(*key))?;
        match signatures_of(&bytes) {
            Some(signatures) if signatures.root() == key.root => Ok(bytes),
            _ => Err(StoreError::Wrong("the signatures are not those of their root".to_owned())),
        }
    }
}

impl<E: Storage> Store for Disk<E> {
    fn name(&self) -> &str {
        &self.folder
    }

    fn put<'a>(&'a self, key: &'a BatchKey, deposit: &'a Deposit) -> Answer<'a, Option<Receipt>> {
        Box::pin(async move {
            self.keep(key, deposit).await?;
            Ok(None)
        })
    }

    fn get<'a>(&'a self, key: &'a BatchKey, wanted: Wanted<'a>) -> Answer<'a, Share> {
        Box::pin(async move {
            let mut share = self.share(key).await?;
            share.narrow(wanted);
            Ok(share)
        })
    }

    fn salvage<'a>(&'a self, key: &'a BatchKey) -> Answer<'a, Share> {
        Box::pin(async move {
            let bytes = self.read(&to_bytes(key), SHARE_BYTES_MAX).await?;
            let bytes = bytes.ok_or(StoreError::Absent(*key))?;
            from_bytes(&bytes).or_else(|error| Share::salvage(&bytes).ok_or(StoreError::Damaged(error)))
        })
    }

    fn signatures<'a>(&'a self, key: &'a SectionKey) -> Answer<'a, Vec<u8>> {
        Box::pin(self.section(key))
    }

    fn forget(&self, before: BatchNumber) -> Answer<'_, usize> {
        Box::pin(self.prune(Retention::From(before)))
    }

    fn list(&self, from: BatchNumber, most: usize) -> Answer<'_, Kept> {
        Box::pin(async move { Ok(self.kept().await?.cut(from, most)) })
    }
}

impl Kept {
    /// From a batch on, of each kind at most so many.
    pub fn cut(mut self, from: BatchNumber, most: usize) -> Kept {
        self.batches.retain(|key| key.number >= from);
        self.sections.retain(|key| key.number >= from);
        self.batches.truncate(most);
        self.sections.truncate(most);
        self
    }
}
