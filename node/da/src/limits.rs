//! Every bound of publishing and fetching, with their relations checked at compile time.

use ashlar_coding::limits::{DATA_ROWS_MAX, EXPANSION_LEVELS_MAX};
use ashlar_coding::{Chunk, Manifest};
use ashlar_types::Decode;

/// Stores that one node publishes to or fetches from.
pub const STORES_MAX: usize = 32;
/// Rows of one batch.
pub const ROWS_MAX: usize = DATA_ROWS_MAX << EXPANSION_LEVELS_MAX;
/// Bytes of the longest share: every row of the longest batch.
pub const SHARE_BYTES_MAX: usize = 1 + Manifest::BYTES_MAX + 2 + ROWS_MAX * Chunk::BYTES_MAX;

const _: () = {
    assert!(ROWS_MAX <= u16::MAX as usize, "a count of rows is two bytes");
    assert!(SHARE_BYTES_MAX < 1 << 26);
};
