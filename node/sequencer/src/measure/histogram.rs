use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper ends of the buckets, in microseconds: a factor of two to two and a half each, from ten microseconds to an hour.
const ENDS_US: [u64; 26] = [
    10,
    25,
    50,
    100,
    250,
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
];

/// How long something took, over the life of the node.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; ENDS_US.len()],
    more: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    /// One more.
    pub fn record(&self, us: u64) {
        self.record_many(us, 1);
    }

    /// So many more that took the same time.
    pub fn record_many(&self, us: u64, times: u64) {
        let at = ENDS_US.partition_point(|end| *end < us);
        self.counts.get(at).unwrap_or(&self.more).fetch_add(times, Relaxed);
        self.sum_us.fetch_add(us.saturating_mul(times), Relaxed);
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Relaxed)).sum::<u64>() + self.more.load(Relaxed)
    }

    /// How many took at most so long, as far as the buckets tell: one that holds longer ones too is left out.
    pub fn within(&self, us: u64) -> u64 {
        let ends = ENDS_US.partition_point(|end| *end <= us);
        self.counts.iter().take(ends).map(|count| count.load(Relaxed)).sum()
    }

    /// The times of all of them together, in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Relaxed)
    }

    /// The end of the bucket in which the given share of a thousand lies; `None` while there is nothing.
    pub fn permille(&self, permille: u64) -> Option<u64> {
        let count = self.count();
        let wanted = count.saturating_mul(permille).div_ceil(1_000);
        let mut seen = 0;
        for (count, end) in self.counts.iter().zip(ENDS_US) {
            seen += count.load(Relaxed);
            if seen >= wanted && seen > 0 {
                return Some(end);
            }
        }
        (count > 0).then_some(u64::MAX)
    }

    /// In the text format of Prometheus, in seconds.
    pub(super) fn render(&self, name: &str, help: &str, out: &mut String) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut below = 0;
        for (count, end) in self.counts.iter().zip(ENDS_US) {
            below += count.load(Relaxed);
            let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {below}", Seconds(end));
        }
        below += self.more.load(Relaxed);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {below}");
        let _ = writeln!(out, "{name}_sum {}\n{name}_count {below}", Seconds(self.sum_us.load(Relaxed)));
    }
}

/// Microseconds, written as seconds without a floating-point number.
struct Seconds(u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_name_the_end_of_their_bucket() {
        let histogram = Histogram::default();
        assert_eq!(histogram.permille(500), None);
        histogram.record_many(40, 98);
        histogram.record(900);
        histogram.record(u64::MAX / 2);
        assert_eq!((histogram.count(), histogram.permille(500), histogram.permille(990)), (100, Some(50), Some(1_000)));
        assert_eq!(histogram.permille(1_000), Some(u64::MAX));
        assert_eq!((histogram.within(49), histogram.within(50), histogram.within(1_000)), (0, 98, 99));
        let mut text = String::new();
        histogram.render("ashlar_x_seconds", "X.", &mut text);
        assert!(text.contains("ashlar_x_seconds_bucket{le=\"0.000050\"} 98\n"), "{text}");
        assert!(text.contains("ashlar_x_seconds_bucket{le=\"+Inf\"} 100\n"), "{text}");
    }
}
