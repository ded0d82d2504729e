//! Frames: four letters, the version, two zeros, a length, a payload.

use crate::error::WireError;
use crate::limits::{FRAME_BYTES_MAX, PROTOCOL_VERSION};

/// Bytes before a payload.
pub const HEADER_BYTES: usize = 12;

const MAGIC: [u8; 4] = *b"ashp";

/// What stands before a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameHeader {
    /// Bytes that follow.
    pub length: usize,
}

impl FrameHeader {
    /// Reads a header whose payload may have so many bytes, which is to be decided before any of them are read.
    pub fn read(bytes: &[u8; HEADER_BYTES], max: usize) -> Result<FrameHeader, WireError> {
        let [a, b, c, d, version, version_high, zero, zero_high, length @ ..] = *bytes;
        let magic = [a, b, c, d];
        if magic != MAGIC {
            return Err(WireError::Magic { got: magic });
        }
        let got = u16::from_le_bytes([version, version_high]);
        if got != PROTOCOL_VERSION {
            return Err(WireError::Version { expected: PROTOCOL_VERSION, got });
        }
        let reserved = u16::from_le_bytes([zero, zero_high]);
        if reserved != 0 {
            return Err(WireError::Unknown { what: "kind of frame", got: reserved.into() });
        }
        let max = max.min(FRAME_BYTES_MAX);
        let length = u32::from_le_bytes(length) as usize;
        if length > max {
            Err(WireError::TooLong { what: "a frame", max, got: length })
        } else {
            Ok(FrameHeader { length })
        }
    }

    /// The bytes of a header. A length that no frame may have is refused before, by whoever seals one.
    pub(crate) fn write(length: usize) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let (magic, rest) = bytes.split_at_mut(4);
        magic.copy_from_slice(&MAGIC);
        let (version, length_at) = rest.split_at_mut(4);
        version[..2].copy_from_slice(&PROTOCOL_VERSION.to_le_bytes());
        length_at.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        bytes
    }
}
