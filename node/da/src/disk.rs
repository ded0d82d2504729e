//! A folder as a store.
//!
//! 1. A batch is one file, named by its number and commitment, and written once: what it holds is fixed by its name.
//! 2. A file that was torn by a crash fails to decode or to verify. Reading says so and putting it again repairs it.

use ashlar_coding::Row;
use ashlar_types::{BatchNumber, from_bytes, to_bytes};
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};
use commonware_utils::sync::AsyncMutex;

use crate::limits::SHARE_BYTES_MAX;
use crate::{Answer, BatchKey, Share, Store, StoreError};

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
    storage: AsyncMutex<E>,
    folder: String,
}

fn failed(action: &'static str) -> impl FnOnce(RuntimeError) -> StoreError {
    move |error| StoreError::Failed { action, reason: error.to_string() }
}

impl<E: Storage> Disk<E> {
    /// A folder, which is made when something is first put into it. Its name has letters, digits, `-` and `_` only.
    pub fn new(storage: E, folder: impl Into<String>) -> Disk<E> {
        Disk { storage: AsyncMutex::new(storage), folder: folder.into() }
    }

    /// The batches in the folder, the oldest first. Files that are not ours are left alone.
    pub async fn list(&self) -> Result<Vec<BatchKey>, StoreError> {
        let storage = self.storage.lock().await;
        self.names(&*storage).await
    }

    /// Forgets what a policy lets it forget, the oldest first; how many that were.
    pub async fn prune(&self, retention: Retention) -> Result<usize, StoreError> {
        let storage = self.storage.lock().await;
        let keys = self.names(&*storage).await?;
        let forgotten = match retention {
            Retention::Forever => 0,
            Retention::From(number) => keys.iter().filter(|key| key.number < number).count(),
            Retention::Newest(count) => keys.len().saturating_sub(count),
        };
        for key in keys.iter().take(forgotten) {
            storage.remove(&self.folder, Some(&to_bytes(key))).await.map_err(failed("remove a batch"))?;
        }
        Ok(forgotten)
    }

    async fn names(&self, storage: &E) -> Result<Vec<BatchKey>, StoreError> {
        let names = match storage.scan(&self.folder).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
            Err(error) => return Err(failed("list the folder")(error)),
        };
        let mut keys: Vec<BatchKey> = names.iter().filter_map(|name| BatchKey::from_name(name)).collect();
        keys.sort_by_key(to_bytes);
        Ok(keys)
    }

    async fn write(&self, key: &BatchKey, share: &Share) -> Result<(), StoreError> {
        let bytes = to_bytes(share);
        let storage = self.storage.lock().await;
        let (blob, length) = storage.open(&self.folder, &to_bytes(key)).await.map_err(failed("open a batch"))?;
        if length > bytes.len() as u64 {
            blob.resize(0).await.map_err(failed("cut a batch"))?;
        }
        blob.write_at(0, bytes, WriteOptions::default()).await.map_err(failed("write a batch"))?;
        blob.sync().await.map_err(failed("sync a batch"))
    }

    async fn read(&self, key: &BatchKey) -> Result<Share, StoreError> {
        let storage = self.storage.lock().await;
        // Opening would make an empty file, so the name is looked up first.
        if !self.names(&*storage).await?.contains(key) {
            return Err(StoreError::Absent(*key));
        }
        let (blob, length) = storage.open(&self.folder, &to_bytes(key)).await.map_err(failed("open a batch"))?;
        if length > SHARE_BYTES_MAX as u64 {
            return Err(StoreError::Refused(format!("a file of {length} bytes is no share")));
        }
        let read = blob.read_at(0, length as usize, ReadOptions::default()).await.map_err(failed("read a batch"))?;
        from_bytes(read.coalesce().as_ref()).map_err(StoreError::Damaged)
    }
}

impl<E: Storage> Store for Disk<E> {
    fn name(&self) -> &str {
        &self.folder
    }

    fn put<'a>(&'a self, key: &'a BatchKey, share: &'a Share) -> Answer<'a, ()> {
        Box::pin(self.write(key, share))
    }

    fn get<'a>(&'a self, key: &'a BatchKey, have: &'a [Row], most: usize) -> Answer<'a, Share> {
        Box::pin(async move {
            let mut share = self.read(key).await?;
            share.narrow(have, most);
            Ok(share)
        })
    }
}
