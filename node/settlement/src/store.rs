//! A durable log of records: appended, checksummed, synced before anything relies on them.
//!
//! 1. What [`DurableLog::append`] returned from is there after any crash. What it did not return from is there whole or not at
//!    all: records appended together are one frame.
//! 2. A frame that is not whole at the end of the file is the trace of a crash and is dropped; one in the middle is damage
//!    and refused.
//! 3. Rewriting the log never loses it: the new file is whole and synced before the old one goes.

use std::marker::PhantomData;

use alloy::primitives::keccak256;
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::limits::{LOG_BYTES_MAX, RECORD_BYTES_MAX};

const FORMAT: u32 = 1;
const FRAME_HEAD: usize = 12;
const CHUNK: usize = 1 << 20;

/// Why a log cannot be used. Each stops the instance: what is not durable must not be acted on.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The disk did not do what it was asked for.
    #[error("the durable log {log} failed: {source}; check the disk, then start again")]
    Disk {
        /// Which.
        log: String,
        /// What the disk said.
        source: RuntimeError,
    },
    /// Bytes in the middle are not what was written.
    #[error(
        "the durable log {log} is damaged at byte {offset}; restore it from a copy, or remove it and follow L1 anew"
    )]
    Damaged {
        /// Which.
        log: String,
        /// Where.
        offset: u64,
    },
    /// It was written by another version of this program.
    #[error("the durable log {log} has format {got}, this program reads {expected}")]
    Format {
        /// Which.
        log: String,
        /// What this program reads.
        expected: u32,
        /// What the file says.
        got: u32,
    },
    /// A record is larger than any may be.
    #[error("a record of {got} bytes for the durable log {log}, which takes at most {max}")]
    TooLarge {
        /// For which log.
        log: String,
        /// The most.
        max: usize,
        /// How many.
        got: usize,
    },
}

/// A log of records of one type, in one partition of a storage.
pub struct DurableLog<E: Storage, R> {
    storage: E,
    partition: String,
    blob: E::Blob,
    generation: u64,
    end: u64,
    rewritten: u64,
    record: PhantomData<fn(R) -> R>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Preamble {
    format: u32,
    snapshot: bool,
}

enum Frame {
    Whole(Vec<u8>, u64),
    Broken,
    End,
}

impl<E: Storage, R: Serialize + DeserializeOwned> DurableLog<E, R> {
    /// Opens the log of this name and returns its records, the oldest first.
    pub async fn open(storage: E, partition: &str) -> Result<(Self, Vec<R>), StoreError> {
        let (log, records) = Self::open_indexed(storage, partition).await?;
        Ok((log, records.into_iter().map(|(_, record)| record).collect()))
    }

    /// The same, each record with the place of its frame, for [`DurableLog::read_at`].
    pub async fn open_indexed(storage: E, partition: &str) -> Result<(Self, Vec<(u64, R)>), StoreError> {
        let disk = |source| StoreError::Disk { log: partition.to_owned(), source };
        let mut generations: Vec<u64> = match storage.scan(partition).await {
            Ok(names) => {
                names.iter().filter_map(|name| name.as_slice().try_into().ok().map(u64::from_be_bytes)).collect()
            }
            Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
            Err(source) => return Err(disk(source)),
        };
        generations.sort_unstable();
        let mut found = None;
        // The newest file that begins with a whole snapshot counts; a newer one is a rewriting that a crash cut short.
        for generation in generations.iter().rev() {
            let (blob, size) = storage.open(partition, &generation.to_be_bytes()).await.map_err(disk)?;
            if let Some((records, end)) = read_all(partition, &blob, size).await? {
                found = Some((*generation, blob, size, records, end));
                break;
            }
        }
        let (generation, blob, size, records, end) = match found {
            Some(found) => found,
            None => {
                let generation = generations.last().map_or(0, |last| last + 1);
                let (blob, end) = begin::<E, R>(&storage, partition, generation, &[]).await?;
                (generation, blob, end, Vec::new(), end)
            }
        };
        if end < size {
            blob.resize(end).await.map_err(disk)?;
            blob.sync().await.map_err(disk)?;
        }
        for other in generations.iter().filter(|other| **other != generation) {
            storage.remove(partition, Some(&other.to_be_bytes())).await.map_err(disk)?;
        }
        let partition = partition.to_owned();
        Ok((Self { storage, partition, blob, generation, end, rewritten: end, record: PhantomData }, records))
    }

