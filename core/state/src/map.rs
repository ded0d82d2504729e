//! The map: leaves, order and root.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use crate::executor::Executor;
use crate::hash::{Digest, NodeHash};
use crate::key::Key;
use crate::value::Value;

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
    leaves: BTreeMap<Key, Value>,
    root: Digest,
    hash: PhantomData<fn() -> H>,
}

impl<H: NodeHash> Default for Map<H> {
    fn default() -> Self {
        Self { leaves: BTreeMap::new(), root: Digest::EMPTY, hash: PhantomData }
    }
}

impl<H: NodeHash> Map<H> {
    /// A map without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// A map of these leaves, which must be sorted by strictly ascending key.
    pub fn from_sorted(leaves: &[(Key, Value)], executor: &impl Executor) -> Result<Self, MapError> {
        let changes: Vec<Change> = leaves.iter().map(|(key, value)| (*key, Some(*value))).collect();
        let mut map = Self::new();
        map.apply(&changes, executor)?;
        Ok(map)
    }

    /// Applies changes with strictly ascending keys; removing an absent leaf changes nothing.
    pub fn apply(&mut self, changes: &[Change], _executor: &impl Executor) -> Result<(), MapError> {
        check_sorted(changes)?;
        for (key, value) in changes {
            match value {
                Some(value) => self.leaves.insert(*key, *value),
                None => self.leaves.remove(key),
            };
        }
        let leaves: Vec<_> = self.leaves.iter().collect();
        self.root = root_of::<H>(&leaves);
        Ok(())
    }

    /// The digest that commits to every leaf.
    pub fn root(&self) -> Digest {
        self.root
    }

    /// The number of leaves.
    pub fn len(&self) -> usize {
        self.leaves.len()
    }

    /// Whether there is no leaf.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty()
    }

    /// The words at `key`.
    pub fn get(&self, key: &Key) -> Option<&[u64]> {
        self.leaves.get(key).map(Value::words)
    }

    /// The leaf with the least key that is not less than `key`.
    pub fn first_at_or_after(&self, key: &Key) -> Option<(Key, &[u64])> {
        self.leaves.range(key..).next().map(|(key, value)| (*key, value.words()))
    }
}

fn check_sorted(changes: &[Change]) -> Result<(), MapError> {
    match changes.windows(2).position(|pair| pair[0].0 >= pair[1].0) {
        Some(before) => Err(MapError::Unsorted { index: before + 1 }),
        None => Ok(()),
    }
}

fn root_of<H: NodeHash>(leaves: &[(&Key, &Value)]) -> Digest {
    match leaves {
        [] => Digest::EMPTY,
        [(key, value)] => H::leaf(key, value.words()),
        [(first, _), .., (last, _)] => {
            let position = first.shared_bits(last);
            let (left, right) = leaves.split_at(leaves.partition_point(|(key, _)| !key.bit(position)));
            H::node(position, &root_of::<H>(left), &root_of::<H>(right))
        }
    }
}
