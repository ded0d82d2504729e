use std::num::NonZeroUsize;
use std::thread;

use ashlar_state::Executor;

/// Runs tasks side by side on so many threads, the calling one among them.
///
/// They end before the call does and share nothing, so a result is the same on any number of threads, and a node in a
/// simulator stays deterministic.
#[derive(Clone, Copy, Debug)]
pub struct Threads(pub NonZeroUsize);

impl Executor for Threads {
    fn for_each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        let each = tasks.len().div_ceil(self.0.get()).max(1);
        let (first, rest) = tasks.split_at_mut(each.min(tasks.len()));
        thread::scope(|scope| {
            for chunk in rest.chunks_mut(each) {
                let work = &work;
                scope.spawn(move || chunk.iter_mut().for_each(work));
            }
            first.iter_mut().for_each(&work);
        });
    }
}
