use core::fmt;

/// Why data cannot be committed to, or why an opening is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IpaError {
    /// Data of a length that is not committed to in this way.
    Bytes {
        /// The most there can be.
        max: usize,
        /// How many there are.
        got: usize,
    },
    /// More scalars than there are generators, or none.
    Length {
        /// The most there can be.
        max: usize,
        /// How many are claimed.
        got: usize,
    },
    /// A position beyond the end, or after one that is not below it.
    Position {
        /// Scalars there are.
        length: usize,
        /// The position.
        got: u32,
    },
    /// Bytes that are no group element, or not in their one encoding.
    Element {
        /// Which of those that are sent.
        index: usize,
    },
    /// Bytes that are no scalar below the group's order.
    Scalar {
        /// Where they begin.
        offset: usize,
    },
    /// An opening of another length.
    Parts {
        /// What there is too much or too little of.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// The argument does not show what is claimed.
    NotShown,
}

impl fmt::Display for IpaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { max, got } => {
                write!(f, "{got} bytes; 1 to {max} can be committed to, so take rows or cut them")
            }
            Self::Length { max, got } => write!(f, "{got} scalars; there are generators for 1 to {max}"),
            Self::Position { length, got } => {
                write!(f, "position {got} of {length}; name positions below that, each above the one before it")
            }
            Self::Element { index } => write!(f, "group element {index} is none; take it from another source"),
            Self::Scalar { offset } => write!(f, "at byte {offset} stands no scalar; take it from another source"),
            Self::Parts { what, expected, got } => write!(f, "{got} {what} where there must be {expected}"),
            Self::NotShown => f.write_str("the opening does not show what it claims; take it from another source"),
        }
    }
}

impl core::error::Error for IpaError {}
