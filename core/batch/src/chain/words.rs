//! Fixed-width words as `abi.encode` lays them out.

use ashlar_types::{DecodeError, Reader, Writer};

use crate::merkle::Digest;

/// A number, right-aligned and big-endian.
pub(super) fn put_number(writer: &mut Writer, number: u64) {
    writer.bytes(&[0; 24]);
    writer.bytes(&number.to_be_bytes());
}

/// A number no larger than `max`.
pub(super) fn take_number(reader: &mut Reader<'_>, what: &'static str, max: u64) -> Result<u64, DecodeError> {
    let offset = reader.offset();
    for _ in 0..3 {
        match u64::from_be_bytes(reader.array()?) {
            0 => {}
            got => return Err(DecodeError::OutOfRange { what, got, offset }),
        }
    }
    match u64::from_be_bytes(reader.array()?) {
        got if got <= max => Ok(got),
        got => Err(DecodeError::OutOfRange { what, got, offset }),
    }
}

/// A digest, left-aligned: 27 bytes, then zeros.
pub(super) fn take_digest(reader: &mut Reader<'_>, what: &'static str) -> Result<Digest, DecodeError> {
    let offset = reader.offset();
    let word: [u8; 32] = reader.array()?;
    let filling = word.iter().skip(Digest::BYTES).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    Digest::from_word(&word).ok_or(DecodeError::OutOfRange { what, got: filling, offset })
}
