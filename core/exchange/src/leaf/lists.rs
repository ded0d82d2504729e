//! Which orders an account has: kept beside the leaves, and proven complete by the counts in them.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use ashlar_state::Key;
use ashlar_types::{AccountId, MarketId};

use super::keys;
use super::places::{read_order, read_trigger};
use super::store::listed;
use crate::store::{Listed, id_of, id_of_waiting};

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
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OrderIndex {
    accounts: BTreeMap<AccountId, BTreeSet<Listed>>,
}

impl OrderIndex {
    /// An index of nothing.
    pub fn new() -> OrderIndex {
        OrderIndex::default()
    }

    /// The index of these leaves; those that are no orders or triggers are passed over.
    pub fn of_leaves<'a>(leaves: impl IntoIterator<Item = (Key, &'a [u64])>) -> OrderIndex {
        let mut index = OrderIndex::new();
        for (key, words) in leaves {
            if let Some((account, listed)) = listed_of(&key, words) {
                index.added(account, listed);
            }
        }
        index
    }
}

/// The account and the entry of an order's or trigger's leaf; nothing for other leaves and for sentinels.
fn listed_of(key: &Key, words: &[u64]) -> Option<(AccountId, Listed)> {
    let [kind, place, rank] = *key.words();
    let market = MarketId::new((place >> 48) as u16)?;
    let (account, id) = match kind >> 56 {
        _ if rank == 0 => return None,
        keys::ORDER => {
            let order = read_order(key, words);
            (order.account, id_of(market, &order))
        }
        keys::TRIGGER => {
            let order = read_trigger(key, words);
            (order.account, id_of_waiting(market, &order))
        }
        _ => return None,
    };
    Some((account, listed(key, id)))
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
