use ashlar_coding::{CodingError, Row};
use ashlar_types::sign::SignatureError;
use ashlar_types::{Address, BatchNumber, DecodeError, ExchangeId};

use crate::StoreError;

/// Why a custodian does not do what it is asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// What was asked cannot be read.
    #[error("{what} cannot be read; {form}")]
    Malformed {
        /// Which part.
        what: &'static str,
        /// What it should be.
        form: &'static str,
    },
    /// There is no permit.
    #[error("a deposit needs a permit in the header x-ashlar-permit; sign one with a writer's key")]
    NoPermit,
    /// The permit's signature is no signature.
    #[error("the permit's signature cannot be read: {0}")]
    Signature(SignatureError),
    /// Somebody else signed the permit, or it was for another batch, body or custodian.
    #[error("{} is no writer here; the permit is by somebody else or for another batch or custodian", hex(&.0.0))]
    Stranger(Address),
    /// The permit is of another time.
    #[error(
        "the permit ends at {not_after_ms} ms and here it is {now_ms}; it must end within ten minutes; check both clocks"
    )]
    Time {
        /// When it ends.
        not_after_ms: u64,
        /// The custodian's clock.
        now_ms: u64,
    },
    /// The body is not the one that was signed for.
    #[error("the body is not the one that the permit was signed for; send it again")]
    OtherBody,
    /// It keeps batches of another exchange.
    #[error("it keeps batches of exchange {}, not of {}", hex(&.keeps.0), hex(&.got.0))]
    OtherExchange {
        /// Of which.
        keeps: ExchangeId,
        /// Which was named.
        got: ExchangeId,
    },
    /// The message is longer than any may be.
    #[error("{got} bytes or more; at most {max} are read")]
    TooLong {
        /// The limit.
        max: usize,
        /// What was said or sent.
        got: u64,
    },
    /// The body is no deposit.
    #[error("the body is no deposit: {0}")]
    Deposit(DecodeError),
    /// The body was packed in a way that is not accepted.
    #[error("the body cannot be unpacked: {0}")]
    Packed(String),
    /// Something in it is not under the commitment, or not coded from the data.
    #[error("the deposit is not what its commitment stands for: {0}")]
    Coding(CodingError),
    /// A row is there twice.
    #[error("row {} is in the deposit twice", .0.get())]
    Twice(Row),
    /// Rows of its own place are not there.
    #[error("row {} is of this custodian's place and not in the deposit; {missing} are missing", .first.get())]
    Lacking {
        /// The first.
        first: Row,
        /// How many.
        missing: usize,
    },
    /// It would be forgotten at once.
    #[error("batch {} is older than what is kept here, which begins with {}", .got.get(), .oldest.get())]
    TooOld {
        /// The batch.
        got: BatchNumber,
        /// The oldest that is kept.
        oldest: BatchNumber,
    },
    /// There is no room.
    #[error("{used} of {max} bytes are used; prune, or raise the limit")]
    Full {
        /// Bytes that are used.
        used: u64,
        /// The limit.
        max: u64,
    },
    /// Too many at once, or too much in too short a time.
    #[error("too much in too short a time; try again in {retry_ms} ms")]
    Busy {
        /// When to try again.
        retry_ms: u64,
    },
    /// The disk did not do it, or it is not there.
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// The code of what a crash has torn: the custodian answers well, and only this batch is lost there.
pub(crate) const DAMAGED: &str = "damaged";

/// Bytes as people read them.
pub(crate) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex(bytes: &[u8]) -> String {
    format!("0x{}", hex_of(bytes))
}

impl Refusal {
    /// Its name for programs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::NoPermit | Self::Signature(_) => "no_permit",
            Self::Stranger(_) => "stranger",
            Self::Time { .. } => "permit_time",
            Self::OtherBody => "other_body",
            Self::OtherExchange { .. } => "other_exchange",
            Self::TooLong { .. } => "too_long",
            Self::Deposit(_) | Self::Packed(_) => "no_deposit",
            Self::Coding(_) | Self::Twice(_) => "not_the_batch",
            Self::Lacking { .. } => "lacking",
            Self::TooOld { .. } => "too_old",
            Self::Full { .. } => "full",
            Self::Busy { .. } => "busy",
            Self::Store(StoreError::Absent(_) | StoreError::AbsentSection(_)) => "absent",
            Self::Store(StoreError::Damaged(_)) => DAMAGED,
            Self::Store(_) => "broken",
        }
    }

    /// Its status in HTTP.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::Deposit(_) | Self::Packed(_) | Self::OtherBody => 400,
            Self::NoPermit | Self::Signature(_) => 401,
            Self::Stranger(_) | Self::Time { .. } => 403,
            Self::Store(StoreError::Absent(_) | StoreError::AbsentSection(_)) => 404,
            Self::OtherExchange { .. } => 409,
            Self::TooOld { .. } => 410,
            Self::TooLong { .. } => 413,
            Self::Coding(_) | Self::Twice(_) | Self::Lacking { .. } => 422,
            Self::Busy { .. } => 429,
            Self::Full { .. } => 507,
            Self::Store(_) => 500,
        }
    }
}
