//! Every bound of the monitor.

/// Batches that are kept, the newest.
pub const BATCHES_MAX: u64 = 64;
/// Messages of either direction that are kept, the newest.
pub const MESSAGES_MAX: u64 = 64;
/// Inbox entries that are looked for beyond the last one consumed.
pub const INBOX_AHEAD_MAX: u64 = 8;
/// Trades of the market shown.
pub const TRADES_MAX: usize = 200;
/// Lines of an account's history.
pub const HISTORY_MAX: usize = 100;
/// Lines of the log that are asked for.
pub const LOG_LINES_MAX: usize = 200;
/// Metrics that are kept.
pub const METRICS_MAX: usize = 512;
/// Characters of a filter or of an account's name.
pub const TYPED_MAX: usize = 66;
/// News that wait for the next picture.
pub const NEWS_MAX: usize = 4_096;

/// Between two looks at the node.
pub const POLL_MS: u64 = 1_000;
/// After which a look asks for no more batches and messages.
pub const LOOK_MS_MAX: u64 = 2_000;
/// How long one answer may take.
pub const ANSWER_MS_MAX: u64 = 5_000;
/// Between two pictures.
pub const DRAW_MS: u64 = 50;
/// Before a node that is gone is looked for again: first, and doubling up to the most.
pub const RETRY_MS: u64 = 500;
/// The most.
pub const RETRY_MS_MAX: u64 = 5_000;

const _: () = assert!(RETRY_MS <= RETRY_MS_MAX && DRAW_MS < POLL_MS);
