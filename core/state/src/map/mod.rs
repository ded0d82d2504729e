//! The map: leaves, order and root.
//!
//! 1. The root is a function of the leaves alone: not of the order in which they came, nor of what was removed.
//! 2. A batch is applied whole or, when its keys do not ascend strictly, not at all.
//! 3. A batch hashes each node that it changes once, on as many threads as the [`Executor`] has.
//! 4. A node's position is greater than that of every node above it; all leaves below it share the bits before
//!    its position, and those on the left have bit 0 there, those on the right bit 1.

mod arena;
mod edit;
mod shard;
mod top;
mod walk;

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use crate::executor::Executor;
use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::value::Value;

use shard::{Shard, Task};
use top::Top;
pub use walk::Iter;
pub(crate) use walk::{Place, View, WARMED};

/// A leaf to write, or to remove.
pub type Change = (Key, Option<Value>);

/// Why a batch of changes was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    /// Changes must have strictly ascending keys.
    Unsorted {
        /// The index of the first change whose key is not greater than the one before.
        index: usize,
    },
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsorted { index } => write!(f, "the key at index {index} does not ascend"),
        }
    }
}

impl core::error::Error for MapError {}

/// The authenticated ordered map.
#[derive(Debug)]
pub struct Map<H> {
    /// In key order; their spans cover every key.
    shards: Vec<Shard>,
    top: Top,
    len: usize,
    hash: PhantomData<fn() -> H>,
}

impl<H> Default for Map<H> {
    fn default() -> Self {
        Self { shards: vec![Shard::default()], top: Top::default(), len: 0, hash: PhantomData }
    }
}

impl<H: NodeHash> Map<H> {
    /// A map without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map of these leaves, whose keys must ascend strictly.
    pub fn from_sorted(leaves: &[(Key, Value)], executor: &impl Executor) -> Result<Self, MapError> {
        let changes: Vec<Change> = leaves.iter().map(|(key, value)| (*key, Some(*value))).collect();
        let mut map = Self::new();
        map.apply(&changes, executor)?;
        Ok(map)
    }

    /// Applies changes whose keys must ascend strictly. To remove an absent leaf changes nothing.
    pub fn apply(&mut self, changes: &[Change], executor: &impl Executor) -> Result<(), MapError> {
        if let Some(before) = changes.array_windows().position(|[(a, _), (b, _)]| a >= b) {
            return Err(MapError::Unsorted { index: before + 1 });
        }
        let mut tasks = self.cut_changes(changes);
        executor.for_each(&mut tasks, Task::run::<H>);
        for shard in tasks.into_iter().flat_map(|task| task.pieces) {
            self.put_back(shard);
        }
        self.len = self.shards.iter().map(|shard| shard.arena.len()).sum();
        self.top = Top::build::<H>(&self.shards);
        Ok(())
    }

    /// The digest that commits to every leaf.
    pub fn root(&self) -> Digest {
        self.top.root.map_or(Digest::EMPTY, |root| root.digest)
    }

    /// The number of leaves.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The words at `key`.
    pub fn get(&self, key: &Key) -> Option<&[u64]> {
        self.shard_of(key).first()?.arena.get(key)
    }

    /// The leaf with the least key that is not less than `key`.
    pub fn first_at_or_after(&self, key: &Key) -> Option<(Key, &[u64])> {
        self.shard_of(key).iter().find_map(|shard| shard.arena.first_at_or_after(key))
    }

    /// Every leaf in key order.
    pub fn iter(&self) -> Iter<'_, H> {
        Iter::new(self)
    }

    /// The shards from the one whose span has `key`.
    fn shard_of(&self, key: &Key) -> &[Shard] {
        let next = self.shards.partition_point(|shard| shard.start <= *key);
        self.shards.get(next.saturating_sub(1)..).unwrap_or_default()
    }

    /// Takes every shard that changes, with its changes, and the others with none.
    fn cut_changes<'c>(&mut self, mut changes: &'c [Change]) -> Vec<Task<'c>> {
        let mut shards = core::mem::take(&mut self.shards).into_iter().peekable();
        let mut tasks = Vec::with_capacity(shards.len());
        while let Some(shard) = shards.next() {
            let end = match shards.peek() {
                Some(next) => changes.partition_point(|(key, _)| *key < next.start),
                None => changes.len(),
            };
            let (of_shard, rest) = changes.split_at(end);
            tasks.push(Task { shard, changes: of_shard, pieces: Vec::new() });
            changes = rest;
        }
        tasks
    }

    /// Appends a shard, joining it with what stands before while the two are needlessly small.
    fn put_back(&mut self, mut shard: Shard) {
        while let Some(left) = self.shards.pop_if(|left| left.should_merge(&shard)) {
            shard = left.merge::<H>(shard);
        }
        self.shards.push(shard);
    }
}
