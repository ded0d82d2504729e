//! Every bound of publishing and fetching, with their relations checked at compile time.

use ashlar_batch::SIGNATURE_BYTES;
use ashlar_batch::limits::INPUTS_MAX;
use ashlar_coding::limits::{DATA_ROWS_MAX, EXPANSION_LEVELS_MAX};
use ashlar_coding::{Chunk, Manifest};
use ashlar_types::Decode;

/// Stores that one node publishes to or fetches from.
pub const STORES_MAX: usize = 32;
/// Stores that are asked for one batch at once.
pub const FETCHES_AT_ONCE: usize = 4;
/// Rows of one batch.
pub const ROWS_MAX: usize = DATA_ROWS_MAX << EXPANSION_LEVELS_MAX;
/// Bytes of the longest share: every row of the longest batch.
pub const SHARE_BYTES_MAX: usize = 1 + Manifest::BYTES_MAX + 2 + ROWS_MAX * Chunk::BYTES_MAX;
/// Bytes of the longest section of signatures.
pub const SECTION_BYTES_MAX: usize = INPUTS_MAX * SIGNATURE_BYTES;
/// Bytes of the longest deposit.
pub const DEPOSIT_BYTES_MAX: usize = 1 + SHARE_BYTES_MAX + 4 + SECTION_BYTES_MAX;
/// Names of each kind that one answer lists.
pub const LISTED_MAX: usize = 4_096;

/// Connections that a custodian serves at once.
pub const CONNECTIONS_MAX: usize = 512;
/// Connections of one address.
pub const CONNECTIONS_PER_IP_MAX: usize = 64;
/// Deposits that a custodian reads at once, each in memory.
pub const DEPOSITS_AT_ONCE: usize = 4;
/// Addresses and writers whose allowance is remembered.
pub const ALLOWANCES_MAX: usize = 1 << 16;
/// Writers that a custodian lets in.
pub const WRITERS_MAX: usize = 64;
/// Bytes of what a custodian says about itself, of a refusal and of a receipt.
pub const WORDS_BYTES_MAX: usize = 64 << 10;
/// Bytes of the longest list of names.
pub const LIST_BYTES_MAX: usize = 64 + 2 * LISTED_MAX * 80;
/// How far in the future a permit may end.
pub const PERMIT_MS_MAX: u64 = 10 * 60 * 1_000;
/// How long a client may take to say what it wants.
pub const HEADER_MS_MAX: u64 = 10_000;
/// How long a request may take until its answer is known, its body included.
pub const REQUEST_MS_MAX: u64 = 60_000;
/// How long a connection may take nothing of what it is being sent.
pub const STALL_MS_MAX: u64 = 10_000;

/// Batches of one segment of an archive.
pub const SEGMENT_BATCHES_MAX: usize = 4_096;
/// Bytes of one segment of an archive.
pub const SEGMENT_BYTES_MAX: u64 = 1 << 32;

const _: () = {
    assert!(ROWS_MAX <= u16::MAX as usize, "a count of rows is two bytes");
    assert!(SHARE_BYTES_MAX < 1 << 26);
    assert!(DEPOSIT_BYTES_MAX < 1 << 26);
};
