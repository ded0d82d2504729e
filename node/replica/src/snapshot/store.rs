//! The snapshots of a node: written, listed, loaded, retained.

use ashlar_batch::merkle::Digest;
use ashlar_exchange::{HotConfig, HotStore, OrderIndex};
use ashlar_state::{Executor, Key, Map, Sha256Node, Value};
use ashlar_types::Reader;
use commonware_runtime::{Blob, Error as RuntimeError, Storage, WriteOptions};

use super::SnapshotError;
use super::bytes::{HEAD_BYTES, LEAF_BYTES_MAX, SnapshotHead, put_leaf, take_leaf};
use crate::replay::of_state;

/// Bytes written and read at once.
const WINDOW_BYTES: usize = 1 << 20;

/// A loaded snapshot, verified against its root.
#[derive(Debug)]
pub struct Snapshot {
    /// Of what it is.
    pub head: SnapshotHead,
    /// Every leaf, ascending.
    pub leaves: Vec<(Key, Value)>,
    /// The same as a map.
    pub map: Map<Sha256Node>,
}

impl Snapshot {
    /// Makes one of leaves, if they have the root that the header names.
    pub fn of_leaves(
        head: SnapshotHead,
        leaves: Vec<(Key, Value)>,
        executor: &impl Executor,
    ) -> Result<Snapshot, SnapshotError> {
        let map = Map::from_sorted(&leaves, executor).map_err(SnapshotError::Order)?;
        let (expected, got) = (head.header.state_root_after, of_state(&map.root()));
        if expected != got {
            return Err(SnapshotError::Root { expected, got });
        }
        Ok(Snapshot { head, leaves, map })
    }

    /// The live engine's store in this state.
    pub fn hot_store(&self, config: HotConfig) -> Result<HotStore, SnapshotError> {
        HotStore::from_leaves(config, self.view()).map_err(SnapshotError::State)
    }

    /// The index of orders by account in this state.
    pub fn order_index(&self) -> OrderIndex {
        OrderIndex::of_leaves(self.view())
    }

    fn view(&self) -> impl Iterator<Item = (Key, &[u64])> {
        self.leaves.iter().map(|(key, value)| (*key, value.words()))
    }
}

/// A snapshot that was passed over, and why.
#[derive(Debug)]
pub struct Rejected {
    /// Its name, in hexadecimal.
    pub name: String,
    /// Why.
    pub error: SnapshotError,
}

/// Where snapshots are kept.
#[derive(Clone, Debug)]
pub struct SnapshotStore<E> {
    context: E,
    partition: String,
}

type Name = [u8; 16];

/// Ascending by batch; the hash tells apart what stood at the same number before and after an unwinding.
fn name_of(head: &SnapshotHead) -> Name {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&head.header.number.get().to_be_bytes());
    name[8..].copy_from_slice(head.header.hash().0.first_chunk::<8>().unwrap_or(&[0; 8]));
    name
}

fn disk(action: &'static str) -> impl Fn(RuntimeError) -> SnapshotError {
    move |source| SnapshotError::Disk { action, source }
}

impl<E: Storage> SnapshotStore<E> {
    /// Keeps them in a partition of their own.
    pub fn new(context: E, partition: &str) -> SnapshotStore<E> {
        SnapshotStore { context, partition: partition.to_owned() }
    }

    /// Writes one from leaves in ascending order. It is there once this returns, and not at all if it fails or is dropped.
    pub async fn write<'a>(
        &self,
        head: &SnapshotHead,
        leaves: impl IntoIterator<Item = (Key, &'a [u64])>,
    ) -> Result<(), SnapshotError> {
        let name = name_of(head);
        let (blob, length) = self.context.open(&self.partition, &name).await.map_err(disk("open a snapshot"))?;
        if length != 0 {
            // One that was not finished, or the same one again: its beginning goes first.
            blob.resize(0).await.map_err(disk("clear a snapshot"))?;
            blob.sync().await.map_err(disk("clear a snapshot"))?;
        }
        let mut window = Vec::with_capacity(WINDOW_BYTES + LEAF_BYTES_MAX);
        let mut offset = HEAD_BYTES as u64;
        for (key, words) in leaves {
            put_leaf(&mut window, &key, words);
            if window.len() >= WINDOW_BYTES {
                let full = std::mem::replace(&mut window, Vec::with_capacity(WINDOW_BYTES + LEAF_BYTES_MAX));
                let length = full.len() as u64;
                blob.write_at(offset, full, WriteOptions::DONT_CACHE).await.map_err(disk("write a snapshot"))?;
                offset += length;
            }
        }
        blob.write_at(offset, window, WriteOptions::default()).await.map_err(disk("write a snapshot"))?;
        blob.sync().await.map_err(disk("sync a snapshot"))?;
        blob.write_at(0, head.to_bytes(), WriteOptions::SYNC).await.map_err(disk("finish a snapshot"))
    }

