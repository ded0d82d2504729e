//! Every bound of proving, with their relations checked at compile time.

use ashlar_prover_wire::limits::{HEARTBEAT_MS, PROOF_BYTES_MAX};

/// How long a worker may be silent before its lease ends.
pub const LEASE_MS: u64 = 5 * HEARTBEAT_MS;
/// After a start, how long workers have to come back and say what they are still proving.
pub const RETURN_MS: u64 = 2 * LEASE_MS;
/// The longest that one attempt may take, whatever its worker says.
pub const ATTEMPT_MS_MAX: u64 = 2 * 60 * 60 * 1_000;
/// An attempt may take so many times what was expected of it, and at least a lease.
pub const ATTEMPT_FACTOR: u64 = 8;
/// Attempts by one kind of proof before another kind is tried.
pub const ATTEMPTS_MAX: u32 = 3;
/// The pause after a first failure; each further one doubles it.
pub const RETRY_MS: u64 = 500;
/// The longest pause, also before everything that was given up is tried anew.
pub const RETRY_MS_MAX: u64 = 60_000;
/// How long a worker that submitted a bad proof is not asked; each further one doubles it.
pub const QUARANTINE_MS: u64 = 10 * 60 * 1_000;
/// Bad proofs after which a worker is not asked again.
pub const BAD_PROOFS_MAX: u32 = 3;
/// Jobs that are not proven yet. Beyond that the batcher is refused.
pub const JOBS_MAX: usize = 1 << 14;
/// Connected workers.
pub const WORKERS_MAX: usize = 256;
/// Connections of which nobody knows yet whose they are.
pub const GREETINGS_MAX: usize = 32;
/// How long a greeting may take.
pub const GREETING_MS: u64 = 5_000;
/// Bytes that are read at once, so that memory grows with what arrives and not with what is announced.
pub const READ_BYTES: usize = 1 << 16;
/// Events that wait for the coordinator; whoever has another one waits.
pub const EVENTS_MAX: usize = 1 << 10;
/// Frames that wait for one worker. A worker that reads none of them is gone.
pub const FRAMES_MAX: usize = 16;
/// Time between two looks of the coordinator at what is due.
pub const TICK_MS: u64 = 1_000;
/// Proofs that signers are asked about at once.
pub const ATTESTATIONS_MAX: usize = 16;
/// Questions that a signer elsewhere owes answers to; it is asked nothing more until it has given one.
pub const QUESTIONS_MAX: usize = 32;
/// Letters of a worker's name.
pub const WORKER_NAME_BYTES_MAX: usize = 64;
/// Bytes of a file of a proof.
pub const FILE_BYTES_MAX: usize = PROOF_BYTES_MAX + (1 << 12);

const _: () = {
    assert!(LEASE_MS >= 2 * HEARTBEAT_MS, "one late heartbeat costs nothing");
    assert!(RETURN_MS >= LEASE_MS && RETRY_MS < RETRY_MS_MAX);
    assert!(ATTEMPTS_MAX < 32 && BAD_PROOFS_MAX < 32, "doubling does not overflow");
    assert!(ATTESTATIONS_MAX <= QUESTIONS_MAX, "a signer that is waited for is never asked too much");
};
