//! How much can be proven in how much memory.

use ashlar_guest_worker::memory::total_bytes;

const GIB: u64 = 1 << 30;

/// What was proven in how much memory (docs/benchmarks.md), with a quarter to spare: bytes that a machine must have, and cycles.
const PROVEN: [(u64, u64); 2] = [(22 * GIB, 3_000_000), (14 * GIB, 900_000)];

/// Cycles beyond which a job is refused on this machine; 0 for no limit.
pub fn cycles_max() -> u64 {
    cycles_in(total_bytes())
}

fn cycles_in(bytes: u64) -> u64 {
    match PROVEN.into_iter().find(|(enough, _)| bytes >= *enough) {
        Some((_, cycles)) => cycles,
        // How much there is cannot be known.
        None if bytes == 0 => 0,
        // Nothing was proven in so little, so every job is refused: whoever has no more must say how much to try.
        None => 1,
    }
}

/// Whether there is too little to prove several shards at once.
pub fn is_scarce() -> bool {
    total_bytes() < 60 * GIB
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_memory_the_less_is_tried() {
        let cycles = [0, 8 * GIB, 16 * GIB, 64 * GIB].map(cycles_in);
        assert_eq!(cycles, [0, 1, 900_000, 3_000_000], "0 is no limit");
    }
}
