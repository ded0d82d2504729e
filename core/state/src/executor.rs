//! Who runs independent pieces of work.
//!
//! The core has no threads. [`crate::Map::apply`] cuts its work into pieces that share nothing, and a shell that
//! has threads brings an [`Executor`] that runs them side by side.

/// Runs `work` once on every task, in any order, and returns when all are done.
pub trait Executor {
    /// Each task is handed to exactly one call of `work`.
    fn for_each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync);
}

/// Runs everything on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn for_each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        tasks.iter_mut().for_each(work);
    }
}
