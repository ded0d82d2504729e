//! How a job stands, for people.

use ashlar_prover_wire::JobId;

use super::job::{Standing, Target};
use super::{Scheduler, WorkerId};

/// How a job stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JobState {
    /// Nobody has it.
    Waiting,
    /// A worker has it.
    Proving {
        /// Which.
        worker: WorkerId,
        /// To prove how.
        target: Target,
        /// Since when, in milliseconds.
        since_ms: u64,
    },
    /// Its proof is being verified or stored.
    Verifying {
        /// How it was proven.
        target: Target,
    },
    /// It cannot be proven, or somebody says so.
    Refused {
        /// Whether this machine agrees.
        agreed: bool,
    },
}

impl Scheduler {
    /// How a job stands; `None` if there is no such job, or its proof is stored.
    pub fn state(&self, job: JobId) -> Option<JobState> {
        let entry = self.jobs.get(&job)?;
        Some(match &entry.standing {
            Standing::Waiting { .. } => JobState::Waiting,
            Standing::Leased(lease) => {
                JobState::Proving { worker: lease.worker, target: lease.target, since_ms: lease.from_ms }
            }
            Standing::Verifying { target, .. } | Standing::Storing { target } => {
                JobState::Verifying { target: *target }
            }
            Standing::Disputed { .. } => JobState::Refused { agreed: false },
            Standing::Impossible => JobState::Refused { agreed: true },
        })
    }
}
