//! Bounds of checking and recovery.

/// Batches that one check samples at most.
pub const SAMPLES_MAX: u64 = 64;
/// Findings that one report holds; more say nothing new.
pub const FINDINGS_MAX: usize = 256;
/// Batches that are looked through for a root or a time.
pub const SEARCH_MAX: u64 = 1 << 32;
/// Batches between two checkpoints that a long recovery leaves, so that it can go on where it was stopped.
pub const RECOVERY_CHECKPOINT_BATCHES: u64 = 256;
/// Batches that are fetched, hashed and decoded before the one that is executed is done; each is at most as long as a batch may be.
pub const AHEAD_BATCHES: usize = 8;
