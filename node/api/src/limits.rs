//! Every bound of the public door.

/// Blocks of executed lines that wait for a reader before it has lost its place.
pub const FEED_BLOCKS_MAX: usize = 1_024;
/// Bytes of the body of one request.
pub const BODY_BYTES_MAX: usize = 1 << 18;
/// Accounts of one owner that are listed.
pub const OWNER_ACCOUNTS_MAX: usize = 1_024;
