use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use crate::limits::ALLOWANCES_MAX;

/// Allowances that fill again as time goes by, one for each of whoever asks.
#[derive(Debug)]
pub struct Allowances<K> {
    burst: u64,
    per_second: u64,
    /// Thousandths left, and when that was so in milliseconds.
    left: Mutex<HashMap<K, (u64, u64)>>,
}

impl<K: Eq + Hash> Allowances<K> {
    /// So much at once, so much each second.
    pub fn new(burst: u64, per_second: u64) -> Allowances<K> {
        Allowances { burst: burst.max(1), per_second: per_second.max(1), left: Mutex::default() }
    }

    /// Takes so much of an allowance, if it is there; otherwise in how many milliseconds it will be.
    pub fn take(&self, who: K, cost: u64, now_ms: u64) -> Result<(), u64> {
        let full = self.burst.saturating_mul(1_000);
        let cost = cost.saturating_mul(1_000).min(full);
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ALLOWANCES_MAX && !all.contains_key(&who) {
            // Whoever has a full allowance again needs not be remembered. If all are busy, the newcomer waits.
            all.retain(|_, (left, since)| self.filled(*left, *since, now_ms) < full);
            if all.len() >= ALLOWANCES_MAX {
                return Err(1_000);
            }
        }
        let (left, since) = all.entry(who).or_insert((full, now_ms));
        let filled = self.filled(*left, *since, now_ms);
        (*left, *since) = (filled, now_ms);
        if filled >= cost {
            *left = filled - cost;
            Ok(())
        } else {
            Err((cost - filled).div_ceil(self.per_second).max(1))
        }
    }

    fn filled(&self, left: u64, since: u64, now: u64) -> u64 {
        let more = now.saturating_sub(since).saturating_mul(self.per_second);
        left.saturating_add(more).min(self.burst.saturating_mul(1_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_used_up_and_comes_back() {
        let allowances = Allowances::new(3, 2);
        let take = |who, cost, at| allowances.take(who, cost, at);
        assert_eq!([take(1, 2, 0), take(1, 1, 0), take(1, 1, 0)], [Ok(()), Ok(()), Err(500)]);
        assert_eq!([take(1, 1, 499), take(1, 1, 500), take(2, 3, 500)], [Err(1), Ok(()), Ok(())]);
        assert_eq!(take(3, 1_000, 0), Ok(()), "what costs more than everything costs everything");
        assert!(take(3, 1, 0).is_err());
    }

    #[test]
    fn only_so_many_are_remembered() {
        let allowances = Allowances::new(2, 1);
        for who in 0..ALLOWANCES_MAX as u32 {
            assert_eq!(allowances.take(who, 1, 0), Ok(()));
        }
        assert_eq!(allowances.take(u32::MAX, 1, 0), Err(1_000), "all are busy");
        assert_eq!(allowances.take(u32::MAX, 1, 3_000), Ok(()));
    }
}
