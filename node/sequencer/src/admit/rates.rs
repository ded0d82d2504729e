//! How much each sender may send: a bucket of commands that fills at a steady rate.
//!
//! 1. Memory is bounded: what was not used for long is forgotten, and a forgotten sender has a full bucket, which it would have had anyway
//!    if it had been quiet for as long as filling takes.
//! 2. Time is given, never read.

use std::collections::BTreeMap;

use ashlar_api::door::Allowance;

use crate::limits::RATES_MAX;

/// A rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// Commands that may come at once.
    pub burst: u32,
    /// Commands per second on the average.
    pub per_second: u32,
}

impl Rate {
    /// No limit that anyone could reach.
    pub const UNLIMITED: Rate = Rate { burst: u32::MAX, per_second: u32::MAX };

    fn full(self) -> u64 {
        u64::from(self.burst) * THOUSAND
    }
}

/// Thousandths of commands, so that a millisecond's share is a whole number.
const THOUSAND: u64 = 1_000;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    thousandths: u64,
    at_ms: u64,
}

/// The buckets of all senders of one kind.
#[derive(Debug)]
pub struct Rates<K> {
    rate: Rate,
    recent: BTreeMap<K, Bucket>,
    older: BTreeMap<K, Bucket>,
}

impl<K: Ord + Copy> Rates<K> {
    /// Full buckets.
    pub fn new(rate: Rate) -> Rates<K> {
        Rates { rate, recent: BTreeMap::new(), older: BTreeMap::new() }
    }

    /// Another rate from now on. What was used stays used.
    pub fn set(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// Takes so many commands out of a sender's bucket, or says in how many milliseconds there will be enough.
    pub fn take(&mut self, sender: K, commands: u32, now_ms: u64) -> Result<Allowance, u32> {
        let rate = self.rate;
        let found = self.recent.get(&sender).copied().or_else(|| self.older.remove(&sender));
        let mut bucket = found.unwrap_or(Bucket { thousandths: rate.full(), at_ms: now_ms });
        let passed = now_ms.saturating_sub(bucket.at_ms);
        let filled = bucket.thousandths.saturating_add(passed.saturating_mul(rate.per_second.into()));
        bucket = Bucket { thousandths: filled.min(rate.full()), at_ms: now_ms.max(bucket.at_ms) };
        // A message larger than the bucket passes when the bucket is full, or it never could.
        let cost = (u64::from(commands) * THOUSAND).min(rate.full());
        let taken = bucket.thousandths.checked_sub(cost);
        bucket.thousandths = taken.unwrap_or(bucket.thousandths);
        self.keep(sender, bucket);
        let wait =
            |missing: u64| u32::try_from(missing.div_ceil(u64::from(rate.per_second.max(1)))).unwrap_or(u32::MAX);
        match taken {
            None => Err(wait(cost - bucket.thousandths)),
            Some(left) => Ok(Allowance {
                limit: rate.burst,
                remaining: u32::try_from(left / THOUSAND).unwrap_or(u32::MAX),
                reset_ms: wait(rate.full() - left),
            }),
        }
    }

    fn keep(&mut self, sender: K, bucket: Bucket) {
        if self.recent.len() >= RATES_MAX / 2 && !self.recent.contains_key(&sender) {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(sender, bucket);
    }

    /// How many senders are remembered.
    pub fn len(&self) -> usize {
        self.recent.len() + self.older.len()
    }

    /// Whether nobody is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills() {
        let mut rates = Rates::new(Rate { burst: 10, per_second: 100 });
        assert_eq!(rates.take(1, 10, 0).map(|a| (a.remaining, a.reset_ms)), Ok((0, 100)));
        assert_eq!(rates.take(1, 1, 5), Err(5), "half a command is there after five milliseconds");
        assert_eq!(rates.take(2, 1, 5).map(|a| a.remaining), Ok(9), "another sender has its own");
        assert_eq!(rates.take(1, 1, 10).map(|a| a.remaining), Ok(0));
        assert_eq!(rates.take(1, 10, 1_000).map(|a| a.remaining), Ok(0), "it holds no more than the burst");
        assert_eq!(rates.take(1, 256, 1_050), Err(50), "a large message passes when the bucket is full");
        assert_eq!(rates.take(1, 256, 1_100).map(|a| a.remaining), Ok(0));
        assert_eq!(rates.take(1, 1, 900), Err(10), "time that goes back fills nothing");
    }

    #[test]
    fn memory_is_bounded() {
        let mut rates = Rates::new(Rate { burst: 1, per_second: 1 });
        for sender in 0..3 * RATES_MAX as u64 {
            rates.take(sender, 1, 0).unwrap();
            assert!(rates.len() <= RATES_MAX);
        }
        let last = 3 * RATES_MAX as u64 - 1;
        assert!(rates.take(last, 1, 0).is_err(), "whoever came last is remembered");
    }
}
