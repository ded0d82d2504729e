//! The snapshots of a node: written, listed, loaded, retained.

use std::cmp::Ordering;

use ashlar_batch::merkle::Digest;
use ashlar_exchange::{HotConfig, HotStore, OrderIndex};
use ashlar_state::{Change, Executor, Key, Map, Sha256Node, Value};
use ashlar_types::{BatchNumber, Reader};
use commonware_runtime::{Blob, Error as RuntimeError, Storage, WriteOptions};

use super::SnapshotError;
use super::bytes::{HEAD_BYTES, LEAF_BYTES_MAX, Name, SnapshotHead, put_leaf, take_leaf};
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

/// Ascending by batch; the hash tells apart what stood at the same number before and after an unwinding.
fn name_of(head: &SnapshotHead) -> Name {
    let mut name = [0; 16];
    name[..8].copy_from_slice(&head.header.number.get().to_be_bytes());
    name[8..].copy_from_slice(head.header.hash().0.first_chunk::<8>().unwrap_or(&[0; 8]));
    name
}

fn number_of(name: &Name) -> BatchNumber {
    BatchNumber::new(u64::from_be_bytes(*name.first_chunk().unwrap_or(&[0; 8])))
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
        self.write_on(head, None, leaves).await
    }

    /// Writes one as what changed since another that is whole, in ascending order; a leaf without words is gone. The other stays for as long as this
    /// one does.
    pub async fn write_increment<'a>(
        &self,
        head: &SnapshotHead,
        base: &SnapshotHead,
        changes: impl IntoIterator<Item = (Key, &'a [u64])>,
    ) -> Result<(), SnapshotError> {
        self.write_on(head, Some(name_of(base)), changes).await
    }

    async fn write_on<'a>(
        &self,
        head: &SnapshotHead,
        on: Option<Name>,
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
        blob.write_at(0, head.to_bytes(on), WriteOptions::SYNC).await.map_err(disk("finish a snapshot"))
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

    async fn open(&self, name: &Name) -> Result<Open<E::Blob>, SnapshotError> {
        let (blob, length) = self.context.open(&self.partition, name).await.map_err(disk("open a snapshot"))?;
        if length < HEAD_BYTES as u64 {
            return Err(SnapshotError::Beginning);
        }
        let bytes = crate::journal::read_blob(&blob, 0, HEAD_BYTES).await.map_err(disk("read a snapshot"))?;
        let (head, on) = SnapshotHead::from_bytes(&bytes)?;
        if name_of(&head) != *name {
            return Err(SnapshotError::Beginning);
        }
        Ok(Open { blob, length, head, on })
    }

    /// The heads of those that were finished, the oldest first.
    pub async fn list(&self) -> Result<Vec<SnapshotHead>, SnapshotError> {
        Ok(self.chains().await?.into_iter().map(|(head, _)| head).collect())
    }

    /// The same, each with what it rests on: two with another such mark share no byte of their leaves.
    pub async fn chains(&self) -> Result<Vec<(SnapshotHead, [u8; 16])>, SnapshotError> {
        let mut heads = Vec::new();
        for name in self.names().await? {
            match self.open(&name).await {
                Ok(Open { head, on, .. }) => heads.push((head, on.unwrap_or(name))),
                Err(error @ SnapshotError::Disk { .. }) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(heads)
    }

    /// Everything that was finished once, the oldest first: its head, or why that cannot be read any more. One file that cannot be read hides no other.
    pub async fn kept(&self) -> Result<Vec<(BatchNumber, Result<SnapshotHead, SnapshotError>)>, SnapshotError> {
        let mut kept = Vec::new();
        for name in self.names().await? {
            let number = number_of(&name);
            match self.open(&name).await {
                Ok(Open { head, .. }) => kept.push((number, Ok(head))),
                Err(error @ SnapshotError::Disk { .. }) => kept.push((number, Err(error))),
                Err(_) if !self.is_finished(&name).await? => {}
                Err(error) => kept.push((number, Err(error))),
            }
        }
        Ok(kept)
    }

    /// Whether anything is at the beginning, which is written last.
    async fn is_finished(&self, name: &Name) -> Result<bool, SnapshotError> {
        let (blob, length) = self.context.open(&self.partition, name).await.map_err(disk("open a snapshot"))?;
        let count = length.min(HEAD_BYTES as u64) as usize;
        let bytes = crate::journal::read_blob(&blob, 0, count).await.map_err(disk("read a snapshot"))?;
        Ok(bytes.iter().any(|byte| *byte != 0))
    }

    /// The leaves of one as they are stored, whatever their root is, as far as they can be read; and what is wrong after that. Where what it rests on
    /// is gone there are none, and that is the error.
    pub async fn stored(
        &self,
        head: &SnapshotHead,
    ) -> Result<(Vec<(Key, Value)>, Option<SnapshotError>), SnapshotError> {
        let mut leaves = Vec::new();
        match self.read(head, &mut leaves).await {
            // Changes alone are no state.
            Err(error @ (SnapshotError::Disk { .. } | SnapshotError::Base { .. })) => Err(error),
            ended => Ok((leaves, ended.err())),
        }
    }

    /// Reads the leaves of one as far as that is possible: those of what it rests on first, with its own laid upon them.
    async fn read(&self, head: &SnapshotHead, leaves: &mut Vec<(Key, Value)>) -> Result<SnapshotHead, SnapshotError> {
        let Open { blob, length, head, on } = self.open(&name_of(head)).await?;
        let mut own = Vec::new();
        let mut read = read_leaves(&blob, length, &mut own).await;
        drop(blob);
        match on {
            None => leaves.extend(own.into_iter().filter_map(|(key, value)| Some((key, value?)))),
            Some(on) => {
                let under = match self.open(&on).await {
                    Ok(under) if under.on.is_none() => under,
                    Err(error @ SnapshotError::Disk { .. }) => return Err(error),
                    Ok(_) | Err(_) => return Err(SnapshotError::Base { number: number_of(&on) }),
                };
                let mut whole = Vec::new();
                read = read_leaves(&under.blob, under.length, &mut whole).await.and(read);
                *leaves = laid_upon(whole, own);
            }
        }
        read?;
        if leaves.len() as u64 == head.leaves {
            return Ok(head);
        }
        Err(SnapshotError::Root { expected: head.header.state_root_after, got: Digest::EMPTY })
    }

    /// Loads one and verifies it against its root.
    pub async fn load(&self, head: &SnapshotHead, executor: &impl Executor) -> Result<Snapshot, SnapshotError> {
        let mut leaves = Vec::new();
        let head = self.read(head, &mut leaves).await?;
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
            let head = self.open(&name).await.map(|open| open.head);
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

    /// Removes those that `keep` does not name and that nothing rests on which it names; how many. Those that were never finished go too.
    pub async fn retain(&self, keep: impl Fn(&SnapshotHead) -> bool) -> Result<usize, SnapshotError> {
        let (names, mut kept, mut removed) = (self.names().await?, Vec::new(), 0);
        for name in &names {
            match self.open(name).await {
                Ok(Open { head, on, .. }) if keep(&head) => kept.extend([Some(*name), on].into_iter().flatten()),
                Err(error @ (SnapshotError::Disk { .. } | SnapshotError::Version { .. })) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        // The newest first: what rests on another one goes before that one does, wherever this ends.
        for name in names.into_iter().rev() {
            if !kept.contains(&name) {
                let result = self.context.remove(&self.partition, Some(&name)).await;
                result.map_err(disk("remove a snapshot"))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// One that was finished, and is open.
struct Open<B> {
    blob: B,
    length: u64,
    head: SnapshotHead,
    /// What it rests on, unless it is whole.
    on: Option<Name>,
}

/// Ascending leaves with ascending changes upon them.
fn laid_upon(whole: Vec<Change>, changes: Vec<Change>) -> Vec<(Key, Value)> {
    let mut leaves = Vec::with_capacity(whole.len() + changes.len());
    let (mut whole, mut changes) = (whole.into_iter().peekable(), changes.into_iter().peekable());
    loop {
        let order = match (whole.peek(), changes.peek()) {
            (None, None) => return leaves,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((under, _)), Some((over, _))) => under.cmp(over),
        };
        let under = if order.is_le() { whole.next() } else { None };
        let over = if order.is_ge() { changes.next() } else { None };
        let Some((key, value)) = over.or(under) else { return leaves };
        leaves.extend(value.map(|value| (key, value)));
    }
}

/// Reads every leaf of an open snapshot, or every change.
async fn read_leaves<B: Blob>(blob: &B, length: u64, leaves: &mut Vec<Change>) -> Result<(), SnapshotError> {
    let mut window: Vec<u8> = Vec::new();
    let (mut next, mut at) = (HEAD_BYTES as u64, HEAD_BYTES as u64);
    while next < length || !window.is_empty() {
        let count = (length - next).min(WINDOW_BYTES as u64) as usize;
        let read = crate::journal::read_blob(blob, next, count).await.map_err(disk("read a snapshot"))?;
        next += count as u64;
        window.extend_from_slice(&read);
        let used = take_leaves(&window, next == length, leaves)
            .map_err(|(offset, source)| SnapshotError::Leaf { offset: at + offset as u64, source })?;
        window.drain(..used);
        at += used as u64;
    }
    Ok(())
}

/// Reads whole leaves from the front; how many bytes they took. Bytes that may go on in the next window are left, unless this is the end.
fn take_leaves(
    window: &[u8],
    is_end: bool,
    leaves: &mut Vec<Change>,
) -> Result<usize, (usize, ashlar_types::DecodeError)> {
    let mut reader = Reader::new(window);
    while reader.remaining() >= LEAF_BYTES_MAX || is_end && reader.remaining() > 0 {
        let offset = reader.offset();
        leaves.push(take_leaf(&mut reader).map_err(|source| (offset, source))?);
    }
    Ok(reader.offset())
}
