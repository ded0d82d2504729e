//! A run of consecutive batches as one file: each batch packed alone, so that one is read without the others.

use ashlar_batch::limits::BATCH_BYTES_MAX;
use ashlar_types::{DecodeError, Reader, Writer};

use crate::limits::{SECTION_BYTES_MAX, SEGMENT_BATCHES_MAX};
use crate::pack::{Effort, PackError, pack, unpack};

/// The version of the form.
const VERSION: u8 = 1;

/// A batch's bytes and signatures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    /// The bytes whose root is the data root.
    pub bytes: Vec<u8>,
    /// The signatures, one after the other.
    pub signatures: Vec<u8>,
}

/// Why a segment does not have a batch that it should have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SegmentError {
    /// It cannot be read.
    #[error("the segment cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// What was packed does not come back.
    #[error("a batch in the segment cannot be unpacked: {0}")]
    Pack(#[from] PackError),
    /// There is no such place in it.
    #[error("the segment has {count} batches and not number {at}")]
    Absent {
        /// How many it has.
        count: usize,
        /// Which was asked for.
        at: usize,
    },
}

/// Puts batches into a segment.
pub fn seal(contents: &[Content]) -> Vec<u8> {
    let packed: Vec<Vec<u8>> = contents.iter().map(|content| pack(&content.bytes, Effort::Archive)).collect();
    let mut writer = Writer::new();
    writer.u8(VERSION);
    writer.u16(contents.len() as u16);
    for (content, packed) in contents.iter().zip(&packed) {
        writer.u32(packed.len() as u32);
        writer.u32(content.signatures.len() as u32);
    }
    for (content, packed) in contents.iter().zip(&packed) {
        writer.bytes(packed);
        writer.bytes(&content.signatures);
    }
    writer.into_bytes()
}

/// One batch of a segment.
pub fn open(segment: &[u8], at: usize) -> Result<Content, SegmentError> {
    let mut reader = Reader::new(segment);
    let got = reader.u8()?;
    if got != VERSION {
        return Err(DecodeError::UnknownTag { what: "segment version", got, offset: 0 }.into());
    }
    let offset = reader.offset();
    let count = usize::from(reader.u16()?);
    if count > SEGMENT_BATCHES_MAX {
        return Err(DecodeError::TooMany { what: "batches", max: SEGMENT_BATCHES_MAX, got: count, offset }.into());
    }
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        lengths.push((reader.u32()? as usize, reader.u32()? as usize));
    }
    let (packed_length, signatures_length) = *lengths.get(at).ok_or(SegmentError::Absent { count, at })?;
    for (packed, signatures) in lengths.iter().take(at) {
        reader.slice(*packed)?;
        reader.slice(*signatures)?;
    }
    if signatures_length > SECTION_BYTES_MAX {
        let (max, got) = (SECTION_BYTES_MAX, signatures_length);
        return Err(DecodeError::TooMany { what: "bytes of signatures", max, got, offset: reader.offset() }.into());
    }
    let bytes = unpack(reader.slice(packed_length)?, BATCH_BYTES_MAX)?;
    Ok(Content { bytes, signatures: reader.slice(signatures_length)?.to_vec() })
}
