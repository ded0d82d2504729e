//! The one encoding of everything the exchange keeps, hashes or sends (docs/spec/encoding.md).
//!
//! 1. One value has one string of bytes: `decode(b)` succeeds only if `encode` of its value is `b` again (E-1).
//! 2. A decoder checks ranges and shapes, never meaning: what is encoded well and asks for nonsense is refused by a
//!    receipt (E-2).
//! 3. A decoder neither panics nor reads past the end, and allocates no more than the bounds of [`crate::limits`] (E-3).
//! 4. Bytes are read to the last one: what is left over is an error (E-4).

mod commands;
mod error;
mod hash;
mod layout;
mod numbers;
mod orders;
mod params;
mod reader;
mod receipts;
mod record;
mod writer;

pub use error::DecodeError;
pub use hash::Sha256Prefix;
pub use reader::Reader;
pub use record::{Record, from_record, to_record};
pub use writer::Writer;

use alloc::vec::Vec;

/// A value with an encoding.
///
/// Encoding is total. A list that is empty or longer than its limit, which no decoder ever returns, is written so that
/// every decoder refuses it.
pub trait Encode {
    /// Appends the value's bytes.
    fn encode(&self, writer: &mut Writer);
}

/// A value that can be read back.
pub trait Decode: Sized {
    /// No value takes more bytes than this.
    const BYTES_MAX: usize;

    /// Reads one value and leaves the reader behind it.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// The bytes of a value, without a version: for a place whose container carries one.
pub fn to_bytes<T: Encode>(value: &T) -> Vec<u8> {
    let mut writer = Writer::new();
    value.encode(&mut writer);
    writer.into_bytes()
}

/// The value that these bytes, all of them, encode.
pub fn from_bytes<T: Decode>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > T::BYTES_MAX {
        return Err(DecodeError::TooLong { max: T::BYTES_MAX, got: bytes.len() });
    }
    let mut reader = Reader::new(bytes);
    let value = T::decode(&mut reader)?;
    reader.finish()?;
    Ok(value)
}
