//! What the process holds.

/// The resident memory of this process in bytes, where the system tells it.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_is_touched_is_resident() {
        let before = super::resident_bytes().expect("Linux tells it");
        let touched = std::hint::black_box(vec![1_u8; 64 << 20]);
        let after = super::resident_bytes().expect("Linux tells it");
        assert!(after >= before + (32 << 20), "{before} then {after} with {} bytes more", touched.len());
    }
}
