//! Time as the processor counts it, and as the system tells it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, by the system's clock.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The processor's cycle counter where it is steady, the system's clock where it is not.
#[derive(Clone, Debug)]
pub struct Ticks {
    clock: quanta::Clock,
    per_second: u64,
}

/// Long enough for the conversion's rounding to vanish.
const SPAN: u64 = 1 << 36;

impl Ticks {
    /// A calibrated clock. Calibration takes up to 0.2 seconds, once in a process.
    pub fn new() -> Ticks {
        let clock = quanta::Clock::new();
        let span_ns = clock.delta_as_nanos(0, SPAN).max(1);
        let per_second = (u128::from(SPAN) * 1_000_000_000 / u128::from(span_ns)) as u64;
        Ticks { clock, per_second }
    }

    /// Now. The processor may look before it has done all that comes earlier in the program.
    #[inline(always)]
    pub fn now(&self) -> u64 {
        self.clock.raw()
    }

    /// Now, after all that comes earlier in the program.
    #[inline(always)]
    pub fn after_all(&self) -> u64 {
        ashlar_cache_lines::settle();
        self.clock.raw()
    }

    /// The nanoseconds between two moments; none if the second is not later.
    #[inline(always)]
    pub fn ns_between(&self, start: u64, end: u64) -> u64 {
        self.clock.delta_as_nanos(start, end)
    }

    /// The seconds between two moments.
    pub fn seconds_between(&self, start: u64, end: u64) -> f64 {
        self.ns_between(start, end) as f64 / 1e9
    }

    /// Ticks in a second.
    pub fn per_second(&self) -> u64 {
        self.per_second
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_and_the_unit_is_right() {
        let ticks = Ticks::new();
        let start = ticks.now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        let end = ticks.after_all();
        assert!(ticks.ns_between(start, end) >= 19_000_000);
        let second = ticks.ns_between(0, ticks.per_second());
        assert!((999_000_000..=1_001_000_000).contains(&second), "{second} ns in a second's ticks");
        assert_eq!(ticks.ns_between(end, start), 0);
    }
}
