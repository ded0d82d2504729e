//! Every bound of coded data, with their relations checked at compile time.

use ashlar_batch::limits::{CODED_LEVELS_MAX, HEIGHT_MAX, ROW_BYTES_MAX, ROW_BYTES_MIN, ROWS_MAX};

/// Data rows of one code: the rows of a batch.
pub const DATA_ROWS_MAX: usize = ROWS_MAX;
/// Doublings of the data by the code. One sibling less than a commitment may have: the last is the manifest's.
pub const EXPANSION_LEVELS_MAX: usize = CODED_LEVELS_MAX - 1;
/// Places of a code's tree, absent rows included.
pub const PLACES_MAX: usize = DATA_ROWS_MAX << EXPANSION_LEVELS_MAX;
/// Bytes of a block of a row: 32 low bytes and then the 32 high bytes of as many symbols.
pub const BLOCK_BYTES: usize = 64;
/// Symbols of the longest row.
pub const SYMBOLS_MAX: usize = ROW_BYTES_MAX / 2;
/// Elements of the field of symbols.
pub const FIELD_ORDER: usize = 1 << 16;

const _: () = {
    assert!(ROW_BYTES_MIN.is_multiple_of(BLOCK_BYTES), "rows are whole blocks");
    assert!(PLACES_MAX <= FIELD_ORDER, "every place is a point of its own");
    assert!(PLACES_MAX.ilog2() < HEIGHT_MAX as u32, "the manifest's level is one more");
};
