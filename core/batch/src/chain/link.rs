use core::fmt;

use super::{BatchHeader, Hash};
use crate::merkle::Digest;

/// Why one header does not follow another. `expected` is what the parent asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// Of another exchange.
    Exchange {
        /// The parent's.
        expected: [u8; 32],
        /// The header's.
        got: [u8; 32],
    },
    /// Of an older version than its parent.
    Version {
        /// The parent's: the least it may be.
        expected: u32,
        /// The header's.
        got: u32,
    },
    /// Not the next number.
    Number {
        /// The next.
        expected: u64,
        /// The header's.
        got: u64,
    },
    /// It names another parent.
    Parent {
        /// The hash of the header given as parent.
        expected: Hash,
        /// The hash it names.
        got: Hash,
    },
    /// It begins in another state.
    StateRoot {
        /// What the parent left.
        expected: Digest,
        /// Where it begins.
        got: Digest,
    },
    /// It begins at another sequence number.
    Sequence {
        /// The parent's next.
        expected: u64,
        /// Its first.
        got: u64,
    },
    /// It has no commands.
    Empty {
        /// Its first sequence number, and its next.
        sequence: u64,
    },
    /// Time goes back, from the parent or within it.
    Time {
        /// The least it may be.
        expected: u64,
        /// What it is.
        got: u64,
    },
    /// It gives back inbox entries.
    Inbox {
        /// Consumed by the parent already.
        expected: u64,
        /// Consumed after it.
        got: u64,
    },
    /// The inbox hash changed without an entry, or did not although there were some.
    InboxHash {
        /// The parent's.
        parent: Hash,
        /// The header's.
        got: Hash,
    },
    /// It takes back withdrawals.
    Withdrawals {
        /// Made up to the parent.
        expected: u64,
        /// Made after it.
        got: u64,
    },
    /// The withdrawals root is empty although some were made, or the other way round.
    WithdrawalsRoot {
        /// How many were made.
        made: u64,
        /// The root.
        got: Digest,
    },
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exchange { expected, got } => write!(f, "the header is of exchange {got:02x?}, not {expected:02x?}"),
            Self::Version { expected, got } => {
                write!(f, "version {got} follows version {expected}; it never goes back")
            }
            Self::Number { expected, got } => write!(f, "batch {got} stands where batch {expected} is next"),
            Self::Parent { expected, got } => {
                write!(f, "the parent has hash {expected:?} and the header names {got:?}")
            }
            Self::StateRoot { expected, got } => {
                write!(f, "the parent ends in state {expected:?}, the header begins in {got:?}")
            }
            Self::Sequence { expected, got } => write!(f, "the first command is {got} and {expected} is next"),
            Self::Empty { sequence } => write!(f, "the header has no command at or after {sequence}; a batch has one"),
            Self::Time { expected, got } => write!(f, "time {got} comes after time {expected}; it never goes back"),
            Self::Inbox { expected, got } => write!(f, "the inbox stands at {got} after it stood at {expected}"),
            Self::InboxHash { parent, got } => {
                write!(f, "the inbox hash is {got:?} after {parent:?}, which does not fit the entries consumed")
            }
            Self::Withdrawals { expected, got } => write!(f, "{got} withdrawals made after {expected} were"),
            Self::WithdrawalsRoot { made, got } => write!(f, "a withdrawals root of {got:?} over {made} withdrawals"),
        }
    }
}

impl core::error::Error for LinkError {}

impl BatchHeader {
    /// Whether this header may stand after `parent` (B-28). What it claims of its own batch is for a proof to show.
    pub fn follows(&self, parent: &BatchHeader) -> Result<(), LinkError> {
        if self.exchange_id != parent.exchange_id {
            return Err(LinkError::Exchange { expected: parent.exchange_id.0, got: self.exchange_id.0 });
        }
        if self.version < parent.version {
            return Err(LinkError::Version { expected: parent.version, got: self.version });
        }
        if parent.number.get().checked_add(1) != Some(self.number.get()) {
            return Err(LinkError::Number { expected: parent.number.next().get(), got: self.number.get() });
        }
        let expected = parent.hash();
        if self.parent_hash != expected {
            return Err(LinkError::Parent { expected, got: self.parent_hash });
        }
        if self.state_root_before != parent.state_root_after {
            return Err(LinkError::StateRoot { expected: parent.state_root_after, got: self.state_root_before });
        }
        self.counters_follow(parent)
    }

    fn counters_follow(&self, parent: &BatchHeader) -> Result<(), LinkError> {
        if self.first_sequence != parent.next_sequence {
            let (expected, got) = (parent.next_sequence.get(), self.first_sequence.get());
            return Err(LinkError::Sequence { expected, got });
        }
        if self.next_sequence <= self.first_sequence {
            return Err(LinkError::Empty { sequence: self.first_sequence.get() });
        }
        for (expected, got) in [(parent.last_time, self.first_time), (self.first_time, self.last_time)] {
            if got < expected {
                return Err(LinkError::Time { expected: expected.get(), got: got.get() });
            }
        }
        if self.inbox_next < parent.inbox_next {
            return Err(LinkError::Inbox { expected: parent.inbox_next.get(), got: self.inbox_next.get() });
        }
        if (self.inbox_next == parent.inbox_next) != (self.inbox_hash == parent.inbox_hash) {
            return Err(LinkError::InboxHash { parent: parent.inbox_hash, got: self.inbox_hash });
        }
        let (before, after) = (parent.withdrawals_next.get(), self.withdrawals_next.get());
        let Some(made) = after.checked_sub(before) else {
            return Err(LinkError::Withdrawals { expected: before, got: after });
        };
        if (made == 0) != (self.withdrawals_root == Digest::EMPTY) {
            return Err(LinkError::WithdrawalsRoot { made, got: self.withdrawals_root });
        }
        Ok(())
    }
}
