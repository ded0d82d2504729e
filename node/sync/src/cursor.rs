//! How far each layer has come, durable, and moved as one.
//!
//! 1. Two places take turns: the one that is being written is never the one that counts, so a crash leaves the old cursors or the new ones
//!    (SPEC Y-1).
//! 2. A cursor is moved after what it describes is durable (SPEC Y-2).

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_replica::L1Block;
use ashlar_types::{BatchNumber, Decode, DecodeError, Domain, Encode, Reader, Sequence, Writer};
use commonware_runtime::{Blob, Error as RuntimeError, Storage, WriteOptions};

/// Where a layer stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The last batch that this layer has.
    pub batch: BatchNumber,
    /// The hash of its header.
    pub header: Hash,
    /// The state after it.
    pub root: Digest,
    /// The first command after it.
    pub next: Sequence,
    /// The L1 block in which it is; the last one consumed for a batch that is only here.
    pub block: L1Block,
}

impl Cursor {
    /// At a batch.
    pub fn at(header: &BatchHeader, block: L1Block) -> Cursor {
        Cursor {
            batch: header.number,
            header: header.hash(),
            root: header.state_root_after,
            next: header.next_sequence,
            block,
        }
    }
}

/// All three layers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursors {
    /// What this node has executed and keeps.
    pub local: Cursor,
    /// What is proven on L1.
    pub proven: Cursor,
    /// What is committed on L1.
    pub l1: Cursor,
    /// The last batch that nothing takes back.
    pub finalized: BatchNumber,
}

/// Why cursors could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub enum CursorError {
    /// The disk failed.
    #[error("could not {action} the cursors: {source}; free or repair the disk, then start again")]
    Disk {
        /// What was being done.
        action: &'static str,
        /// What the runtime said.
        source: RuntimeError,
    },
    /// Both places are damaged.
    #[error(
        "the cursors are damaged in both of their places: recover with `ashlar recover`, which finds them anew from L1"
    )]
    Damaged,
}

const PLACE_BYTES: usize = 512;

/// The cursors on disk.
pub struct CursorStore<B> {
    blob: B,
    generation: u64,
    cursors: Option<Cursors>,
}

impl<B: Blob> CursorStore<B> {
    /// Opens them; a new folder has none yet.
    pub async fn open<E: Storage<Blob = B>>(context: &E, partition: &str) -> Result<CursorStore<B>, CursorError> {
        let disk = |action| move |source| CursorError::Disk { action, source };
        let (blob, length) = context.open(partition, b"cursors").await.map_err(disk("open"))?;
        if length < 2 * PLACE_BYTES as u64 {
            blob.resize(2 * PLACE_BYTES as u64).await.map_err(disk("make"))?;
            blob.sync().await.map_err(disk("make"))?;
        }
        let bytes = blob.read_at(0, 2 * PLACE_BYTES, Default::default()).await.map_err(disk("read"))?.coalesce();
        let bytes: &[u8] = bytes.as_ref();
        let newest = bytes.chunks(PLACE_BYTES).filter_map(decode).max_by_key(|(generation, _)| *generation);
        match newest {
            Some((generation, cursors)) => Ok(CursorStore { blob, generation, cursors: Some(cursors) }),
            // The first write ever may have been torn; beside it is nothing but zeros.
            None if bytes.chunks(PLACE_BYTES).any(|place| place.iter().all(|byte| *byte == 0)) => {
                Ok(CursorStore { blob, generation: 0, cursors: None })
            }
            None => Err(CursorError::Damaged),
        }
    }

    /// Where the layers stand; nothing before they were first set.
    pub const fn get(&self) -> Option<Cursors> {
        self.cursors
    }

    /// Moves all of them at once. On an error they stand where they stood.
    pub async fn set(&mut self, cursors: Cursors) -> Result<(), CursorError> {
        let generation = self.generation + 1;
        let place = generation % 2 * PLACE_BYTES as u64;
        let written = self.blob.write_at(place, encode(generation, &cursors), WriteOptions::SYNC).await;
        written.map_err(|source| CursorError::Disk { action: "write", source })?;
        (self.generation, self.cursors) = (generation, Some(cursors));
        Ok(())
    }
}

fn encode(generation: u64, cursors: &Cursors) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u64(generation);
    for cursor in [cursors.local, cursors.proven, cursors.l1] {
        writer.u64(cursor.batch.get());
        writer.bytes(&cursor.header.0);
        writer.bytes(&cursor.root.to_word());
        writer.u64(cursor.next.get());
        cursor.block.encode(&mut writer);
    }
    writer.u64(cursors.finalized.get());
    let mut bytes = writer.into_bytes();
    let sum = Domain::CURSORS.hash(&[&bytes]);
    bytes.extend_from_slice(&sum);
    bytes.resize(PLACE_BYTES, 0);
    bytes
}

fn decode(bytes: &[u8]) -> Option<(u64, Cursors)> {
    let mut reader = Reader::new(bytes);
    let generation = reader.u64().ok()?;
    let (local, proven, l1) = (cursor(&mut reader).ok()??, cursor(&mut reader).ok()??, cursor(&mut reader).ok()??);
    let finalized = BatchNumber::new(reader.u64().ok()?);
    let covered = bytes.get(..reader.offset())?;
    let sum: [u8; 32] = reader.array().ok()?;
    (Domain::CURSORS.hash(&[covered]) == sum).then_some((generation, Cursors { local, proven, l1, finalized }))
}

fn cursor(reader: &mut Reader<'_>) -> Result<Option<Cursor>, DecodeError> {
    let (batch, header) = (BatchNumber::new(reader.u64()?), Hash(reader.array()?));
    let root = Digest::from_word(&reader.array()?);
    let (next, block) = (Sequence::new(reader.u64()?), L1Block::decode(reader)?);
    Ok(root.map(|root| Cursor { batch, header, root, next, block }))
}
