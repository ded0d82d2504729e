//! Latencies under arrivals that do not wait (docs/adr/0008-measuring.md).
//!
//! 1. Arrivals follow a schedule that is fixed before the first of them: what is late delays nobody's arrival.
//! 2. A latency counts from the scheduled arrival to the moment when the answer is out, so the wait behind slow work is in
//!    it: nothing is omitted because the system was busy.
//! 3. The same schedule with no work at all gives the percentiles of the machine itself.

use hdrhistogram::Histogram;

use crate::clock::Ticks;

/// The longest latency that is told apart: a minute.
const LONGEST_NS: u64 = 60_000_000_000;

/// How many of each latency there were, to three digits.
#[derive(Clone, Debug)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> Latencies {
        Latencies(Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("the bounds are in order"))
    }

    /// One more.
    #[inline(always)]
    pub fn record(&mut self, ns: u64) {
        self.0.saturating_record(ns);
    }

    /// The latency that this share of all did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// p50, p99 and p99.9.
    pub fn percentiles(&self) -> [f64; 3] {
        [0.5, 0.99, 0.999].map(|share| self.quantile(share))
    }
}

/// When each of a number of arrivals is due.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    start: u64,
    /// Ticks from one arrival to the next, as a fraction of 2^20.
    step: u64,
}

const FRACTION_BITS: u32 = 20;

impl Schedule {
    /// Arrivals at this rate, evenly, the first at `start`.
    pub fn new(start: u64, ticks_per_second: u64, rate: u64) -> Schedule {
        let step = (u128::from(ticks_per_second) << FRACTION_BITS) / u128::from(rate.max(1));
        Schedule { start, step: step as u64 }
    }

    /// When an arrival is due.
    #[inline(always)]
    pub fn due(&self, index: usize) -> u64 {
        self.start + ((index as u128 * u128::from(self.step)) >> FRACTION_BITS) as u64
    }
}

/// What is done for each arrival.
pub trait Work {
    /// The work. `has_arrived` says whether an arrival of a later index is already due.
    fn run(&mut self, index: usize, has_arrived: impl Fn(usize) -> bool);
    /// How long it took, from when it was due.
    fn took(&mut self, index: usize, ns: u64);
}

/// Runs this many arrivals at a rate.
pub fn open_loop(ticks: &Ticks, rate: u64, count: usize, work: &mut impl Work) {
    let lead = ticks.per_second() / 100_000;
    let schedule = Schedule::new(ticks.now() + lead, ticks.per_second(), rate);
    for index in 0..count {
        let due = schedule.due(index);
        // No pause: leaving one takes longer than what is measured.
        let mut now = ticks.now();
        while now < due {
            now = ticks.now();
        }
        work.run(index, |later| schedule.due(later) <= now);
        work.took(index, ticks.ns_between(due, ticks.after_all()));
    }
}

/// No work: what the machine and the clock take by themselves.
#[derive(Debug)]
pub struct Idle(pub Latencies);

impl Work for Idle {
    #[inline(always)]
    fn run(&mut self, _: usize, _: impl Fn(usize) -> bool) {}

    #[inline(always)]
    fn took(&mut self, _: usize, ns: u64) {
        self.0.record(ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_known_values() {
        let mut latencies = Latencies::new();
        (1..=1_000).for_each(|ns| latencies.record(ns));
        assert_eq!(latencies.percentiles(), [500.0, 990.0, 999.0]);
        latencies.record(u64::MAX);
        assert!(latencies.quantile(1.0) >= LONGEST_NS as f64, "what is too long counts as the longest");
        assert_eq!(latencies.count(), 1_001);
    }

    #[test]
    fn arrivals_are_even_and_do_not_drift() {
        let schedule = Schedule::new(5, 2_300_000_007, 1_000_000);
        assert_eq!(schedule.due(0), 5);
        let last = schedule.due(1_000_000);
        assert!(last.abs_diff(5 + 2_300_000_007) <= 2, "{last}");
        assert_eq!(Schedule::new(0, 1_000, 0).due(3), 3_000, "a rate of none is taken as one");
    }

    /// Every tenth work takes as long as ten arrivals, so the ones behind it must be late.
    struct Stumbling<'a>(&'a Ticks, Vec<u64>);

    impl Work for Stumbling<'_> {
        fn run(&mut self, index: usize, _: impl Fn(usize) -> bool) {
            let start = self.0.now();
            while index.is_multiple_of(10) && self.0.ns_between(start, self.0.now()) < 1_000_000 {}
        }

        fn took(&mut self, _: usize, ns: u64) {
            self.1.push(ns);
        }
    }

    #[test]
    fn waiting_behind_slow_work_counts() {
        let ticks = Ticks::new();
        let mut work = Stumbling(&ticks, Vec::new());
        open_loop(&ticks, 10_000, 10, &mut work);
        assert!(work.1[1] >= 800_000, "due 0.1 ms after the slow one, done after it: {} ns", work.1[1]);
        assert!(work.1[5] >= 400_000, "{} ns", work.1[5]);
    }
}
