//! Every bound of the L1 client, and how they relate.

/// Blocks that the follower can take back; a deeper reorg stops it.
pub const WINDOW_BLOCKS: usize = 256;
/// The least depth that a configuration may ask for: two epochs, after which L1 itself promises finality.
pub const DEPTH_MIN: usize = 64;
/// Blocks that one step of the follower fetches at most before it hands them on.
pub const STEP_BLOCKS_MAX: usize = 128;
/// Logs of one block that are read; more is an answer that no block can hold under today's gas limit.
pub const LOGS_PER_BLOCK_MAX: usize = 100_000;
/// Endpoints of one pool.
pub const ENDPOINTS_MAX: usize = 16;
/// Transactions that may be on their way at once; pools keep 16 of one sender that are sure to stay.
pub const IN_FLIGHT_MAX: usize = 16;
/// Intents that wait or are on their way.
pub const INTENTS_MAX: usize = 4_096;
/// Ended intents whose ids are kept, so that a repeated one is recognised.
pub const ENDED_MAX: usize = 65_536;
/// Transactions for one nonce, all of which are watched.
pub const ATTEMPTS_MAX: usize = 32;
/// Own tips that are remembered: several times as many as blocks that the market is judged by.
pub const OWN_TIPS_MAX: usize = 256;
/// Blobs of one transaction: what pools accept since EIP-7594.
pub const BLOBS_MAX: usize = 6;
/// Bytes of content in one blob: 31 of every field element, less the length and padding that the coder adds.
pub const BLOB_CONTENT_MAX: usize = 31 * 4_095;
/// Bytes of a transaction's calldata: what pools accept.
pub const CALLDATA_MAX: usize = 128 * 1_024 - 1_024;
/// Bytes of one frame of a durable log; what is longer is written in pieces.
pub const FRAME_BYTES_MAX: usize = 4 << 20;
/// Frames of what is appended to a durable log together.
pub const PIECES_MAX: usize = 256;
/// Bytes of a durable log beyond which it is written anew.
pub const LOG_BYTES_MAX: u64 = 6 << 20;
/// Entries of one record's audit trail; the oldest but the first go when there are more.
pub const AUDIT_MAX: usize = 128;
/// Bytes of a reason that a record keeps.
pub const REASON_BYTES_MAX: usize = 1_024;
/// Transactions of one step that its record keeps: what one nonce may take, thirty-two times.
pub const STEP_TXS_MAX: usize = 1_024;
/// Intents of one step beyond which those that have ended go.
pub const STEP_INTENTS_MAX: usize = 32;
/// Headers of one batch that L1 does not hold, and that nobody can commit as L1 is now, of which records are kept.
pub const ABANDONED_MAX: usize = 16;
/// Records that are written together.
pub const FLUSH_RECORDS_MAX: usize = 256;
/// Inbox entries that are not final yet.
pub const INBOX_PENDING_MAX: usize = 1 << 20;
/// Intents that have not ended of which one answer tells.
pub const WAITING_TOLD_MAX: usize = 100;
/// Requests that wait for the service.
pub const REQUESTS_MAX: usize = 256;
/// Events that wait for who listens.
pub const EVENTS_MAX: usize = 8_192;
/// Batches under one proof submission.
pub const PROVEN_MAX: u32 = 65_536;

const _: () = {
    assert!(DEPTH_MIN >= 64 && DEPTH_MIN < WINDOW_BLOCKS);
    assert!(STEP_BLOCKS_MAX < WINDOW_BLOCKS);
    assert!(IN_FLIGHT_MAX <= INTENTS_MAX);
    assert!(2 * (CALLDATA_MAX + BLOBS_MAX * 131_072) < FRAME_BYTES_MAX);
    assert!((FRAME_BYTES_MAX as u64) < LOG_BYTES_MAX);
    assert!(ATTEMPTS_MAX <= STEP_TXS_MAX && STEP_INTENTS_MAX < INTENTS_MAX);
    // What a record is made of, as it is written: a byte of a reason is six at most, a line of its history and a transaction with their hashes and times less
    // than 512 and 128. Its steps are the commit, the finalization and some proofs.
    assert!(FLUSH_RECORDS_MAX * record_bytes(4) < PIECES_MAX * FRAME_BYTES_MAX);
};

/// Bytes that the record of a header with so many steps may take, with all that none of its intents has ended yet.
const fn record_bytes(steps: usize) -> usize {
    let step = STEP_TXS_MAX * 128 + INTENTS_MAX * 80;
    (AUDIT_MAX + 1) * (6 * REASON_BYTES_MAX + 512) + steps * step + 4_096
}
