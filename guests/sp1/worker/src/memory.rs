//! How much memory there is, and how much a job took.

use std::fs;

const GIB: u64 = 1 << 30;

/// What was proven in how much memory (docs/benchmarks.md), with a quarter to spare: bytes that a machine must have, and cycles.
const PROVEN: [(u64, u64); 2] = [(22 * GIB, 3_000_000), (14 * GIB, 900_000)];

/// Cycles beyond which a job is refused on this machine.
pub fn cycles_max() -> u64 {
    let total = total_bytes();
    match PROVEN.into_iter().find(|(bytes, _)| total >= *bytes) {
        Some((_, cycles)) => cycles,
        // Whoever has less must say how much to try.
        None => 0,
    }
}

/// Bytes of memory of this machine; 0 if it cannot be known.
pub fn total_bytes() -> u64 {
    kibibytes("/proc/meminfo", "MemTotal:") << 10
}

/// Whether there is too little to prove several shards at once.
pub fn is_scarce() -> bool {
    total_bytes() < 60 * GIB
}

/// Forgets the peak so far.
pub fn reset_peak() {
    // Where this is not allowed the peak is that of the whole process, which is no less.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most bytes held since then.
pub fn peak_bytes() -> u64 {
    kibibytes("/proc/self/status", "VmHWM:") << 10
}

fn kibibytes(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
