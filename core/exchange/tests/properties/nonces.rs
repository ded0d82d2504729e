//! Nonces against a set that remembers everything (SPEC C-4, K-8).

use std::collections::BTreeSet;

use ashlar_exchange::Nonces;
use ashlar_types::Reason;
use proptest::collection::vec;
use proptest::prelude::*;

/// Every nonce ever used.
struct Naive(BTreeSet<u64>);

impl Naive {
    fn highest(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    fn take(&mut self, nonce: u64) -> Result<(), Reason> {
        let (nonce_, highest) = (i128::from(nonce), i128::from(self.highest()));
        if nonce_ > highest + (1 << 32) {
            return Err(Reason::NonceTooFar);
        }
        if nonce == 0 || nonce_ < highest - 127 || !self.0.insert(nonce) {
            return Err(Reason::NonceUsed);
        }
        Ok(())
    }
}

/// A nonce, said relative to the highest one.
#[derive(Clone, Copy, Debug)]
enum Next {
    Above(u64),
    Below(u64),
    Exactly(u64),
}

fn next() -> impl Strategy<Value = Next> {
    prop_oneof![
        4 => (1..4_u64).prop_map(Next::Above),
        2 => (1..300_u64).prop_map(Next::Above),
        2 => (120..136_u64).prop_map(Next::Above),
        1 => ((1_u64 << 32) - 2..(1 << 32) + 3).prop_map(Next::Above),
        4 => (0..140_u64).prop_map(Next::Below),
        1 => prop_oneof![Just(0), Just(1), Just(u64::MAX), Just(u64::MAX - 1), any::<u64>()].prop_map(Next::Exactly),
    ]
}

fn beginning() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(1), Just(127), Just(128), Just(1 << 32), u64::MAX - 600..=u64::MAX, any::<u64>()]
}

proptest! {
    #[test]
    fn a_window_remembers_what_a_set_does(beginning in beginning(), nexts in vec(next(), 1..200)) {
        let used = Some(beginning).filter(|nonce| *nonce > 0);
        let mut nonces = Nonces { highest: beginning, used: u128::from(beginning > 0) };
        let mut naive = Naive(used.into_iter().collect());
        for next in nexts {
            let nonce = match next {
                Next::Above(by) => nonces.highest.saturating_add(by),
                Next::Below(by) => nonces.highest.saturating_sub(by),
                Next::Exactly(nonce) => nonce,
            };
            let before = nonces;
            let taken = nonces.take(nonce);
            prop_assert_eq!(taken, naive.take(nonce), "{} after {:?}", nonce, before);
            prop_assert!(taken.is_ok() || nonces == before, "a refusal changes nothing");
            prop_assert_eq!(nonces.highest, naive.highest());
            for age in 0..128 {
                let was_used = nonces.highest.checked_sub(age).is_some_and(|nonce| naive.0.contains(&nonce));
                prop_assert_eq!(nonces.used >> age & 1 == 1, was_used, "{} below {}", age, nonces.highest);
            }
        }
    }
}
