//! The only door through which the exchange touches leaves while a batch is recorded or proven.
//!
//! 1. The recorder on the node and the table in the guest answer the same calls with the same answers, so one code
//!    decides on both sides.
//! 2. Nothing here returns a `Result`. What is wrong with a witness is remembered as the first [`Fault`], the call
//!    answers with a harmless row, and whoever runs the commands asks [`Rows::fault`] after each of them.
//! 3. Under a fault every answer is [`Row::NOWHERE`]: absent, empty, its key [`Key::MAX`], its successor itself. A loop
//!    that stops at an absent row or at a greatest key therefore stops.

use core::fmt;

use crate::key::Key;

/// A handle on the leaf of one key, present or absent, for the length of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub(crate) u32);

impl Row {
    /// The answer to a call that found a fault.
    pub const NOWHERE: Self = Self(u32::MAX);

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Reads and writes leaves by row.
pub trait Rows {
    /// The row of this key, whether or not a leaf is there.
    fn row(&mut self, key: &Key) -> Row;
    /// The key of a row.
    fn key(&self, row: Row) -> Key;
    /// Whether there is a leaf at the row now.
    fn is_present(&self, row: Row) -> bool;
    /// The value at the row now, empty when absent.
    fn words(&self, row: Row) -> &[u64];
    /// Inserts or overwrites the leaf: one to [`crate::VALUE_WORDS_MAX`] words.
    fn write(&mut self, row: Row, words: &[u64]);
    /// Removes the leaf; nothing happens where there is none.
    fn erase(&mut self, row: Row);
    /// The first leaf after this row, in key order, among the ordered keys. The row itself must be ordered, and may be
    /// absent. Sentinels guarantee that a leaf follows.
    fn after(&mut self, row: Row) -> Row;
    /// The first thing that was wrong, if anything was. Once set it stays.
    fn fault(&self) -> Option<Fault>;
}

/// Why an answer could not be given. In a guest it means the witness is bad; on a node it is a bug of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// More rows were asked for than the witness has hints.
    HintMissing {
        /// How many hints there are.
        hints: u32,
    },
    /// A hint points past the last row.
    HintRange {
        /// The hinted row.
        got: u32,
        /// How many rows there are.
        rows: u32,
    },
    /// A hint points at the row of another key.
    HintKey {
        /// The key that was asked for.
        expected: Key,
        /// The key of the hinted row.
        got: Key,
    },
    /// The hinted predecessor is not the leaf just before the key.
    HintPredecessor {
        /// The key that is to be placed.
        key: Key,
        /// The hinted row.
        got: u32,
    },
    /// A leaf that the witness does not show may lie between two neighbours.
    Hidden {
        /// The key whose successor was asked for.
        from: Key,
        /// The next leaf that is shown.
        to: Key,
    },
    /// No leaf follows: a sentinel is missing.
    NoSuccessor {
        /// The key whose successor was asked for.
        from: Key,
    },
    /// A successor was asked for outside the ordered keys.
    Unordered {
        /// The key whose successor was asked for.
        from: Key,
    },
    /// A value without words, or with too many.
    ValueLength {
        /// The key that was written.
        key: Key,
        /// The number of words.
        got: usize,
    },
    /// A row that does not exist was written, or more rows were touched than can be numbered.
    NoRow,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HintMissing { hints } => write!(f, "all {hints} hints are used up"),
            Self::HintRange { got, rows } => write!(f, "hint {got} is past the last of {rows} rows"),
            Self::HintKey { expected, got } => write!(f, "hint for {expected:?} points at {got:?}"),
            Self::HintPredecessor { key, got } => write!(f, "row {got} is not the leaf before {key:?}"),
            Self::Hidden { from, to } => write!(f, "a leaf may be hidden between {from:?} and {to:?}"),
            Self::NoSuccessor { from } => write!(f, "no ordered leaf follows {from:?}"),
            Self::Unordered { from } => write!(f, "{from:?} is not an ordered key"),
            Self::ValueLength { key, got } => write!(f, "a value of {got} words was written at {key:?}"),
            Self::NoRow => write!(f, "a row that does not exist was written"),
        }
    }
}

impl core::error::Error for Fault {}
