//! Threads for work that the core has cut into pieces, and how those beside trading give way to it.

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

/// How far the work beside trading stands back where cores are scarce: it gets about a third of what a thread that trades gets.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// The thread that calls this gives way to the others of its process from now on.
pub fn gives_way() {
    // On other systems this is a matter of the whole process. A thread that may not give way is as right, and trading is slower.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(NICENESS);
}

/// As many threads as the machine runs at once.
pub fn available() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_thread_that_asks_gives_way() {
        let niceness = || rustix::process::getpriority_process(None).unwrap();
        let before = niceness();
        let there = std::thread::spawn(move || {
            gives_way();
            niceness()
        });
        assert_eq!(there.join().unwrap(), (before + NICENESS).min(19));
        assert_eq!(niceness(), before);
    }

    #[test]
    fn each_task_runs_once() {
        for threads in [0, 1, 2, 7] {
            let mut tasks = vec![0; 1_000];
            Threads(threads).for_each(&mut tasks, |task| *task += 1);
            assert!(tasks.iter().all(|task| *task == 1));
        }
    }
}
