//! What each address may still send.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::limits::ADDRESSES_MAX;

/// What is left of an allowance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Left {
    /// Whether there was something left for this one.
    pub granted: bool,
    /// What may be sent at once.
    pub limit: u32,
    /// What may be sent now.
    pub remaining: u32,
    /// When the full allowance is there again, in seconds.
    pub reset_seconds: u32,
}

/// Allowances that fill again as time goes by, one for each address.
#[derive(Debug)]
pub struct Allowances {
    burst: u32,
    per_second: u32,
    /// Thousandths left, and when that was so.
    addresses: Mutex<HashMap<IpAddr, (u64, Instant)>>,
}

impl Allowances {
    /// So many at once, so many each second.
    pub fn new(burst: u32, per_second: u32) -> Allowances {
        Allowances { burst: burst.max(1), per_second: per_second.max(1), addresses: Mutex::default() }
    }

    /// Takes one from an address's allowance.
    pub fn take(&self, ip: IpAddr) -> Left {
        self.take_at(ip, Instant::now())
    }

    fn take_at(&self, ip: IpAddr, now: Instant) -> Left {
        let full = u64::from(self.burst) * 1_000;
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= ADDRESSES_MAX && !addresses.contains_key(&ip) {
            // Whoever has a full allowance again needs not be remembered. If all are busy, the newcomer waits.
            addresses.retain(|_, (left, since)| self.filled(*left, *since, now) < full);
            if addresses.len() >= ADDRESSES_MAX {
                return self.left(0, false);
            }
        }
        let (left, since) = addresses.entry(ip).or_insert((full, now));
        let filled = self.filled(*left, *since, now);
        let granted = filled >= 1_000;
        *left = if granted { filled - 1_000 } else { filled };
        *since = now;
        self.left(*left, granted)
    }

    fn filled(&self, left: u64, since: Instant, now: Instant) -> u64 {
        let ms = u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX);
        left.saturating_add(ms.saturating_mul(u64::from(self.per_second))).min(u64::from(self.burst) * 1_000)
    }

    fn left(&self, thousandths: u64, granted: bool) -> Left {
        let missing = (u64::from(self.burst) * 1_000).saturating_sub(thousandths);
        Left {
            granted,
            limit: self.burst,
            remaining: u32::try_from(thousandths / 1_000).unwrap_or(self.burst),
            reset_seconds: u32::try_from(missing.div_ceil(u64::from(self.per_second) * 1_000)).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use std::time::Duration;

    #[test]
    fn an_allowance_is_used_up_and_comes_back() {
        let allowances = Allowances::new(3, 2);
        let (ip, now) = (IpAddr::V4(Ipv4Addr::LOCALHOST), Instant::now());
        let granted = |ms| allowances.take_at(ip, now + Duration::from_millis(ms)).granted;
        assert_eq!([granted(0), granted(0), granted(0), granted(0)], [true, true, true, false]);
        assert_eq!([granted(499), granted(500), granted(500)], [false, true, false]);
        let other = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
        let left = allowances.take_at(other, now);
        assert_eq!((left.limit, left.remaining, left.reset_seconds), (3, 2, 1));
    }

    #[test]
    fn only_so_many_addresses_are_remembered() {
        let allowances = Allowances::new(2, 1);
        let now = Instant::now();
        let address = |number: u32| IpAddr::V4(Ipv4Addr::from(number));
        for number in 0..ADDRESSES_MAX as u32 {
            assert!(allowances.take_at(address(number), now).granted);
        }
        assert!(!allowances.take_at(address(u32::MAX), now).granted, "all are busy");
        assert!(allowances.take_at(address(u32::MAX), now + Duration::from_secs(3)).granted);
    }
}