    /// Appends records, all or none, and returns when they are durable.
    pub async fn append(&mut self, records: &[R]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let frame = frame_of(&self.partition, records)?;
        let len = frame.len() as u64;
        let disk = |source| StoreError::Disk { log: self.partition.clone(), source };
        self.blob.write_at(self.end, frame, WriteOptions::default()).await.map_err(disk)?;
        self.blob.sync().await.map_err(disk)?;
        self.end += len;
        Ok(())
    }

    /// Whether it has grown enough since it was last written anew.
    pub const fn wants_rewriting(&self) -> bool {
        self.end > LOG_BYTES_MAX && self.end > 2 * self.rewritten
    }

    /// Replaces everything by these records.
    pub async fn rewrite(&mut self, records: &[R]) -> Result<(), StoreError> {
        let next = self.generation + 1;
        let (blob, end) = begin::<E, R>(&self.storage, &self.partition, next, records).await?;
        let old = self.generation;
        self.blob = blob;
        (self.generation, self.end, self.rewritten) = (next, end, end);
        let removed = self.storage.remove(&self.partition, Some(&old.to_be_bytes())).await;
        removed.map_err(|source| StoreError::Disk { log: self.partition.clone(), source })
    }

    /// Where the next frame will begin; with [`DurableLog::read_at`] an index into the log.
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// The records of the frame that begins at this place.
    pub async fn read_at(&self, at: u64) -> Result<Vec<R>, StoreError> {
        let damaged = || StoreError::Damaged { log: self.partition.clone(), offset: at };
        match read_frame(&self.partition, &self.blob, at, self.end).await? {
            Frame::Whole(payload, _) => serde_json::from_slice(&payload).map_err(|_| damaged()),
            Frame::Broken | Frame::End => Err(damaged()),
        }
    }
}

async fn begin<E: Storage, R: Serialize>(
    storage: &E,
    partition: &str,
    generation: u64,
    records: &[R],
) -> Result<(E::Blob, u64), StoreError> {
    let disk = |source| StoreError::Disk { log: partition.to_owned(), source };
    let (blob, _) = storage.open(partition, &generation.to_be_bytes()).await.map_err(disk)?;
    blob.resize(0).await.map_err(disk)?;
    let mut end = 0;
    let mut bytes = Vec::new();
    for record in records {
        bytes.extend(frame_of(partition, &[record])?);
        if bytes.len() > CHUNK {
            let len = bytes.len() as u64;
            blob.write_at(end, std::mem::take(&mut bytes), WriteOptions::default()).await.map_err(disk)?;
            end += len;
        }
    }
    // The preamble ends the snapshot: without it the file does not count.
    bytes.extend(frame_bytes(partition, &Preamble { format: FORMAT, snapshot: true })?);
    let len = bytes.len() as u64;
    blob.write_at(end, bytes, WriteOptions::default()).await.map_err(disk)?;
    blob.sync().await.map_err(disk)?;
    Ok((blob, end + len))
}

fn frame_of<R: Serialize>(log: &str, records: &[R]) -> Result<Vec<u8>, StoreError> {
    frame_bytes(log, &records)
}

fn frame_bytes<T: Serialize>(log: &str, value: &T) -> Result<Vec<u8>, StoreError> {
    let too_large = |got| StoreError::TooLarge { log: log.to_owned(), max: RECORD_BYTES_MAX, got };
    let payload = serde_json::to_vec(value).map_err(|_| too_large(0))?;
    if payload.len() > RECORD_BYTES_MAX {
        return Err(too_large(payload.len()));
    }
    let len = u32::try_from(payload.len()).map_err(|_| too_large(payload.len()))?;
    let mut frame = Vec::with_capacity(FRAME_HEAD + payload.len());
    frame.extend_from_slice(&len.to_le_bytes());
    frame.extend_from_slice(&keccak256(&payload)[..8]);
    frame.extend_from_slice(&payload);
    Ok(frame)
}

async fn read_frame<B: Blob>(log: &str, blob: &B, at: u64, size: u64) -> Result<Frame, StoreError> {
    let disk = |source| StoreError::Disk { log: log.to_owned(), source };
    if at >= size {
        return Ok(Frame::End);
    }
    if size - at < FRAME_HEAD as u64 {
        return Ok(Frame::Broken);
    }
    let head = blob.read_at(at, FRAME_HEAD, ReadOptions::default()).await.map_err(disk)?.coalesce();
    let head = head.as_ref();
    let len = u32::from_le_bytes(head.first_chunk().copied().unwrap_or_default()) as usize;
    let start = at + FRAME_HEAD as u64;
    if len > RECORD_BYTES_MAX || start + len as u64 > size {
        return Ok(Frame::Broken);
    }
    let payload = blob.read_at(start, len, ReadOptions::default()).await.map_err(disk)?.coalesce();
    if keccak256(payload.as_ref())[..8] != head[4..FRAME_HEAD] {
        return Ok(Frame::Broken);
    }
    Ok(Frame::Whole(payload.as_ref().to_vec(), start + len as u64))
}

/// All records and the end of the last whole frame; none if the file has no whole snapshot.
async fn read_all<B: Blob, R: DeserializeOwned>(
    log: &str,
    blob: &B,
    size: u64,
) -> Result<Option<(Vec<(u64, R)>, u64)>, StoreError> {
    let (mut at, mut records, mut whole) = (0, Vec::new(), false);
    loop {
        match read_frame(log, blob, at, size).await? {
            Frame::End => break,
            Frame::Broken if whole && frames_after(log, blob, at, size).await? => {
                return Err(StoreError::Damaged { log: log.to_owned(), offset: at });
            }
            Frame::Broken => break,
            Frame::Whole(payload, next) => {
                if let Ok(preamble) = serde_json::from_slice::<Preamble>(&payload) {
                    if preamble.format != FORMAT {
                        return Err(StoreError::Format { log: log.to_owned(), expected: FORMAT, got: preamble.format });
                    }
                    whole = preamble.snapshot;
                } else {
                    let batch: Vec<R> = serde_json::from_slice(&payload)
                        .map_err(|_| StoreError::Damaged { log: log.to_owned(), offset: at })?;
                    records.extend(batch.into_iter().map(|record| (at, record)));
                }
                at = next;
            }
        }
    }
    Ok(whole.then_some((records, at)))
}

/// Whether a whole frame stands where the broken one says that it ends: then a crash did not break it.
async fn frames_after<B: Blob>(log: &str, blob: &B, at: u64, size: u64) -> Result<bool, StoreError> {
    if size - at < FRAME_HEAD as u64 {
        return Ok(false);
    }
    let disk = |source| StoreError::Disk { log: log.to_owned(), source };
    let head = blob.read_at(at, FRAME_HEAD, ReadOptions::default()).await.map_err(disk)?.coalesce();
    let len = u32::from_le_bytes(head.as_ref().first_chunk().copied().unwrap_or_default());
    let next = at + FRAME_HEAD as u64 + u64::from(len);
    Ok(matches!(read_frame(log, blob, next, size).await?, Frame::Whole(..)))
}

#[cfg(test)]
mod tests;
