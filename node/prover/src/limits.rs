//! Every bound of proving, with their relations checked at compile time.

use ashlar_prover_wire::limits::HEARTBEAT_MS;

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

const _: () = {
    assert!(LEASE_MS >= 2 * HEARTBEAT_MS, "one late heartbeat costs nothing");
    assert!(RETURN_MS >= LEASE_MS && RETRY_MS < RETRY_MS_MAX);
    assert!(ATTEMPTS_MAX < 32 && BAD_PROOFS_MAX < 32, "doubling does not overflow");
};
