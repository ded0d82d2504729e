use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::{SourceReport, StoreError, Verdict};

/// How a store has behaved so far.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Standing {
    /// Answers in which something was wrong: it is damaged or lies.
    pub wrong: u64,
    /// Questions without an answer since the last one that had one.
    pub silent: u64,
    /// Answers that were right.
    pub right: u64,
}

impl Standing {
    /// Smaller is asked first: who never sent anything wrong, and of those who answers.
    const fn rank(self) -> (u64, u64) {
        (self.wrong, self.silent)
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

    /// In which order stores are asked.
    pub(crate) fn order<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<usize> {
        let mut ranked: Vec<_> = names.enumerate().map(|(index, name)| (self.of(name).rank(), index)).collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, index)| index).collect()
    }
}
