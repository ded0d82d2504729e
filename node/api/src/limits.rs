//! Every bound of the public door.

/// Blocks of executed lines that wait for a reader before it has lost its place.
pub const FEED_BLOCKS_MAX: usize = 1_024;
/// Bytes of the body of one request.
pub const BODY_BYTES_MAX: usize = 1 << 18;
/// Bytes of an error's sentence, however long what it is about.
pub const SENTENCE_BYTES_MAX: usize = 1_024;
/// Accounts of one owner that are listed.
pub const OWNER_ACCOUNTS_MAX: usize = 1_024;

/// Levels of each side of a book that are shown.
pub const BOOK_LEVELS_MAX: usize = 500;
/// Levels of each side that a book's checksum covers.
pub const CHECKSUM_LEVELS: usize = 25;
/// Trades of a market that are kept.
pub const TRADES_MAX: usize = 1_000;
/// Candles of each interval of a market that are kept; a day of minutes among them.
pub const CANDLES_MAX: usize = 1_500;
/// Entries of all histories together.
pub const HISTORY_MAX: usize = 1 << 18;
/// Entries of one account's history.
pub const ACCOUNT_HISTORY_MAX: usize = 1_000;
/// News for listeners that wait for the next turn.
pub const NEWS_MAX: usize = 1 << 16;
/// Open orders that one answer lists.
pub const OPEN_ORDERS_MAX: usize = ashlar_types::limits::ACCOUNT_ORDERS_MAX as usize;

/// Between two looks at what changed: 100 looks a second.
pub const FLUSH_MS: u64 = 10;
/// Before a server that lost the exchange looks for it again.
pub const REOPEN_MS: u64 = 200;

/// Connections that are served at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Connections of one address.
pub const CONNECTIONS_PER_IP_MAX: usize = 64;
/// Addresses whose allowance is remembered.
pub const ADDRESSES_MAX: usize = 1 << 16;
/// What one listener may be behind before it is let go.
pub const LISTENER_QUEUE_MAX: usize = 1_024;
/// Channels of one connection.
pub const SUBSCRIPTIONS_MAX: usize = 256;
/// Messages of one connection that wait for their answers.
pub const INFLIGHT_MAX: usize = 1_024;
/// Bytes of one WebSocket message from a client.
pub const SOCKET_BYTES_MAX: usize = BODY_BYTES_MAX;
/// How long a client may take to say what it wants: the head of a request.
pub const HEAD_MS_MAX: u64 = 10_000;
/// How long a send to a client may take.
pub const SEND_MS_MAX: u64 = 5_000;
/// How long a connection may take nothing of what it is being sent.
pub const STALL_MS_MAX: u64 = 2 * SEND_MS_MAX;
/// How long a connection may say nothing, not even a pong.
pub const SILENCE_MS_MAX: u64 = 60_000;
/// Between two pings to a client that says nothing.
pub const PING_MS: u64 = 20_000;
/// Answers of megabytes that are in memory at once.
pub const LARGE_ANSWERS_MAX: usize = 3;
/// How many of them one address has, so that it never has all.
pub const LARGE_PER_IP_MAX: usize = 2;
/// How long such an answer may take before its bytes count.
pub const LARGE_MS_MAX: u64 = 10_000;
/// Bytes of it that whoever asked has to take in each second after that.
pub const LARGE_PACE_MIN: u64 = 256 << 10;
/// When whoever was turned away for that may ask again.
pub const LARGE_RETRY_MS: u32 = 500;
/// How long the answer about a batch waits for what its transactions cost.
pub const COST_MS_MAX: u64 = 250;
/// Such questions that wait for their answer at once, whether or not somebody still waits for it.
pub const COSTS_ASKED_MAX: usize = 32;
/// Between two looks at how far everything has come, while someone listens.
pub const TIP_MS: u64 = 200;
/// How long a request may take until its answer is known, its body included.
pub const REQUEST_MS_MAX: u64 = 15_000;

const _: () = {
    assert!(CANDLES_MAX >= 1_440, "a day of minutes is kept");
    assert!(CHECKSUM_LEVELS <= BOOK_LEVELS_MAX);
    assert!(2 * ashlar_types::limits::MESSAGE_BYTES_MAX + 4_096 <= BODY_BYTES_MAX, "the longest message fits as hex");
    assert!(PING_MS * 2 <= SILENCE_MS_MAX);
    assert!(LARGE_PER_IP_MAX < LARGE_ANSWERS_MAX);
    assert!(SEND_MS_MAX < STALL_MS_MAX, "a send is given up before its connection, so that it can be said why");
};

/// Bytes of the payload of a gateway frame: the longest message with the longest signature, and some.
pub const FRAME_BYTES_MAX: usize = ashlar_types::limits::MESSAGE_BYTES_MAX + 128;
/// Bytes of an answer's payload that a client of the gateway takes.
pub const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Lines of the log that the admin server keeps at hand, and bytes of one.
pub const LOG_LINES_MAX: usize = 2_000;
/// See there.
pub const LOG_LINE_MAX: usize = 1_000;
/// Acts that the admin server shows.
pub const AUDIT_MAX: usize = 1_000;
