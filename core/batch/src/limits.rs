//! Every bound of batches and of the trees over them, with their relations checked at compile time.

use ashlar_types::limits::MESSAGE_BYTES_MAX;

/// Commands in one batch, and so leaves of its receipts tree.
pub const COMMANDS_MAX: usize = 1 << 17;
/// Inputs in one batch: each is at least one command.
pub const INPUTS_MAX: usize = COMMANDS_MAX;
/// Quotes in all mass quotes of one batch, so that a few bits never unfold into more memory than the commands may take.
pub const QUOTES_MAX: usize = COMMANDS_MAX;
/// Distinct combinations of a command's flags in one batch; there are fewer that are well formed.
pub const SHAPES_MAX: usize = 1 << 15;
/// Bytes of one batch.
pub const BATCH_BYTES_MAX: usize = ROWS_MAX * ROW_BYTES_MAX;

/// The shortest row.
pub const ROW_BYTES_MIN: usize = 256;
/// The longest row.
pub const ROW_BYTES_MAX: usize = 1 << 15;
/// Rows of one batch: enough that one of them is a small sample, few enough that their nodes cost little.
pub const ROWS_MAX: usize = 256;

/// Levels of nodes above the leaves of any tree here, coded data included.
pub const HEIGHT_MAX: usize = 20;
/// How many times the coded data may be as long as the data, as a power of two: one sibling each (B-24).
pub const CODED_LEVELS_MAX: usize = 3;
/// Withdrawals of one batch: a cancel and a payment for every command would still fit.
pub const WITHDRAWALS_MAX: usize = COMMANDS_MAX;
/// Batches under one proof.
pub const JOINED_MAX: u64 = 1 << 32;

const _: () = {
    assert!(ROW_BYTES_MIN.is_power_of_two() && ROW_BYTES_MAX.is_power_of_two() && ROWS_MAX.is_power_of_two());
    assert!(BATCH_BYTES_MAX < 1 << 24, "the length of a column is three bytes");
    assert!(MESSAGE_BYTES_MAX < BATCH_BYTES_MAX, "any one message fits a batch");
    assert!(COMMANDS_MAX <= 1 << HEIGHT_MAX && WITHDRAWALS_MAX <= 1 << HEIGHT_MAX);
    assert!(ROWS_MAX << CODED_LEVELS_MAX <= 1 << HEIGHT_MAX);
    assert!(SHAPES_MAX <= u16::MAX as usize, "the count of shapes is two bytes");
    assert!(INPUTS_MAX >= SHAPES_MAX, "a count of anything in a batch is at most this");
};
