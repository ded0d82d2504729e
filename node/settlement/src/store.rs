//! A durable log of records: appended, checksummed, synced before anything relies on them.
//!
//! 1. What [`DurableLog::append`] returned from is there after any crash. What it did not return from is there whole or not at
//!    all: records appended together are one frame, or pieces of which none counts before the last is there.
//! 2. A frame that is not whole at the end of the file is the trace of a crash and is dropped, with the pieces before it; one in
//!    the middle is damage and refused.
//! 3. Rewriting the log never loses it: the new file is whole and synced before the old one goes.
//! 4. How long a record is decides into how many pieces it is written, not whether.

use std::marker::PhantomData;

use alloy::primitives::keccak256;
use commonware_runtime::{Blob, Error as RuntimeError, ReadOptions, Storage, WriteOptions};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::limits::{FRAME_BYTES_MAX, LOG_BYTES_MAX, PIECES_MAX};

const FORMAT: u32 = 2;
/// The oldest that is read: it has no pieces.
const FORMAT_OLDEST: u32 = 1;
const FRAME_HEAD: usize = 12;
const CHUNK: usize = 1 << 20;
/// The first byte of a piece after which more follow, and of the last one. Whatever is one frame begins as JSON does.
const PIECE: u8 = 1;
const LAST_PIECE: u8 = 2;

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
    #[error(
        "the durable log {log} has format {got}, this program reads up to {expected}; start the version of it that wrote the log"
    )]
    Format {
        /// Which.
        log: String,
        /// The newest that this program reads.
        expected: u32,
        /// What the file says.
        got: u32,
    },
    /// What is to be written at once is more than a log takes.
    #[error(
        "{got} bytes at once for the durable log {log}, which takes at most {max}; this is a fault of the program, so report it"
    )]
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
    /// What it holds, and where the next one begins.
    Whole(Vec<u8>, u64),
    /// Where the one begins that is not whole.
    Broken(u64),
    End,
}

/// What a file holds up to the last frame that is whole.
struct Contents<R> {
    records: Vec<(u64, R)>,
    end: u64,
    format: u32,
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
            if let Some(contents) = read_all(partition, &blob, size).await? {
                found = Some((*generation, blob, size, contents));
                break;
            }
        }
        let (generation, blob, size, contents) = match found {
            Some(found) => found,
            None => {
                let generation = generations.last().map_or(0, |last| last + 1);
                let (blob, end) = begin::<E, R>(&storage, partition, generation, &[]).await?;
                (generation, blob, end, Contents { records: Vec::new(), end, format: FORMAT })
            }
        };
        let Contents { records, mut end, format } = contents;
        if end < size {
            blob.resize(end).await.map_err(disk)?;
            blob.sync().await.map_err(disk)?;
        }
        if format < FORMAT {
            // From here on there may be pieces: who reads only the format before has to say so.
            let preamble = frame_bytes(&preamble(partition)?);
            let len = preamble.len() as u64;
            blob.write_at(end, preamble, WriteOptions::default()).await.map_err(disk)?;
            blob.sync().await.map_err(disk)?;
            end += len;
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
        let payload = encoded(&self.partition, &records)?;
        let disk = |source| StoreError::Disk { log: self.partition.clone(), source };
        let mut end = self.end;
        // Each is durable before the next one is written, so a crash breaks nothing but the last that there is.
        for frame in frames_of(&self.partition, &payload)? {
            let len = frame.len() as u64;
            self.blob.write_at(end, frame, WriteOptions::default()).await.map_err(disk)?;
            self.blob.sync().await.map_err(disk)?;
            end += len;
        }
        self.end = end;
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

    /// The records that were appended at this place.
    pub async fn read_at(&self, at: u64) -> Result<Vec<R>, StoreError> {
        let damaged = || StoreError::Damaged { log: self.partition.clone(), offset: at };
        match read_together(&self.partition, &self.blob, at, self.end).await? {
            Frame::Whole(payload, _) => serde_json::from_slice(&payload).map_err(|_| damaged()),
            Frame::Broken(_) | Frame::End => Err(damaged()),
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
        let payload = encoded(partition, &[record])?;
        frames_of(partition, &payload)?.for_each(|frame| bytes.extend(frame));
        if bytes.len() > CHUNK {
            let len = bytes.len() as u64;
            blob.write_at(end, std::mem::take(&mut bytes), WriteOptions::default()).await.map_err(disk)?;
            end += len;
        }
    }
    // The preamble ends the snapshot: without it the file does not count.
    bytes.extend(frame_bytes(&preamble(partition)?));
    let len = bytes.len() as u64;
    blob.write_at(end, bytes, WriteOptions::default()).await.map_err(disk)?;
    blob.sync().await.map_err(disk)?;
    Ok((blob, end + len))
}

fn preamble(log: &str) -> Result<Vec<u8>, StoreError> {
    encoded(log, &Preamble { format: FORMAT, snapshot: true })
}

fn encoded<T: Serialize>(log: &str, value: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|_| too_large(log, 0))
}

