//! When checkpoints are taken, how, and which are kept.
//!
//! 1. Most of them are increments: what changed since the last one that is whole. All of them are verified by the root of their header when they are
//!    loaded, whatever they rest on.
//! 2. There is always one to fall back to that shares no byte with the newest (SPEC J-25).

use std::collections::BTreeSet;

use ashlar_replica::{SnapshotError, SnapshotHead, SnapshotStore};
use ashlar_state::{Change, Key, Map, Sha256Node};
use ashlar_types::{BatchNumber, InboxIndex, Sequence};
use commonware_runtime::Storage;

/// How many checkpoints there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckpointPolicy {
    /// Commands between two.
    pub every_commands: u64,
    /// Increments that rest on a whole one, until there is another whole one.
    pub increments_max: u64,
}

impl Default for CheckpointPolicy {
    fn default() -> CheckpointPolicy {
        CheckpointPolicy { every_commands: 1 << 20, increments_max: 7 }
    }
}

/// Which checkpoints L1 cannot take anything of back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stays {
    /// All of them: there is no L1.
    Everything,
    /// Those that rest on nothing above a block and no entry of the inbox from this one on, and end with a batch that L1 holds for good: every
    /// batch that it does not hold can then be built anew.
    Below {
        /// The block.
        block: u64,
        /// The entry.
        inbox: InboxIndex,
        /// The last batch that L1 holds for good.
        batch: BatchNumber,
    },
    /// That is not known yet.
    Unknown,
}

/// What the next increment holds.
#[derive(Clone, Debug)]
struct Since {
    base: SnapshotHead,
    changed: BTreeSet<Key>,
    increments: u64,
}

/// Takes and retains checkpoints of the map that the state updater owns, beside the running engine.
#[derive(Clone, Debug)]
pub struct CheckpointManager<E> {
    store: SnapshotStore<E>,
    policy: CheckpointPolicy,
    /// The command after the newest.
    last: Sequence,
    /// Nothing until a whole one was taken: what changed before is not known.
    since: Option<Since>,
}

impl<E: Storage> CheckpointManager<E> {
    /// Over a store, in a state before this command. The first one that is taken is whole.
    pub const fn new(store: SnapshotStore<E>, policy: CheckpointPolicy, last: Sequence) -> Self {
        CheckpointManager { store, policy, last, since: None }
    }

    /// Notes what a batch changed.
    pub fn note(&mut self, changes: &[Change]) {
        if let Some(since) = &mut self.since {
            since.changed.extend(changes.iter().map(|(key, _)| *key));
        }
    }

    /// Whether one is due in a state before this command.
    pub fn is_due(&self, next: Sequence) -> bool {
        next.get().saturating_sub(self.last.get()) >= self.policy.every_commands
    }

    /// Takes one of the state that is in a map; whether it is an increment. It is whole where an increment would save little.
    pub async fn take(&mut self, mut head: SnapshotHead, map: &Map<Sha256Node>) -> Result<bool, SnapshotError> {
        head.leaves = map.len() as u64;
        let saves =
            |since: &&mut Since| since.increments < self.policy.increments_max && since.changed.len() < map.len() / 2;
        let is_increment = match self.since.as_mut().filter(saves) {
            Some(since) => {
                let changed = since.changed.iter();
                let changes: Vec<_> = changed.map(|key| (*key, map.get(key).unwrap_or_default())).collect();
                self.store.write_increment(&head, &since.base, changes).await?;
                since.increments += 1;
                true
            }
            _ => {
                self.store.write(&head, map.iter()).await?;
                self.since = Some(Since { base: head, changed: BTreeSet::new(), increments: 0 });
                false
            }
        };
        self.last = head.sequence();
        Ok(is_increment)
    }

    /// Removes what is needed no longer; the oldest that is: from there on a journal must be kept. What is needed is one to fall back to, and one
    /// that `stays` whatever L1 takes back. Where either is missing everything is kept, and there is no oldest.
    pub async fn retain(&self, stays: Stays) -> Result<Option<SnapshotHead>, SnapshotError> {
        let Some(oldest) = oldest_needed(&self.store.chains().await?, stays) else { return Ok(None) };
        self.store.retain(|head| head.sequence() >= oldest.sequence()).await?;
        Ok(Some(oldest))
    }
}

fn oldest_needed(chains: &[(SnapshotHead, [u8; 16])], stays: Stays) -> Option<SnapshotHead> {
    let (_, newest) = chains.last()?;
    let (second, _) = chains.iter().rev().find(|(_, on)| on != newest)?;
    let stays = |head: &SnapshotHead| match stays {
        Stays::Everything => true,
        Stays::Below { block, inbox, batch } => {
            head.block.number <= block && head.header.inbox_next <= inbox && head.header.number <= batch
        }
        Stays::Unknown => false,
    };
    let (sure, _) = chains.iter().rev().find(|(head, _)| stays(head))?;
    Some(if sure.sequence() < second.sequence() { *sure } else { *second })
}
