use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::{Distance, SourceReport, Store, StoreError, Verdict};

/// How much longer than was to be expected a store may take before another is asked beside it, and the least that any may take.
const PATIENCE: u32 = 4;
const PATIENCE_MIN: Duration = Duration::from_millis(250);
const PATIENCE_MAX: Duration = Duration::from_secs(20);

/// How a store has behaved so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Standing {
    /// Answers in which something was wrong: it is damaged or lies.
    pub wrong: u64,
    /// Questions without an answer since the last one that had one.
    pub silent: u64,
    /// Answers that were right.
    pub right: u64,
    /// Microseconds that a share took, the last ones counting most; zero before the first.
    pub time_us: u64,
}

impl Standing {
    /// Smaller is asked first: who never sent anything wrong, of those who answers, and of those who is quick. Times are compared by their powers
    /// of two, so that chance does not shuffle stores that are alike.
    fn rank(self, distance: Distance) -> (u64, u64, u32) {
        let time_ms = self.expected(distance).as_millis();
        (self.wrong, self.silent, u128::BITS - time_ms.leading_zeros())
    }

    /// How long it should take: as long as it did, or, while nobody knows, as long as its kind does.
    fn expected(self, distance: Distance) -> Duration {
        match self.time_us {
            0 => distance.usual(),
            time => Duration::from_micros(time),
        }
    }
}

/// What is held against which store, so that the good ones are asked first.
#[derive(Debug, Default)]
pub struct Standings(Mutex<HashMap<String, Standing>>);

impl Standings {
    /// Takes what stores did for one batch.
    pub fn note(&self, sources: &[SourceReport]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for SourceReport { name, verdict, .. } in sources {
            let standing = all.entry(name.clone()).or_default();
            match verdict {
                Verdict::Honest | Verdict::Relayed(_) => {
                    standing.right = standing.right.saturating_add(1);
                    standing.silent = 0;
                }
                // That it lacks one batch says nothing about the next.
                Verdict::Silent(StoreError::Absent(_) | StoreError::AbsentSection(_)) => standing.silent = 0,
                Verdict::Silent(StoreError::Refused(_) | StoreError::Failed { .. }) => {
                    standing.silent = standing.silent.saturating_add(1);
                }
                Verdict::Silent(StoreError::Damaged(_) | StoreError::Wrong(_)) | Verdict::Wrong(_) => {
                    standing.wrong = standing.wrong.saturating_add(1);
                }
            }
        }
    }

    /// How a store has behaved; nothing is held against one that was never asked.
    pub fn of(&self, name: &str) -> Standing {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or_default()
    }

    /// Takes how long a share took.
    pub(crate) fn note_time(&self, name: &str, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = all.entry(name.to_owned()).or_default();
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        standing.time_us = match standing.time_us {
            0 => took,
            before => before - before / 4 + took / 4,
        };
    }

    /// How long a store may take before another is asked beside it.
    pub(crate) fn patience(&self, store: &dyn Store) -> Duration {
        let expected = self.of(store.name()).expected(store.distance());
        expected.saturating_mul(PATIENCE).clamp(PATIENCE_MIN, PATIENCE_MAX)
    }

    /// In which order stores are asked.
    pub(crate) fn order(&self, stores: &[Box<dyn Store>]) -> Vec<usize> {
        let rank = |store: &dyn Store| self.of(store.name()).rank(store.distance());
        let mut ranked: Vec<_> =
            stores.iter().enumerate().map(|(index, store)| (rank(store.as_ref()), index)).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, index)| index).collect()
    }
}
