use core::fmt;

/// Why bytes are not the encoding of a value. `offset` counts bytes from the start of what was given to the decoder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// The bytes stop inside a value.
    UnexpectedEnd {
        /// Where the missing field begins.
        offset: usize,
        /// Bytes the field takes.
        expected: usize,
        /// Bytes that were left.
        got: usize,
    },
    /// Bytes follow a complete value.
    TrailingBytes {
        /// Where the value ended.
        offset: usize,
        /// How many bytes follow.
        got: usize,
    },
    /// A tag byte names no variant.
    UnknownTag {
        /// The type whose variant was expected.
        what: &'static str,
        /// The tag.
        got: u8,
        /// Where it stands.
        offset: usize,
    },
    /// A number is outside its type's range.
    OutOfRange {
        /// The type.
        what: &'static str,
        /// The number.
        got: u64,
        /// Where it stands.
        offset: usize,
    },
    /// A list has more entries than its limit.
    TooMany {
        /// What it lists.
        what: &'static str,
        /// The limit.
        max: usize,
        /// The count it claims.
        got: usize,
        /// Where the count stands.
        offset: usize,
    },
    /// A list has no entries; none may be empty.
    Empty {
        /// What it lists.
        what: &'static str,
        /// Where the count stands.
        offset: usize,
    },
    /// The input is longer than any value of its type.
    TooLong {
        /// Bytes of the longest value.
        max: usize,
        /// Bytes given.
        got: usize,
    },
    /// The record was written in a version this decoder does not know.
    UnknownVersion {
        /// The version it knows.
        expected: u8,
        /// The version it met.
        got: u8,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnexpectedEnd { offset, expected, got } => write!(
                f,
                "the bytes end at {got} of the {expected} bytes needed at offset {offset}; send the whole value"
            ),
            Self::TrailingBytes { offset, got } => {
                write!(f, "{got} bytes follow the value that ends at offset {offset}; send nothing after it")
            }
            Self::UnknownTag { what, got, offset } => {
                write!(f, "{got} at offset {offset} is not a kind of {what}; check the encoder's version")
            }
            Self::OutOfRange { what, got, offset } => {
                write!(f, "{got} at offset {offset} is out of range for {what}; see its limit in the specification")
            }
            Self::TooMany { what, max, got, offset } => {
                write!(f, "{got} {what} at offset {offset} are more than the {max} allowed; split them")
            }
            Self::Empty { what, offset } => {
                write!(f, "the list of {what} at offset {offset} is empty; give at least one or leave the command out")
            }
            Self::TooLong { max, got } => {
                write!(f, "{got} bytes are more than the {max} that such a value can take; split it")
            }
            Self::UnknownVersion { expected, got } => {
                write!(f, "the record is of version {got} and this decoder reads {expected}; use a matching release")
            }
        }
    }
}

impl core::error::Error for DecodeError {}
