//! How much memory there is, and how much a job took.

use std::fs;

/// Bytes of memory of this machine; 0 if it cannot be known.
pub fn total_bytes() -> u64 {
    kibibytes("/proc/meminfo", "MemTotal:") << 10
}

/// Forgets this process's peak so far.
pub fn reset_peak() {
    // Where this is not allowed the peak is that of the whole process, which is no less.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most bytes this process held since then.
pub fn peak_bytes() -> u64 {
    kibibytes("/proc/self/status", "VmHWM:") << 10
}

/// The most bytes another process has held; 0 if it has ended.
pub fn peak_bytes_of(process: u32) -> u64 {
    kibibytes(&format!("/proc/{process}/status"), "VmHWM:") << 10
}

fn kibibytes(file: &str, name: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
