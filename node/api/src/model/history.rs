//! What happened to accounts, the last of it.

use std::collections::{HashMap, VecDeque};

use ashlar_types::{AccountId, Amount, AssetId, ClientId, Lots, OrderId, Price, Reason, Sequence, Time};

use crate::limits::{ACCOUNT_HISTORY_MAX, HISTORY_MAX};

/// One thing that happened to an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The command that caused it.
    pub sequence: Sequence,
    /// When.
    pub time: Time,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// It traded.
    Fill {
        /// Its order.
        order: OrderId,
        /// Whether that rested.
        maker: bool,
        /// At what price.
        price: Price,
        /// How much.
        lots: Lots,
        /// What it paid.
        fee: Amount,
        /// What it was given.
        rebate: Amount,
    },
    /// A command of its own was answered.
    Receipt {
        /// What came of it.
        reason: Reason,
        /// The order it was about.
        order: Option<OrderId>,
        /// The client's name of that order.
        client: ClientId,
        /// How much was filled while it ran.
        filled: Lots,
        /// How much is left.
        remaining: Lots,
    },
    /// An order of its own was placed or refused otherwise than by a receipt.
    Placed {
        /// Which; none if it was refused.
        order: Option<OrderId>,
        /// The client's own name for it.
        client: ClientId,
        /// How much was filled on the way in.
        filled: Lots,
        /// How much rests.
        remaining: Lots,
        /// What became of it.
        reason: Reason,
    },
    /// An order of its own left.
    Removed {
        /// Which.
        order: OrderId,
        /// How much it still had.
        lots: Lots,
        /// Why.
        reason: Reason,
    },
    /// Funds came in.
    Credited {
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
}

/// The last entries of all accounts in one ring, found by account.
#[derive(Debug, Default)]
pub struct History {
    ring: VecDeque<(AccountId, Entry)>,
    /// The number of the ring's first entry.
    first: u64,
    /// The numbers of an account's entries, ascending.
    by_account: HashMap<AccountId, VecDeque<u64>>,
}

impl History {
    /// Adds an entry and forgets the oldest ones.
    pub fn push(&mut self, account: AccountId, entry: Entry) {
        if self.ring.len() == HISTORY_MAX {
            self.forget_oldest();
        }
        let number = self.first.saturating_add(self.ring.len() as u64);
        self.ring.push_back((account, entry));
        let numbers = self.by_account.entry(account).or_default();
        if numbers.len() == ACCOUNT_HISTORY_MAX {
            numbers.pop_front();
        }
        numbers.push_back(number);
    }

    fn forget_oldest(&mut self) {
        let Some((account, _)) = self.ring.pop_front() else { return };
        if let Some(numbers) = self.by_account.get_mut(&account) {
            if numbers.front() == Some(&self.first) {
                numbers.pop_front();
            }
            if numbers.is_empty() {
                self.by_account.remove(&account);
            }
        }
        self.first = self.first.saturating_add(1);
    }

    /// What happened to an account, latest first.
    pub fn of(&self, account: AccountId) -> impl Iterator<Item = &Entry> {
        let numbers = self.by_account.get(&account).into_iter().flatten().rev();
        numbers.filter_map(|number| {
            let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
            self.ring.get(at).map(|(_, entry)| entry)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_the_latest_and_no_more_than_it_may() {
        let mut history = History::default();
        let account = |number| AccountId::new(number).expect("an account");
        let entry = |number| Entry {
            sequence: Sequence::new(number),
            time: Time::ZERO,
            what: What::Credited { asset: AssetId::FIRST, amount: Amount::ZERO },
        };
        history.push(account(7), entry(0));
        let last = HISTORY_MAX as u64 + 10;
        for number in 1..=last {
            history.push(account(number as u32 % 2), entry(number));
        }
        assert_eq!(history.ring.len(), HISTORY_MAX);
        assert_eq!(history.of(account(7)).count(), 0, "what was forgotten is not found");
        assert_eq!(history.by_account.len(), 2);
        let latest: Vec<_> = history.of(account(last as u32 % 2)).map(|entry| entry.sequence.get()).take(2).collect();
        assert_eq!(latest, [last, last - 2]);
        assert_eq!(history.of(account(0)).count(), ACCOUNT_HISTORY_MAX);
    }
}
