//! Records that stand alone, in a file or on a wire, say which version they are; what stands in a batch, a journal
//! block or a tree does not, because its container does (E-9).

use alloc::vec::Vec;

use super::{Decode, DecodeError, Encode, Reader, Writer};
use crate::command::{Input, Message};
use crate::receipt::{Event, Receipt};

/// A value that may stand alone, behind one byte of version.
pub trait Record: Encode + Decode {
    /// The version written and the only one read.
    const VERSION: u8;
}

impl Record for Message {
    const VERSION: u8 = 1;
}
impl Record for Input {
    const VERSION: u8 = 1;
}
impl Record for Receipt {
    const VERSION: u8 = 1;
}
impl Record for Event {
    const VERSION: u8 = 1;
}

/// The version and the bytes of a value.
pub fn to_record<T: Record>(value: &T) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.u8(T::VERSION);
    value.encode(&mut writer);
    writer.into_bytes()
}

/// The value of a record, which must be of the version this release writes and fill all of the bytes.
pub fn from_record<T: Record>(bytes: &[u8]) -> Result<T, DecodeError> {
    if bytes.len() > 1 + T::BYTES_MAX {
        return Err(DecodeError::TooLong { max: 1 + T::BYTES_MAX, got: bytes.len() });
    }
    let mut reader = Reader::new(bytes);
    let got = reader.u8()?;
    if got != T::VERSION {
        return Err(DecodeError::UnknownVersion { expected: T::VERSION, got });
    }
    let value = T::decode(&mut reader)?;
    reader.finish()?;
    Ok(value)
}
