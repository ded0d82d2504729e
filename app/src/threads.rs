//! Threads for work that the core has cut into pieces.

use std::sync::Mutex;
use std::sync::PoisonError;

use ashlar_state::Executor;

/// This many threads, started for each call.
#[derive(Clone, Copy, Debug)]
pub struct Threads(pub usize);

impl Executor for Threads {
    fn for_each<T: Send>(&self, tasks: &mut [T], work: impl Fn(&mut T) + Sync) {
        if self.0 <= 1 {
            return tasks.iter_mut().for_each(work);
        }
        let queue = Mutex::new(tasks.iter_mut());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let drain = || {
            while let Some(task) = next() {
                work(task);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.0 {
                scope.spawn(drain);
            }
            drain();
        });
    }
}

/// As many threads as the machine runs at once.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_runs_once() {
        for threads in [0, 1, 2, 7] {
            let mut tasks = vec![0; 1_000];
            Threads(threads).for_each(&mut tasks, |task| *task += 1);
            assert!(tasks.iter().all(|task| *task == 1));
        }
    }
}
