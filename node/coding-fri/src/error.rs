use core::fmt;

use ashlar_coding::soundness::TooWeak;

/// Why data cannot be committed to, or why what is said of a commitment is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FriError {
    /// Data of a length that no shape has.
    Bytes {
        /// The most there can be.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// The parameters of this length are not proven for enough bits.
    Weak(TooWeak),
    /// Bytes end before what they say is complete.
    Truncated {
        /// Where.
        offset: usize,
    },
    /// Bytes go on after what they say is complete.
    Trailing {
        /// How many.
        got: usize,
    },
    /// A number is no element of the field.
    Element {
        /// Where.
        offset: usize,
    },
    /// No row stands at this position.
    NoSuchPosition {
        /// Rows there are.
        rows: usize,
        /// The position.
        got: u32,
    },
    /// An opening has another shape than the commitment.
    Parts {
        /// What there is too much or too little of.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A row is not under the commitment.
    Row {
        /// Its position.
        position: u32,
    },
    /// A fold is not under its root, or the row before it does not lead to it: the first fold of a row beside the codeword.
    Fold {
        /// The position whose fold it is.
        position: u32,
        /// Which fold.
        round: usize,
    },
    /// The folds of a position do not end at the last polynomial: the row is not of the codeword.
    NotOfTheWord {
        /// The position.
        position: u32,
    },
}

impl fmt::Display for FriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { max, got } => write!(f, "{got} bytes; 1 to {max} can be committed to, so cut them"),
            Self::Weak(weak) => weak.fmt(f),
            Self::Truncated { offset } => write!(f, "the bytes end at {offset}; ask for them again"),
            Self::Trailing { got } => write!(f, "{got} bytes follow; ask for them again"),
            Self::Element { offset } => {
                write!(f, "at byte {offset} stands no element of the field; take it from another source")
            }
            Self::NoSuchPosition { rows, got } => write!(f, "position {got} of {rows} rows"),
            Self::Parts { what, expected, got } => write!(f, "{got} {what} where this commitment has {expected}"),
            Self::Row { position } => {
                write!(f, "the row at {position} is not under the commitment; take it from another source")
            }
            Self::Fold { position, round } => {
                write!(f, "position {position} does not lead to fold {round}; take it from another source")?;
                f.write_str(", and if all send the same, the publisher is at fault")
            }
            Self::NotOfTheWord { position } => {
                write!(f, "the row at {position} is not of the codeword; the publisher is at fault")
            }
        }
    }
}

impl core::error::Error for FriError {}

impl From<TooWeak> for FriError {
    fn from(weak: TooWeak) -> FriError {
        Self::Weak(weak)
    }
}
