//! Built batches and their progress on disk.

use ashlar_types::BatchNumber;
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};

use super::progress::Progress;
use super::sealed::Sealed;
use crate::error::NodeError;

/// Where batches are stored, one blob each, and one for its progress.
#[derive(Clone, Debug)]
pub struct Shelf<E> {
    context: E,
    partition: String,
}

impl<E: Storage> Shelf<E> {
    /// The shelf in a partition of its own.
    pub fn new(context: E, partition: &str) -> Shelf<E> {
        Shelf { context, partition: format!("{partition}-batches") }
    }

    /// Stores a built batch; when this is done it is durable.
    pub async fn put(&self, sealed: &Sealed) -> Result<(), NodeError> {
        self.write(b'b', sealed.header().number, sealed.to_bytes()).await
    }

    /// Stores how far a batch has come; when this is done it is durable.
    pub async fn put_progress(&self, number: BatchNumber, progress: &Progress) -> Result<(), NodeError> {
        self.write(b'p', number, progress.to_bytes()).await
    }

    /// The batches that are stored, in their order. One that is not whole was being written when the node stopped, and is left out.
    pub async fn numbers(&self) -> Result<Vec<BatchNumber>, NodeError> {
        let names = match self.context.scan(&self.partition).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => return Ok(Vec::new()),
            Err(error) => return Err(failed("list the batches", &error)),
        };
        let mut numbers: Vec<_> = names.iter().filter_map(|name| number_of(name)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// A batch, if it is stored and whole.
    pub async fn get(&self, number: BatchNumber) -> Result<Option<Sealed>, NodeError> {
        let Some(bytes) = self.read(b'b', number).await? else { return Ok(None) };
        match Sealed::from_bytes(&bytes) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) => {
                tracing::warn!(batch = number.get(), %error, "a stored batch cannot be read; it is built anew");
                Ok(None)
            }
        }
    }

    /// How far a batch had come.
    pub async fn progress(&self, number: BatchNumber) -> Result<Option<Progress>, NodeError> {
        Ok(self.read(b'p', number).await?.and_then(|bytes| Progress::from_bytes(&bytes)))
    }

    /// Forgets a batch.
    pub async fn remove(&self, number: BatchNumber) -> Result<(), NodeError> {
        for kind in [b'b', b'p'] {
            match self.context.remove(&self.partition, Some(&name_of(kind, number))).await {
                Ok(()) | Err(RuntimeError::BlobMissing(..) | RuntimeError::PartitionMissing(_)) => {}
                Err(error) => return Err(failed("remove a batch", &error)),
            }
        }
        Ok(())
    }

    async fn write(&self, kind: u8, number: BatchNumber, bytes: Vec<u8>) -> Result<(), NodeError> {
        let opened = self.context.open(&self.partition, &name_of(kind, number)).await;
        let (blob, _) = opened.map_err(|error| failed("open a batch", &error))?;
        let written = blob.write_at(0, bytes, WriteOptions::SYNC).await;
        written.map_err(|error| failed("write a batch", &error))
    }

    async fn read(&self, kind: u8, number: BatchNumber) -> Result<Option<Vec<u8>>, NodeError> {
        let opened = self.context.open(&self.partition, &name_of(kind, number)).await;
        let (blob, length) = opened.map_err(|error| failed("open a batch", &error))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length == 0 {
            return Ok(None);
        }
        let read = blob.read_at(0, length, ReadOptions::default()).await;
        let bytes = read.map_err(|error| failed("read a batch", &error))?;
        Ok(Some(bytes.coalesce().as_ref().to_vec()))
    }
}

fn name_of(kind: u8, number: BatchNumber) -> Vec<u8> {
    let mut name = vec![kind];
    name.extend(number.get().to_be_bytes());
    name
}

fn number_of(name: &[u8]) -> Option<BatchNumber> {
    let number = name.strip_prefix(b"b")?;
    Some(BatchNumber::new(u64::from_be_bytes(number.try_into().ok()?)))
}

fn failed(what: &str, error: &RuntimeError) -> NodeError {
    NodeError::Durable { part: "the store of batches", why: format!("could not {what}: {error}") }
}