    async fn names(&self) -> Result<Vec<Name>, SnapshotError> {
        let names = match self.context.scan(&self.partition).await {
            Ok(names) => names,
            Err(RuntimeError::PartitionMissing(_)) => Vec::new(),
            Err(source) => return Err(SnapshotError::Disk { action: "list snapshots", source }),
        };
        let mut names: Vec<Name> = names.iter().filter_map(|name| name.as_array().copied()).collect();
        names.sort_unstable();
        Ok(names)
    }

    async fn open(&self, name: &Name) -> Result<(E::Blob, u64, SnapshotHead), SnapshotError> {
        let (blob, length) = self.context.open(&self.partition, name).await.map_err(disk("open a snapshot"))?;
        if length < HEAD_BYTES as u64 {
            return Err(SnapshotError::Beginning);
        }
        let bytes = crate::journal::read_blob(&blob, 0, HEAD_BYTES).await.map_err(disk("read a snapshot"))?;
        let head = SnapshotHead::from_bytes(&bytes)?;
        if name_of(&head) != *name {
            return Err(SnapshotError::Beginning);
        }
        Ok((blob, length, head))
    }

    /// The heads of those that were finished, the oldest first.
    pub async fn list(&self) -> Result<Vec<SnapshotHead>, SnapshotError> {
        let mut heads = Vec::new();
        for name in self.names().await? {
            match self.open(&name).await {
                Ok((_, _, head)) => heads.push(head),
                Err(error @ SnapshotError::Disk { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(heads)
    }

    /// Loads one and verifies it against its root.
    pub async fn load(&self, head: &SnapshotHead, executor: &impl Executor) -> Result<Snapshot, SnapshotError> {
        let (blob, length, head) = self.open(&name_of(head)).await?;
        // Leaves take at least 33 bytes each, so what is reserved is bounded by what is there.
        let most = length / 33;
        let mut leaves = Vec::with_capacity(head.leaves.min(most) as usize);
        let mut window: Vec<u8> = Vec::new();
        let (mut next, mut at) = (HEAD_BYTES as u64, HEAD_BYTES as u64);
        while next < length || !window.is_empty() {
            let count = (length - next).min(WINDOW_BYTES as u64) as usize;
            let read = crate::journal::read_blob(&blob, next, count).await.map_err(disk("read a snapshot"))?;
            next += count as u64;
            window.extend_from_slice(&read);
            let used = take_leaves(&window, next == length, &mut leaves)
                .map_err(|(offset, source)| SnapshotError::Leaf { offset: at + offset as u64, source })?;
            window.drain(..used);
            at += used as u64;
        }
        if leaves.len() as u64 != head.leaves {
            let (expected, got) = (head.header.state_root_after, Digest::EMPTY);
            return Err(SnapshotError::Root { expected, got });
        }
        Snapshot::of_leaves(head, leaves, executor)
    }

    /// The newest one that is whole and that `wanted` takes, and what was passed over on the way.
    pub async fn newest(
        &self,
        wanted: impl Fn(&SnapshotHead) -> bool,
        executor: &impl Executor,
    ) -> Result<(Option<Snapshot>, Vec<Rejected>), SnapshotError> {
        let mut rejected = Vec::new();
        for name in self.names().await?.into_iter().rev() {
            // The handle is closed before the snapshot is loaded: a blob is open once at a time.
            let head = self.open(&name).await.map(|(_, _, head)| head);
            let loaded = match head {
                Ok(head) if !wanted(&head) => continue,
                Ok(head) => self.load(&head, executor).await,
                Err(error) => Err(error),
            };
            match loaded {
                Ok(snapshot) => return Ok((Some(snapshot), rejected)),
                Err(error) => {
                    let name = name.iter().map(|byte| format!("{byte:02x}")).collect();
                    rejected.push(Rejected { name, error });
                }
            }
        }
        Ok((None, rejected))
    }

    /// Removes those that `keep` does not name; how many. Those that were never finished go too.
    pub async fn retain(&self, keep: impl Fn(&SnapshotHead) -> bool) -> Result<usize, SnapshotError> {
        let mut removed = 0;
        for name in self.names().await? {
            let is_kept = match self.open(&name).await {
                Ok((_, _, head)) => keep(&head),
                Err(error @ (SnapshotError::Disk { .. } | SnapshotError::Version { .. })) => return Err(error),
                Err(_) => false,
            };
            if !is_kept {
                let result = self.context.remove(&self.partition, Some(&name)).await;
                result.map_err(disk("remove a snapshot"))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Reads whole leaves from the front; how many bytes they took. Bytes that may go on in the next window are left, unless this is the end.
fn take_leaves(
    window: &[u8],
    is_end: bool,
    leaves: &mut Vec<(Key, Value)>,
) -> Result<usize, (usize, ashlar_types::DecodeError)> {
    let mut reader = Reader::new(window);
    while reader.remaining() >= LEAF_BYTES_MAX || is_end && reader.remaining() > 0 {
        let offset = reader.offset();
        leaves.push(take_leaf(&mut reader).map_err(|source| (offset, source))?);
    }
    Ok(reader.offset())
}
