//! The orders of accounts, wherever execution asks for all of them (U-7).
//!
//! Each list is a word with its number of entries, then the entries, in the order in which execution asks. An entry is the two words of
//! its place. The market leaves the upper four bits of the first word free: bit 63 says that the order waits for its trigger,
//! bit 62 that its id is not its place, in which case the two words of the id follow.

use alloc::vec::Vec;
use core::fmt;

use ashlar_exchange::{Listed, Lists};
use ashlar_types::limits::MARKETS_MAX;
use ashlar_types::{AccountId, MarketId, OrderId};

const WAITS: u64 = 1 << 63;
const HAS_ID: u64 = 1 << 62;

const _: () = assert!(MARKETS_MAX as u64 <= HAS_ID >> 48, "the market of a place leaves the flags free");

/// Why lists of orders cannot be read. Whether they are whole is for the leaves to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListError {
    /// They end before a list that execution asks for.
    Missing {
        /// The words there are.
        words: usize,
    },
    /// A list announces more entries than the words that are left.
    Ends {
        /// Where its number of entries is.
        offset: usize,
        /// The entries it announces.
        got: u64,
    },
    /// Words that are neither a place nor an id, or an id that is written although it is the place.
    Entry {
        /// Where the entry is.
        offset: usize,
    },
    /// Execution did not ask for all of them.
    Unused {
        /// The words that it read.
        expected: usize,
        /// The words there are.
        got: usize,
    },
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { words } => write!(f, "they end after {words} words, and one more list is asked for"),
            Self::Ends { offset, got } => write!(f, "the list at word {offset} announces {got} orders, and ends early"),
            Self::Entry { offset } => write!(f, "the entry at word {offset} names no order"),
            Self::Unused { expected, got } => write!(f, "{got} words where execution reads {expected}"),
        }
    }
}

impl core::error::Error for ListError {}

/// Reads lists one by one. What is wrong is remembered, and the list then ends.
#[derive(Debug)]
pub(crate) struct ListReader<'a> {
    words: &'a [u64],
    read: usize,
    error: Option<ListError>,
}

impl<'a> ListReader<'a> {
    pub(crate) fn new(words: &'a [u64]) -> ListReader<'a> {
        ListReader { words, read: 0, error: None }
    }

    /// Whether every list that was asked for could be read.
    pub(crate) fn error(&self) -> Option<ListError> {
        self.error
    }

    /// Whether that was all of them.
    pub(crate) fn finish(&self) -> Result<(), ListError> {
        match self.error {
            Some(error) => Err(error),
            None if self.read == self.words.len() => Ok(()),
            None => Err(ListError::Unused { expected: self.read, got: self.words.len() }),
        }
    }

    fn take(&mut self) -> Option<u64> {
        let word = self.words.get(self.read).copied()?;
        self.read += 1;
        Some(word)
    }

    fn read_list(&mut self, listed: &mut Vec<Listed>) -> Result<(), ListError> {
        let start = self.read;
        let Some(count) = self.take() else { return Err(ListError::Missing { words: self.words.len() }) };
        if count > (self.words.len() - self.read) as u64 / 2 {
            return Err(ListError::Ends { offset: start, got: count });
        }
        for _ in 0..count {
            let offset = self.read;
            listed.push(self.entry().ok_or(ListError::Entry { offset })?);
        }
        Ok(())
    }

    fn entry(&mut self) -> Option<Listed> {
        let (first, rank) = (self.take()?, self.take()?);
        let waiting = first & WAITS != 0;
        let high = first & !(WAITS | HAS_ID);
        let place = u128::from(high) << 64 | u128::from(rank);
        // An order that never moved is named by its place (SPEC K-3, K-4).
        let of_place = if waiting { None } else { OrderId::from_u128(place) };
        let id = if first & HAS_ID == 0 {
            of_place?
        } else {
            let id = OrderId::from_u128(u128::from(self.take()?) << 64 | u128::from(self.take()?))?;
            (Some(id) != of_place).then_some(id)?
        };
        Some(Listed { waiting, place, id })
    }
}

impl Lists for ListReader<'_> {
    fn list(&mut self, _: AccountId, _: Option<MarketId>, listed: &mut Vec<Listed>) {
        if self.error.is_none() {
            self.error = self.read_list(listed).err();
        }
    }

    fn added(&mut self, _: AccountId, _: Listed) {}

    fn removed(&mut self, _: AccountId, _: Listed) {}
}

/// Writes lists as a guest reads them, in the order in which execution asked for them.
pub fn encode_lists(lists: &[Vec<Listed>]) -> Vec<u64> {
    let mut words = Vec::new();
    for list in lists {
        words.push(list.len() as u64);
        for Listed { waiting, place, id } in list {
            let (high, rank) = ((place >> 64) as u64, *place as u64);
            let is_place = !waiting && OrderId::from_u128(*place) == Some(*id);
            words.push(high | if *waiting { WAITS } else { 0 } | if is_place { 0 } else { HAS_ID });
            words.push(rank);
            if !is_place {
                let bits = id.to_u128();
                words.extend([(bits >> 64) as u64, bits as u64]);
            }
        }
    }
    words
}
