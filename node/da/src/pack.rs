//! Bytes packed for archives and for the way (docs/spec/da.md, D-15 on).
//!
//! 1. What is packed says its version, its method and its length; who unpacks says how long it may be at most, and no more than that is
//!    ever written, whatever the bytes claim.
//! 2. Bytes that packing would not shorten are kept as they are.
//! 3. What was packed comes back byte by byte. Nothing of this is in a proof: data roots are over bytes that are not packed.

use ashlar_types::{Reader, Writer};
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::compress_bound;

/// The version of the form.
const VERSION: u8 = 1;
/// Bytes before the content: version, method, length.
const HEAD: usize = 1 + 1 + 4;
/// As they are.
const PLAIN: u8 = 0;
/// A frame of zstd.
const ZSTD: u8 = 1;

/// How hard to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effort {
    /// For what is sent once.
    Way,
    /// For what is kept for years.
    Archive,
}

impl Effort {
    const fn level(self) -> i32 {
        match self {
            Self::Way => 1,
            Self::Archive => 19,
        }
    }
}

/// Why packed bytes are refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PackError {
    /// They are not packed by any version known here.
    #[error("they are of version {got}, and this program knows {VERSION}; use a newer one")]
    Version {
        /// What they say.
        got: u8,
    },
    /// They are packed by a method that is not known here.
    #[error("they are packed by method {got}, which this program does not know; use a newer one")]
    Method {
        /// What they say.
        got: u8,
    },
    /// They say that they are longer than they may be.
    #[error("they unfold into {got} bytes; at most {max} are allowed")]
    TooLong {
        /// The limit.
        max: usize,
        /// What they say.
        got: usize,
    },
    /// They unfold into another length than they say.
    #[error("they unfold into {got} bytes and say {expected}")]
    Length {
        /// What they say.
        expected: usize,
        /// What there is.
        got: usize,
    },
    /// They are cut or damaged.
    #[error("they are damaged: {0}")]
    Damaged(String),
}

/// Packs bytes.
pub fn pack(bytes: &[u8], effort: Effort) -> Vec<u8> {
    let squeezed = squeeze(bytes, effort);
    let (method, content) = match &squeezed {
        Some(squeezed) if squeezed.len() < bytes.len() => (ZSTD, squeezed.as_slice()),
        _ => (PLAIN, bytes),
    };
    let mut writer = Writer::new();
    writer.u8(VERSION);
    writer.u8(method);
    writer.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    writer.bytes(content);
    writer.into_bytes()
}

fn squeeze(bytes: &[u8], effort: Effort) -> Option<Vec<u8>> {
    let mut compressor = Compressor::new(effort.level()).ok()?;
    let mut out = Vec::with_capacity(compress_bound(bytes.len()));
    compressor.compress_to_buffer(bytes, &mut out).ok()?;
    Some(out)
}

/// Unpacks bytes that may be so many at most.
pub fn unpack(packed: &[u8], max: usize) -> Result<Vec<u8>, PackError> {
    let damaged = |error: ashlar_types::DecodeError| PackError::Damaged(error.to_string());
    let mut reader = Reader::new(packed);
    let version = reader.u8().map_err(damaged)?;
    if version != VERSION {
        return Err(PackError::Version { got: version });
    }
    let method = reader.u8().map_err(damaged)?;
    let expected = reader.u32().map_err(damaged)? as usize;
    if expected > max {
        return Err(PackError::TooLong { max, got: expected });
    }
    let content = packed.get(HEAD..).unwrap_or_default();
    let bytes = match method {
        PLAIN => content.to_vec(),
        ZSTD => unfold(content, expected)?,
        got => return Err(PackError::Method { got }),
    };
    if bytes.len() == expected { Ok(bytes) } else { Err(PackError::Length { expected, got: bytes.len() }) }
}

/// Never writes more than was said: the buffer has no room for it.
fn unfold(content: &[u8], expected: usize) -> Result<Vec<u8>, PackError> {
    let damaged = |error: std::io::Error| PackError::Damaged(error.to_string());
    let mut decompressor = Decompressor::new().map_err(damaged)?;
    let mut out = Vec::with_capacity(expected);
    decompressor.decompress_to_buffer(content, &mut out).map_err(damaged)?;
    Ok(out)
}
