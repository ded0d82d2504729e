//! Which version a batch is built with, so that L1 takes it whenever its commit is mined (SPEC S-20, Q-17).
//!
//! 1. L1 judges a version when it mines the commit, not when the batch is built. So a version is chosen only if every moment at which the commit
//!    may be mined asks for the same one; otherwise building waits, and nothing else does.
//! 2. L1's clock only grows, so what a later block of L1 will ask for is bounded from below by its head.
//! 3. A version may have rules that this program does not know. It knows those of the versions that its own programs prove, and of those before the
//!    first of them, which were there when it was made (SPEC Q-19).

use std::collections::BTreeSet;
use std::sync::Arc;

use ashlar_settlement::{Activation, Version};
use ashlar_types::BatchNumber;

/// Versions and when they begin, in the order in which L1 announced them. There is always one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Schedule {
    first: Activation,
    later: Vec<Activation>,
    /// Versions whose rules this program does not know.
    unknown: BTreeSet<u32>,
}

/// The names that L1's registry may have for the programs of this release: hashes of their files, and keys by which verifiers know them.
pub type ProgramNames = BTreeSet<[u8; 32]>;

/// Why a list of versions cannot be L1's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScheduleError {
    /// There is none.
    #[error("L1's registry lists no version; check that its address is that of the deployment")]
    Empty,
    /// One begins before one that was announced earlier.
    #[error("L1's registry lists version {version} out of its order; check that its address is that of the deployment")]
    Order {
        /// Which.
        version: u32,
    },
}

/// What becomes of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Choice {
    /// It is built with this version.
    Build(u32),
    /// It is not built before L1's clock says so.
    Hold {
        /// The version that begins.
        version: u32,
        /// When it does, in seconds.
        until: u64,
    },
}

impl Schedule {
    /// From what the registry lists.
    pub fn new(listed: Vec<Activation>) -> Result<Schedule, ScheduleError> {
        let mut listed = listed.into_iter();
        let first = listed.next().ok_or(ScheduleError::Empty)?;
        let (mut before, later) = (first, listed.collect::<Vec<_>>());
        for one in &later {
            let is_later = one.version > before.version
                && one.from_batch > before.from_batch
                && one.not_before >= before.not_before;
            if !is_later {
                return Err(ScheduleError::Order { version: one.version });
            }
            before = *one;
        }
        Ok(Schedule { first, later, unknown: BTreeSet::new() })
    }

    /// The same with what is known of their rules by a release whose programs have these names.
    pub fn of_release(listed: &[Version], ours: &ProgramNames) -> Result<Schedule, ScheduleError> {
        let mut schedule = Schedule::new(listed.iter().map(|version| version.begins).collect())?;
        let is_ours = |version: &Version| {
            version.programs.iter().any(|program| ours.contains(&program.hash.0) || ours.contains(&program.key.0))
        };
        let before_ours = listed.iter().position(is_ours).unwrap_or(0);
        let unknown = listed.iter().skip(before_ours).filter(|version| !is_ours(version));
        schedule.unknown = unknown.map(|version| version.begins.version).collect();
        Ok(schedule)
    }

    /// The same with rules that were known before: of a version that has begun they stay what they were, whatever is announced or taken back after it.
    pub fn remember(&mut self, known: &BTreeSet<u32>) {
        self.unknown.retain(|version| !known.contains(version));
    }

    /// The versions that had begun by this second and whose rules this release knows.
    pub fn known_by(&self, head: u64) -> impl Iterator<Item = u32> {
        let all = std::iter::once(&self.first).chain(&self.later);
        all.filter(move |one| one.not_before <= head).map(|one| one.version).filter(move |version| self.knows(*version))
    }

    /// Whether this release knows the rules of a version.
    pub fn knows(&self, version: u32) -> bool {
        !self.unknown.contains(&version)
    }

    /// The version that L1 asks of a batch whose commit it mines at this second: the contract's `versionFor`.
    pub fn version_for(&self, batch: BatchNumber, time: u64) -> u32 {
        self.begun(batch, time).version
    }

    fn begun(&self, batch: BatchNumber, time: u64) -> Activation {
        let has_begun = |one: &&Activation| batch >= one.from_batch && time >= one.not_before;
        *self.later.iter().rev().find(has_begun).unwrap_or(&self.first)
    }

    /// What becomes of a batch that is ready now, if its commit may be mined from the second of L1's head on and up to this one.
    pub fn choose(&self, batch: BatchNumber, head: u64, latest: u64) -> Choice {
        let (earliest, last) = (self.begun(batch, head), self.begun(batch, latest.max(head)));
        if earliest == last {
            Choice::Build(last.version)
        } else {
            Choice::Hold { version: last.version, until: last.not_before }
        }
    }

    /// Whether L1 may still take a batch of this version, now that its head is of this second.
    pub fn may_take(&self, batch: BatchNumber, version: u32, head: u64) -> bool {
        let changes = self.later.iter().map(|one| one.not_before).filter(|time| *time > head);
        std::iter::once(head).chain(changes).any(|time| self.version_for(batch, time) == version)
    }

    /// The first version whose rules this release does not know, of those that L1 asks of this batch or later ones from this second on.
    pub fn unknown_from(&self, batch: BatchNumber, head: u64) -> Option<Activation> {
        let asked = self.version_for(batch, head);
        let all = std::iter::once(&self.first).chain(&self.later);
        all.copied().find(|one| one.version >= asked && !self.knows(one.version))
    }

    /// The version that was announced last.
    pub fn latest(&self) -> Activation {
        *self.later.last().unwrap_or(&self.first)
    }
}

/// What L1 was seen to say of versions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Versions {
    /// Which begin when.
    pub schedule: Schedule,
    /// The same with what proves them, as L1 lists it.
    pub listed: Arc<[Version]>,
    /// The second of L1's head.
    pub head: u64,
}

#[cfg(test)]
mod tests;
