use std::collections::BTreeSet;

use ashlar_prover_wire::{BackendName, JobId, Measured, ProofKind};

use super::worker::WorkerId;
use crate::limits::{ATTEMPTS_MAX, LEASE_MS, RETRY_MS, RETRY_MS_MAX};

/// A kind of proof by a proof system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Target {
    /// The system.
    pub backend: BackendName,
    /// The kind.
    pub kind: ProofKind,
}

/// What is to be proven, without its evidence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// Its name; it stays the same over restarts.
    pub id: JobId,
    /// The version of its batches, which says by which program it is proven.
    pub version: u32,
    /// What a proof must say.
    pub public_values: Vec<u8>,
    /// How much there is to prove.
    pub commands: u64,
    /// When the proof is needed, in milliseconds since the Unix epoch.
    pub deadline_ms: u64,
    /// Lower ones first, among equal deadlines.
    pub priority: u8,
}

/// A job that a worker has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Lease {
    pub worker: WorkerId,
    pub target: Target,
    /// It ends then if the worker is silent.
    pub until_ms: u64,
    /// It ends then whatever the worker says.
    pub ends_ms: u64,
    /// When it was given.
    pub from_ms: u64,
    /// Whether the worker has said that it has it.
    pub confirmed: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    Waiting {
        from_ms: u64,
    },
    Leased(Lease),
    Verifying {
        worker: WorkerId,
        target: Target,
        measured: Measured,
    },
    Storing {
        target: Target,
    },
    /// A worker says that it cannot be proven.
    Disputed {
        worker: WorkerId,
        detail: String,
    },
    /// It cannot.
    Impossible,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub job: Job,
    pub standing: Standing,
    pub submitted_ms: u64,
    /// Since the target was last changed.
    attempts: u32,
    excluded: BTreeSet<Target>,
}

impl Entry {
    pub fn new(job: Job, now_ms: u64) -> Entry {
        let standing = Standing::Waiting { from_ms: now_ms };
        Entry { job, standing, submitted_ms: now_ms, attempts: 0, excluded: BTreeSet::new() }
    }

    pub fn is_waiting(&self) -> bool {
        matches!(self.standing, Standing::Waiting { .. })
    }

    pub fn waits(&self, now_ms: u64) -> bool {
        matches!(self.standing, Standing::Waiting { from_ms } if from_ms <= now_ms)
    }

    pub fn urgency(&self) -> (u64, u8, JobId) {
        (self.job.deadline_ms, self.job.priority, self.job.id)
    }

    pub fn is_leased_to(&self, worker: WorkerId) -> bool {
        matches!(&self.standing, Standing::Leased(lease) if lease.worker == worker)
    }

    pub fn is_excluded(&self, target: Target) -> bool {
        self.excluded.contains(&target)
    }

    pub fn lend(&mut self, worker: WorkerId, target: Target, now_ms: u64, allowed_ms: u64) {
        let (until_ms, ends_ms) = (now_ms + LEASE_MS, now_ms.saturating_add(allowed_ms));
        self.standing =
            Standing::Leased(Lease { worker, target, until_ms, ends_ms, from_ms: now_ms, confirmed: false });
    }

    /// A worker says that it has nothing to do. A question may be on its way to it for as long as a lease.
    pub fn end_idle_lease(&mut self, now_ms: u64) {
        if let Standing::Leased(lease) = &self.standing
            && (lease.confirmed || now_ms >= lease.from_ms + LEASE_MS)
        {
            self.retry(now_ms);
        }
    }

    /// Lets it wait a little longer after each attempt, and after some of them for another target.
    pub fn retry(&mut self, now_ms: u64) {
        self.attempts += 1;
        if self.attempts >= ATTEMPTS_MAX {
            return self.exclude_target(now_ms);
        }
        let pause = (RETRY_MS << (self.attempts - 1)).min(RETRY_MS_MAX);
        self.standing = Standing::Waiting { from_ms: now_ms + pause };
    }

    /// Lets it wait for another target than the one it was lent for.
    pub fn exclude_target(&mut self, now_ms: u64) {
        let target = match &self.standing {
            Standing::Leased(Lease { target, .. })
            | Standing::Verifying { target, .. }
            | Standing::Storing { target } => Some(*target),
            _ => None,
        };
        self.excluded.extend(target);
        self.attempts = 0;
        self.standing = Standing::Waiting { from_ms: now_ms };
    }

    pub fn forgive(&mut self, from_ms: u64) {
        self.excluded.clear();
        self.attempts = 0;
        self.standing = Standing::Waiting { from_ms };
    }
}
