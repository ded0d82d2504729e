use ashlar_prover_wire::{BackendName, Description, JobId, ProgramHash};

use super::job::Target;
use super::programs::Programs;
use crate::limits::{BAD_PROOFS_MAX, QUARANTINE_MS};

/// Who a worker is: the token that it knows, which stays the same when it connects again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WorkerId(pub u32);

#[derive(Clone, Debug, Default)]
pub(super) struct Worker {
    description: Option<Description>,
    running: Option<JobId>,
    /// Since it connected, it has said what it does.
    has_reported: bool,
    bad_proofs: u32,
    quarantined_until_ms: u64,
}

impl Worker {
    pub fn connect(&mut self, description: Description) {
        self.description = Some(description);
        self.has_reported = false;
        self.running = None;
    }

    pub fn disconnect(&mut self) {
        self.description = None;
    }

    pub const fn is_connected(&self) -> bool {
        self.description.is_some()
    }

    /// What it proves with, while it is connected.
    pub fn program(&self) -> Option<(BackendName, ProgramHash)> {
        self.description.as_ref().map(|description| (description.backend, description.program))
    }

    pub const fn is_quarantined(&self, now_ms: u64) -> bool {
        now_ms < self.quarantined_until_ms
    }

    pub const fn is_usable(&self, now_ms: u64) -> bool {
        self.is_connected() && !self.is_quarantined(now_ms)
    }

    /// Whether it can be asked: not before it has said that it has nothing to do.
    pub const fn is_idle(&self, now_ms: u64) -> bool {
        self.is_usable(now_ms) && self.has_reported && self.running.is_none()
    }

    pub const fn beat(&mut self, running: Option<JobId>) {
        self.running = running;
        self.has_reported = true;
    }

    pub fn quarantine(&mut self, now_ms: u64) {
        self.bad_proofs = self.bad_proofs.saturating_add(1);
        self.quarantined_until_ms = if self.bad_proofs >= BAD_PROOFS_MAX {
            u64::MAX
        } else {
            now_ms.saturating_add(QUARANTINE_MS << (self.bad_proofs - 1))
        };
        self.disconnect();
    }

    pub const fn conduct(&self) -> (u32, u64) {
        (self.bad_proofs, self.quarantined_until_ms)
    }

    pub const fn note_conduct(&mut self, bad_proofs: u32, until_ms: u64) {
        (self.bad_proofs, self.quarantined_until_ms) = (bad_proofs, until_ms);
    }

    /// What it can do of what is wanted for a version, in the order of preference: nothing if another program proves that.
    pub fn targets_of(&self, version: u32, wanted: &[Target], programs: &Programs) -> Vec<Target> {
        match self.program() {
            Some((backend, program)) if programs.of(version, backend) == Some(program) => self.targets(wanted),
            _ => Vec::new(),
        }
    }

    /// What it can do of what is wanted, in the order of preference.
    pub fn targets(&self, wanted: &[Target]) -> Vec<Target> {
        let can = |target: &&Target| {
            let of = |description: &Description| {
                description.backend == target.backend && description.kinds.contains(&target.kind)
            };
            self.description.as_ref().is_some_and(of)
        };
        wanted.iter().filter(can).copied().collect()
    }
}
