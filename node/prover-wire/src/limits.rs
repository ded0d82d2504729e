//! Every bound of what is said, with their relations checked at compile time.

/// The version of everything here. Both sides must have the same.
pub const PROTOCOL_VERSION: u16 = 1;

/// Payload of a frame before the other side has shown that it knows the token.
pub const GREETING_BYTES_MAX: usize = 1 << 10;
/// Payload of any frame.
pub const FRAME_BYTES_MAX: usize = 1 << 28;

/// Batches in one job.
pub const BATCHES_MAX: usize = 64;
/// Bytes of one section of one batch's evidence.
pub const SECTION_BYTES_MAX: usize = 1 << 26;
/// Bytes of all evidence of one job.
pub const EVIDENCE_BYTES_MAX: usize = FRAME_BYTES_MAX - (1 << 12);
/// Bytes of one proof.
pub const PROOF_BYTES_MAX: usize = 1 << 26;
/// Bytes of public values.
pub const PUBLIC_VALUES_BYTES_MAX: usize = 1 << 10;

/// Letters of a backend's name.
pub const NAME_BYTES_MAX: usize = 16;
/// Bytes of a sentence to a person.
pub const TEXT_BYTES_MAX: usize = 1 << 10;
/// Kinds of proof that a backend makes.
pub const KINDS_MAX: usize = 16;
/// Parts into which a profile divides an execution.
pub const PARTS_MAX: usize = 64;

/// Milliseconds between two signs of life of a worker.
pub const HEARTBEAT_MS: u64 = 2_000;
/// How long whoever has started a worker for itself bears its silence. It may run on what others leave of the processors.
pub const SILENCE_MS: u64 = 60_000;
/// Milliseconds before a lost connection is made anew.
pub const RECONNECT_MS: u64 = 500;
/// How long a worker that has nothing to do looks for a coordinator that is gone.
pub const PATIENCE_IDLE_MS: u64 = 60_000;
/// How long one does that has a job or its answer.
pub const PATIENCE_BUSY_MS: u64 = 15 * 60_000;

const _: () = {
    assert!(GREETING_BYTES_MAX < FRAME_BYTES_MAX && FRAME_BYTES_MAX <= u32::MAX as usize);
    assert!(SECTION_BYTES_MAX < EVIDENCE_BYTES_MAX && EVIDENCE_BYTES_MAX < FRAME_BYTES_MAX);
    assert!(PROOF_BYTES_MAX + PUBLIC_VALUES_BYTES_MAX + PARTS_MAX * TEXT_BYTES_MAX < FRAME_BYTES_MAX);
    assert!(HEARTBEAT_MS * 10 < SILENCE_MS, "a sign of life that is late is none that is missing");
    assert!(2 * NAME_BYTES_MAX + KINDS_MAX + 128 < GREETING_BYTES_MAX, "a greeting fits");
};
