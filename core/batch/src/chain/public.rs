use core::fmt;

use ashlar_types::{Decode, DecodeError, Domain, Encode, ExchangeId, Reader, Writer};

use super::words::{put_number, take_number};
use super::{BatchHeader, Hash};
use crate::limits::JOINED_MAX;

/// What a proof says in public: that so many batches, each right, lead from one header to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicValues {
    /// Of all headers of the stretch; it pins the program.
    pub version: u32,
    /// Of which exchange.
    pub exchange_id: ExchangeId,
    /// The header before the first.
    pub parent_hash: Hash,
    /// The last header.
    pub last_hash: Hash,
    /// Batches of the stretch; at least one.
    pub count: u64,
}

/// Why two stretches do not make one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinError {
    /// They were proven by programs of different versions.
    Version {
        /// The first stretch's.
        expected: u32,
        /// The second's.
        got: u32,
    },
    /// They are of different exchanges.
    Exchange {
        /// The first stretch's.
        expected: [u8; 32],
        /// The second's.
        got: [u8; 32],
    },
    /// The second does not begin where the first ends.
    Gap {
        /// Where the first ends.
        expected: Hash,
        /// Where the second begins.
        got: Hash,
    },
    /// More batches than one proof speaks of, or none.
    Count {
        /// The most there can be.
        max: u64,
        /// How many these are, or the most a number holds.
        got: u64,
    },
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Version { expected, got } => {
                write!(f, "a stretch of version {got} after one of version {expected}; prove them apart")
            }
            Self::Exchange { expected, got } => write!(f, "a stretch of exchange {got:02x?}, not {expected:02x?}"),
            Self::Gap { expected, got } => {
                write!(f, "a stretch that begins at {got:?} after one that ends at {expected:?}")
            }
            Self::Count { max, got } => write!(f, "{got} batches under one proof, which speaks of 1 to {max}"),
        }
    }
}

impl core::error::Error for JoinError {}

impl PublicValues {
    /// Words of public values.
    pub const WORDS: usize = 5;

    /// Of one batch.
    pub fn of(header: &BatchHeader) -> PublicValues {
        PublicValues {
            version: header.version,
            exchange_id: header.exchange_id,
            parent_hash: header.parent_hash,
            last_hash: header.hash(),
            count: 1,
        }
    }

    /// Of this stretch and the one right after it.
    pub fn join(&self, next: &PublicValues) -> Result<PublicValues, JoinError> {
        if self.version != next.version {
            return Err(JoinError::Version { expected: self.version, got: next.version });
        }
        if self.exchange_id != next.exchange_id {
            return Err(JoinError::Exchange { expected: self.exchange_id.0, got: next.exchange_id.0 });
        }
        if self.last_hash != next.parent_hash {
            return Err(JoinError::Gap { expected: self.last_hash, got: next.parent_hash });
        }
        let count = self.count.saturating_add(next.count);
        if self.count == 0 || next.count == 0 || count > JOINED_MAX {
            return Err(JoinError::Count { max: JOINED_MAX, got: count });
        }
        Ok(PublicValues { last_hash: next.last_hash, count, ..*self })
    }

    /// `sha256(domain || abi.encode(values))`: for proof systems whose public input is one hash.
    pub fn hash(&self) -> Hash {
        Hash(Domain::PUBLIC_VALUES.hash(&[&ashlar_types::to_bytes(self)]))
    }
}

impl Encode for PublicValues {
    fn encode(&self, writer: &mut Writer) {
        put_number(writer, self.version.into());
        writer.bytes(&self.exchange_id.0);
        writer.bytes(&self.parent_hash.0);
        writer.bytes(&self.last_hash.0);
        put_number(writer, self.count);
    }
}

impl Decode for PublicValues {
    const BYTES_MAX: usize = 32 * Self::WORDS;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let version = take_number(reader, "header version", u32::MAX.into())? as u32;
        let (exchange_id, parent_hash, last_hash) = (reader.array()?, reader.array()?, reader.array()?);
        let offset = reader.offset();
        let count = take_number(reader, "count of batches", JOINED_MAX)?;
        if count == 0 {
            return Err(DecodeError::OutOfRange { what: "count of batches", got: 0, offset });
        }
        Ok(PublicValues {
            version,
            exchange_id: ExchangeId(exchange_id),
            parent_hash: Hash(parent_hash),
            last_hash: Hash(last_hash),
            count,
        })
    }
}
