//! Lists of orders on their way from whoever records a batch to whoever checks it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ashlar_types::{AccountId, MarketId};

use super::lists::Lists;
use crate::store::Listed;

/// Passes lists through from an index, and keeps what it gave.
#[derive(Debug)]
pub struct RecordingLists<L> {
    index: L,
    given: Vec<Vec<Listed>>,
}

impl<L: Lists> RecordingLists<L> {
    /// Records what is asked of an index from now on.
    pub fn new(index: L) -> RecordingLists<L> {
        RecordingLists { index, given: Vec::new() }
    }

    /// The lists, in the order in which they were asked for.
    pub fn into_given(self) -> Vec<Vec<Listed>> {
        self.given
    }
}

impl<L: Lists> Lists for RecordingLists<L> {
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        let from = listed.len();
        self.index.list(account, market, listed);
        self.given.push(listed.iter().skip(from).copied().collect());
    }

    fn added(&mut self, account: AccountId, listed: Listed) {
        self.index.added(account, listed);
    }

    fn removed(&mut self, account: AccountId, listed: Listed) {
        self.index.removed(account, listed);
    }
}

/// Gives lists that were recorded. They are claims, and the leaves tell whether they are true.
#[derive(Clone, Debug, Default)]
pub struct ReplayedLists(VecDeque<Vec<Listed>>);

impl ReplayedLists {
    /// Gives these, in this order, and then empty ones.
    pub fn new(given: impl IntoIterator<Item = Vec<Listed>>) -> ReplayedLists {
        ReplayedLists(given.into_iter().collect())
    }
}

impl Lists for ReplayedLists {
    fn list(&mut self, _: AccountId, _: Option<MarketId>, listed: &mut Vec<Listed>) {
        listed.extend(self.0.pop_front().into_iter().flatten());
    }

    fn added(&mut self, _: AccountId, _: Listed) {}

    fn removed(&mut self, _: AccountId, _: Listed) {}
}
