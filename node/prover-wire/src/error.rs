//! What can go wrong between the two, and what a job can come to.

use std::fmt;

/// Why bytes are not a frame or a message of this protocol. The connection that brought them is of no more use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WireError {
    /// The first bytes are not those of a frame; something else writes to this stream.
    Magic {
        /// What stands there.
        got: [u8; 4],
    },
    /// The other side speaks another version: build both from the same source.
    Version {
        /// Ours.
        expected: u16,
        /// Theirs.
        got: u16,
    },
    /// Something is longer than it may be.
    TooLong {
        /// What.
        what: &'static str,
        /// The most it may be.
        max: usize,
        /// What it would be.
        got: usize,
    },
    /// The bytes end inside of something.
    Ends {
        /// What.
        what: &'static str,
    },
    /// Bytes are left over.
    Trailing {
        /// How many.
        got: usize,
    },
    /// A number stands for nothing.
    Unknown {
        /// What it should name.
        what: &'static str,
        /// The number.
        got: u64,
    },
    /// Text that is not UTF-8, or a name with other letters than a name has.
    Text {
        /// Of what.
        what: &'static str,
    },
    /// The tag is not of somebody who knows the token, or the frame is not the next one.
    Tag,
    /// A message that does not belong here, as one before the greeting.
    Unexpected {
        /// What was waited for.
        expected: &'static str,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Magic { got } => write!(f, "{got:02x?} begins no frame; something else writes to this stream"),
            Self::Version { expected, got } => {
                write!(f, "the other side speaks version {got}, this one {expected}; build both from the same source")
            }
            Self::TooLong { what, max, got } => write!(f, "{what} of {got}, where {max} is the most"),
            Self::Ends { what } => write!(f, "the bytes end inside of {what}"),
            Self::Trailing { got } => write!(f, "{got} bytes are left over"),
            Self::Unknown { what, got } => write!(f, "{got} is no {what}"),
            Self::Text { what } => write!(f, "{what} is not made of the letters it may have"),
            Self::Tag => write!(f, "the tag is wrong; give both sides the same token"),
            Self::Unexpected { expected } => write!(f, "another message where {expected} was expected"),
        }
    }
}

impl std::error::Error for WireError {}

/// Why a job has no result, sorted by what the coordinator must do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FailureKind {
    /// The guest refuses the evidence, so every honest worker will: stop, the batch or its witness is wrong.
    Refused = 0,
    /// This backend does not do that: ask another one.
    Unsupported = 1,
    /// The job needs more memory or cycles than this machine has: cut it, or ask another one.
    TooLarge = 2,
    /// It was told to stop.
    Cancelled = 3,
    /// Something failed that may not fail again: retry.
    Backend = 4,
    /// The question itself cannot be read: a bug, or another version.
    Malformed = 5,
    /// A proof that was to be verified is of another program.
    WrongProgram = 6,
    /// A proof that was to be verified says something else.
    WrongPublicValues = 7,
    /// A proof that was to be verified is none.
    InvalidProof = 8,
}

impl FailureKind {
    /// All of them, each at its own number.
    pub const ALL: [FailureKind; 9] = [
        Self::Refused,
        Self::Unsupported,
        Self::TooLarge,
        Self::Cancelled,
        Self::Backend,
        Self::Malformed,
        Self::WrongProgram,
        Self::WrongPublicValues,
        Self::InvalidProof,
    ];

    /// Whether the same job may succeed when it is asked again of the same worker.
    pub const fn may_pass_later(self) -> bool {
        matches!(self, Self::Backend | Self::Cancelled)
    }
}

/// A job without a result.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What to do about it.
    pub kind: FailureKind,
    /// What happened, for a person. Cut to its limit when it is sent.
    pub detail: String,
}

impl Failure {
    /// A failure and why.
    pub fn new(kind: FailureKind, detail: impl fmt::Display) -> Failure {
        Failure { kind, detail: detail.to_string() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.detail)
    }
}

impl std::error::Error for Failure {}
