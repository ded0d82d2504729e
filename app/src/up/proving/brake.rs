//! Slows traders down to what a prover can follow.

use std::time::Duration;

use ashlar_prover::ProverHandle;

/// How often a trader who waits looks again.
const LOOK: Duration = Duration::from_millis(250);
/// Jobs that may be unproven before traders wait: one that is proven and one that is next.
const JOBS_MAX: usize = 2;

/// Lets traders go on while the prover follows.
#[derive(Clone)]
pub struct Brake(Option<ProverHandle>);

impl Brake {
    /// One that follows a coordinator; without one nobody waits.
    pub const fn new(prover: Option<ProverHandle>) -> Brake {
        Brake(prover)
    }

    /// Waits while too much is unproven.
    pub async fn wait(&self) {
        let Some(prover) = &self.0 else { return };
        while prover.pressure().backlog.jobs >= JOBS_MAX {
            tokio::time::sleep(LOOK).await;
        }
    }
}