fn too_large(log: &str, got: usize) -> StoreError {
    StoreError::TooLarge { log: log.to_owned(), max: PIECES_MAX * (FRAME_BYTES_MAX - 1), got }
}

/// What is appended together, as it is written: one frame if it is short enough, else pieces.
fn frames_of<'a>(log: &str, payload: &'a [u8]) -> Result<impl Iterator<Item = Vec<u8>> + use<'a>, StoreError> {
    let is_one = payload.len() <= FRAME_BYTES_MAX;
    let room = if is_one { FRAME_BYTES_MAX } else { FRAME_BYTES_MAX - 1 };
    let count = payload.len().div_ceil(room);
    if count > PIECES_MAX {
        return Err(too_large(log, payload.len()));
    }
    let frame = move |(place, piece): (usize, &[u8])| {
        let mark = if place + 1 < count { PIECE } else { LAST_PIECE };
        if is_one { frame_bytes(piece) } else { frame_bytes(&[&[mark], piece].concat()) }
    };
    Ok(payload.chunks(room).enumerate().map(frame))
}

/// A frame of at most [`FRAME_BYTES_MAX`], which fit into its head.
fn frame_bytes(payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(FRAME_HEAD + payload.len());
    frame.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    frame.extend_from_slice(&keccak256(payload)[..8]);
    frame.extend_from_slice(payload);
    frame
}

async fn read_frame<B: Blob>(log: &str, blob: &B, at: u64, size: u64) -> Result<Frame, StoreError> {
    let disk = |source| StoreError::Disk { log: log.to_owned(), source };
    if at >= size {
        return Ok(Frame::End);
    }
    if size - at < FRAME_HEAD as u64 {
        return Ok(Frame::Broken(at));
    }
    let head = blob.read_at(at, FRAME_HEAD, ReadOptions::default()).await.map_err(disk)?.coalesce();
    let head = head.as_ref();
    let len = u32::from_le_bytes(head.first_chunk().copied().unwrap_or_default()) as usize;
    let start = at + FRAME_HEAD as u64;
    if len > FRAME_BYTES_MAX || start + len as u64 > size {
        return Ok(Frame::Broken(at));
    }
    let payload = blob.read_at(start, len, ReadOptions::default()).await.map_err(disk)?.coalesce();
    if keccak256(payload.as_ref())[..8] != head[4..FRAME_HEAD] {
        return Ok(Frame::Broken(at));
    }
    Ok(Frame::Whole(payload.as_ref().to_vec(), start + len as u64))
}

/// What was appended together from this place on: one frame, or pieces up to the last one. Without that it is broken where the pieces end.
async fn read_together<B: Blob>(log: &str, blob: &B, at: u64, size: u64) -> Result<Frame, StoreError> {
    let (mut whole, mut next) = (Vec::new(), at);
    for _ in 0..PIECES_MAX {
        let (payload, after) = match read_frame(log, blob, next, size).await? {
            Frame::Whole(payload, after) => (payload, after),
            Frame::End if next > at => return Ok(Frame::Broken(next)),
            other => return Ok(other),
        };
        match payload.split_first() {
            Some((&PIECE, piece)) => whole.extend_from_slice(piece),
            Some((&LAST_PIECE, piece)) => {
                whole.extend_from_slice(piece);
                return Ok(Frame::Whole(whole, after));
            }
            _ if next == at => return Ok(Frame::Whole(payload, after)),
            // Nothing is appended behind pieces without their last.
            _ => break,
        }
        next = after;
    }
    Err(StoreError::Damaged { log: log.to_owned(), offset: next })
}

/// All that is whole; nothing if the file has no whole snapshot.
async fn read_all<B: Blob, R: DeserializeOwned>(
    log: &str,
    blob: &B,
    size: u64,
) -> Result<Option<Contents<R>>, StoreError> {
    let (mut at, mut records, mut whole) = (0, Vec::new(), None);
    loop {
        match read_together(log, blob, at, size).await? {
            Frame::End => break,
            Frame::Broken(place) if whole.is_some() && frames_after(log, blob, place, size).await? => {
                return Err(StoreError::Damaged { log: log.to_owned(), offset: place });
            }
            Frame::Broken(_) => break,
            Frame::Whole(payload, next) => {
                if let Ok(Preamble { format, snapshot }) = serde_json::from_slice(&payload) {
                    if !(FORMAT_OLDEST..=FORMAT).contains(&format) {
                        return Err(StoreError::Format { log: log.to_owned(), expected: FORMAT, got: format });
                    }
                    whole = snapshot.then_some(format);
                } else {
                    let batch: Vec<R> = serde_json::from_slice(&payload)
                        .map_err(|_| StoreError::Damaged { log: log.to_owned(), offset: at })?;
                    records.extend(batch.into_iter().map(|record| (at, record)));
                }
                at = next;
            }
        }
    }
    Ok(whole.map(|format| Contents { records, end: at, format }))
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
