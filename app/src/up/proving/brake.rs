//! Slows traders down to what a prover can follow.

use std::sync::Arc;
use std::time::Duration;

use ashlar_prover::ProverHandle;

/// How often a trader who waits looks again.
const LOOK: Duration = Duration::from_millis(250);
/// Jobs that may be unproven before traders wait: one that is proven and one that is next.
const JOBS_MAX: usize = 2;

/// Tells how many jobs are unproven.
type Jobs = Arc<dyn Fn() -> usize + Send + Sync>;

/// Lets traders go on while the prover follows.
#[derive(Clone)]
pub struct Brake(Option<Jobs>);

impl Brake {
    /// One that follows a coordinator; without one nobody waits.
    pub fn new(prover: Option<ProverHandle>) -> Brake {
        Brake(prover.map(|prover| Arc::new(move || prover.pressure().backlog.jobs) as Jobs))
    }

    /// Waits while too much is unproven.
    pub async fn wait(&self) {
        let Some(jobs) = &self.0 else { return };
        while jobs() >= JOBS_MAX {
            tokio::time::sleep(LOOK).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::timeout;

    #[tokio::test]
    async fn traders_wait_while_two_jobs_are_unproven_and_go_on_once_one_is() {
        let unproven = Arc::new(AtomicUsize::new(JOBS_MAX - 1));
        let counted = unproven.clone();
        let brake = Brake(Some(Arc::new(move || counted.load(Ordering::Relaxed))));
        timeout(LOOK, brake.wait()).await.expect("nothing to wait for");
        unproven.store(JOBS_MAX, Ordering::Relaxed);
        let waiting = tokio::spawn({
            let brake = brake.clone();
            async move { brake.wait().await }
        });
        assert!(timeout(2 * LOOK, brake.wait()).await.is_err(), "another trader waits as well");
        assert!(!waiting.is_finished());
        unproven.store(JOBS_MAX - 1, Ordering::Relaxed);
        timeout(4 * LOOK, waiting).await.expect("it goes on").expect("it ends");
        Brake::new(None).wait().await;
    }
}
