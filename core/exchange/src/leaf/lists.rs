//! Which orders an account has: kept beside the leaves, and proven complete by the counts in them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use ashlar_types::{AccountId, MarketId};

use crate::store::Listed;

/// Gives the orders of an account. What it gives is checked: strictly ascending, each the account's own, as many as the
/// leaves count. So it may come from an index, or from whoever made a witness.
pub trait Lists {
    /// Appends every order and trigger of the account, of one market or of all, in ascending order.
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>);
    /// An order or trigger took a place.
    fn added(&mut self, account: AccountId, listed: Listed);
    /// It left that place.
    fn removed(&mut self, account: AccountId, listed: Listed);
}

/// The index of a node: every order of every account.
#[derive(Clone, Debug, Default)]
pub struct OrderIndex {
    accounts: BTreeMap<AccountId, BTreeSet<Listed>>,
}

impl OrderIndex {
    /// An index of nothing.
    pub fn new() -> OrderIndex {
        OrderIndex::default()
    }
}

impl Lists for OrderIndex {
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        let orders = self.accounts.get(&account).into_iter().flatten();
        listed.extend(orders.filter(|order| market.is_none_or(|market| market == order.id.market)));
    }

    fn added(&mut self, account: AccountId, listed: Listed) {
        self.accounts.entry(account).or_default().insert(listed);
    }

    fn removed(&mut self, account: AccountId, listed: Listed) {
        if let Some(orders) = self.accounts.get_mut(&account) {
            orders.remove(&listed);
            if orders.is_empty() {
                self.accounts.remove(&account);
            }
        }
    }
}

impl<L: Lists> Lists for &mut L {
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>) {
        (**self).list(account, market, listed);
    }

    fn added(&mut self, account: AccountId, listed: Listed) {
        (**self).added(account, listed);
    }

    fn removed(&mut self, account: AccountId, listed: Listed) {
        (**self).removed(account, listed);
    }
}
