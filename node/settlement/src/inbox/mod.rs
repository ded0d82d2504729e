//! The inbox as the followed chain tells it.
//!
//! 1. Entries have consecutive indices, and the chained hash that is computed here over each is the one the contract emitted.
//! 2. An entry is surfaced once its block is `safe`, and never twice unless it was taken back in between.
//! 3. When an entry that was surfaced is taken back, that is said, with the first index that no longer holds.

mod decode;

use std::collections::VecDeque;

use alloy::primitives::B256;
use ashlar_batch::{Hash, InboxChain};
use ashlar_types::{InboxEntry, InboxIndex, Time};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::contract::EntryAdded;
use crate::l1::BlockRef;
use crate::limits::INBOX_PENDING_MAX;

pub use decode::entry_from_bytes;

/// An entry, and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlacedEntry {
    /// Its place in the inbox.
    pub index: InboxIndex,
    /// The time of its block.
    pub time: Time,
    /// What it says.
    pub entry: InboxEntry,
    /// The chained hash over it and all before it.
    pub hash_after: Hash,
    /// Its block.
    pub block: BlockRef,
    /// The transaction it came with.
    pub tx: B256,
}

/// Why the inbox cannot be believed. Each is a fault of the contract or of the L1 node, and stops the instance.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum InboxError {
    /// An entry is missing or came twice.
    #[error("the inbox gave entry {got} after {expected} entries; check the L1 node: its logs are not complete")]
    Index {
        /// Which one follows.
        expected: u64,
        /// Which one came.
        got: u64,
    },
    /// Its hash is not what its bytes chain to.
    #[error(
        "inbox entry {index} chains to {computed:?}, but the contract says {emitted:?}; check contract and L1 node"
    )]
    Hash {
        /// Which.
        index: u64,
        /// By its bytes.
        computed: Hash,
        /// By the contract.
        emitted: Hash,
    },
    /// Its bytes are no entry.
    #[error("inbox entry {index} cannot be read; this program is older than the contract, or the contract is not ours")]
    Unreadable {
        /// Which.
        index: u64,
    },
    /// More are waiting for finality than are kept.
    #[error("more than {max} inbox entries wait for L1's finality")]
    Full {
        /// The most.
        max: usize,
    },
}

/// How far the inbox is known, in a form that can be stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InboxMark {
    /// The next index.
    pub next: u64,
    /// The chained hash before it.
    pub hash: [u8; 32],
}

impl InboxMark {
    /// Nothing is in it.
    pub const START: InboxMark = InboxMark { next: 0, hash: [0; 32] };

    const fn chain(self) -> InboxChain {
        InboxChain { next: InboxIndex::new(self.next), hash: Hash(self.hash) }
    }
}

/// The entries that may still be taken back, and the hash before them.
#[derive(Clone, Debug)]
pub struct Inbox {
    base: InboxMark,
    pending: VecDeque<PlacedEntry>,
    /// Where the chain stood after each entry above the base that was surfaced.
    surfaced: VecDeque<InboxMark>,
}

impl Inbox {
    /// Begins with what is final, and with what was surfaced above that before.
    pub fn new(base: InboxMark, surfaced: impl IntoIterator<Item = InboxMark>) -> Inbox {
        let surfaced = surfaced.into_iter().filter(|mark| mark.next > base.next).collect();
        Inbox { base, pending: VecDeque::new(), surfaced }
    }

    /// How far it goes on the followed chain.
    pub fn head(&self) -> InboxMark {
        self.pending.back().map_or(self.base, mark_after)
    }

    /// How far it was surfaced.
    pub fn surfaced(&self) -> InboxMark {
        self.surfaced.back().copied().unwrap_or(self.base)
    }

    /// Every mark above the base that was surfaced, to be stored and given to [`Inbox::new`].
    pub fn surfaced_marks(&self) -> Vec<InboxMark> {
        self.surfaced.iter().copied().collect()
    }

    /// How far it is final.
    pub const fn base(&self) -> InboxMark {
        self.base
    }

    /// The hash over all entries before this index; none if there are not so many, or it is too long ago.
    pub fn hash_before(&self, index: InboxIndex) -> Option<Hash> {
        let after_base = index.get().checked_sub(self.base.next)?;
        match after_base.checked_sub(1) {
            None => Some(Hash(self.base.hash)),
            Some(last) => Some(self.pending.get(usize::try_from(last).ok()?)?.hash_after),
        }
    }

    /// An entry was added in a block of the followed chain.
    pub fn added(&mut self, added: &EntryAdded, block: BlockRef) -> Result<(), InboxError> {
        let head = self.head();
        if added.index != head.next {
            return Err(InboxError::Index { expected: head.next, got: added.index });
        }
        if self.pending.len() >= INBOX_PENDING_MAX {
            return Err(InboxError::Full { max: INBOX_PENDING_MAX });
        }
        let unreadable = InboxError::Unreadable { index: added.index };
        let (index, time, entry) = entry_from_bytes(&added.entry).ok_or(unreadable.clone())?;
        if index.get() != added.index || time.get() != block.time.saturating_mul(1_000) {
            return Err(unreadable);
        }
        let after = head.chain().consume(time, &entry);
        if after.hash != added.hash {
            return Err(InboxError::Hash { index: added.index, computed: after.hash, emitted: added.hash });
        }
        self.pending.push_back(PlacedEntry { index, time, entry, hash_after: after.hash, block, tx: added.tx });
        Ok(())
    }

    /// A block was taken back, and its entries with it.
    pub fn rolled_back(&mut self, block: BlockRef) {
        while self.pending.back().is_some_and(|last| last.block.hash == block.hash) {
            self.pending.pop_back();
        }
    }

    /// Up to where what was surfaced still holds, if not all of it does. What follows will be surfaced anew.
    ///
    /// To be asked when the chain was followed to its head: on the way there, entries are missing that will come.
    pub fn take_unsurfaced(&mut self) -> Option<InboxMark> {
        let before = self.surfaced.len();
        while let Some(last) = self.surfaced.back() {
            if self.hash_before(InboxIndex::new(last.next)) == Some(Hash(last.hash)) {
                break;
            }
            self.surfaced.pop_back();
        }
        (self.surfaced.len() < before).then(|| self.surfaced())
    }

    /// Entries of blocks up to this one that were not surfaced yet, the oldest first; they count as surfaced now.
    pub fn take_safe(&mut self, safe: BlockRef) -> Vec<PlacedEntry> {
        let from = self.surfaced().next;
        let unseen = self.pending.iter().filter(|placed| placed.index.get() >= from);
        let news: Vec<PlacedEntry> = unseen.take_while(|placed| placed.block.number <= safe.number).cloned().collect();
        self.surfaced.extend(news.iter().map(mark_after));
        news
    }

    /// Forgets what can no longer be taken back.
    pub fn finalized(&mut self, finalized: BlockRef) {
        let surfaced = self.surfaced().next;
        while let Some(first) = self.pending.front() {
            if first.block.number > finalized.number || first.index.get() >= surfaced {
                break;
            }
            self.base = mark_after(first);
            self.pending.pop_front();
        }
        while self.surfaced.front().is_some_and(|mark| mark.next <= self.base.next) {
            self.surfaced.pop_front();
        }
    }
}

fn mark_after(placed: &PlacedEntry) -> InboxMark {
    InboxMark { next: placed.index.next().get(), hash: placed.hash_after.0 }
}
