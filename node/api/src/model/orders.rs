//! Open orders, and when they die.

use std::collections::{BTreeSet, HashMap};

use ashlar_types::{AccountId, OrderId, Time};

use crate::door::OpenOrder;

/// An order with whether it still counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracked {
    pub order: OpenOrder,
    pub dead: bool,
}

/// Every open order by its id and by its account. The exchange bounds them.
#[derive(Debug, Default)]
pub struct Orders {
    by_id: HashMap<OrderId, Tracked>,
    by_account: HashMap<AccountId, BTreeSet<OrderId>>,
    expiries: BTreeSet<(Time, OrderId)>,
    dead_men: HashMap<AccountId, Time>,
    dead_times: BTreeSet<(Time, AccountId)>,
}

impl Orders {
    /// None, with the dead-man switches that are armed.
    pub fn new(dead_men: &[(AccountId, Time)]) -> Orders {
        let mut orders = Orders::default();
        for (account, at) in dead_men {
            orders.arm(*account, *at);
        }
        orders
    }

    /// An order that is open; dead ones, which the exchange has not dropped yet, are not.
    pub fn get(&self, id: OrderId) -> Option<&OpenOrder> {
        self.by_id.get(&id).filter(|tracked| !tracked.dead).map(|tracked| &tracked.order)
    }

    /// The open orders of an account, in the order of their ids.
    pub fn of(&self, account: AccountId) -> impl Iterator<Item = &OpenOrder> {
        self.by_account.get(&account).into_iter().flatten().filter_map(|id| self.get(*id))
    }

    /// How many the exchange holds, dead ones included.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn arm(&mut self, account: AccountId, at: Time) {
        let old = if at == Time::NEVER { self.dead_men.remove(&account) } else { self.dead_men.insert(account, at) };
        if let Some(old) = old {
            self.dead_times.remove(&(old, account));
        }
        if at != Time::NEVER {
            self.dead_times.insert((at, account));
        }
    }

    pub(super) fn insert(&mut self, order: OpenOrder) {
        self.by_account.entry(order.account).or_default().insert(order.id);
        if order.expires != Time::NEVER {
            self.expiries.insert((order.expires, order.id));
        }
        self.by_id.insert(order.id, Tracked { order, dead: false });
    }

    pub(super) fn by_id_even_dead(&self, id: OrderId) -> Option<&OpenOrder> {
        self.by_id.get(&id).map(|tracked| &tracked.order)
    }

    pub(super) fn get_mut(&mut self, id: OrderId) -> Option<&mut Tracked> {
        self.by_id.get_mut(&id)
    }

    pub(super) fn remove(&mut self, id: OrderId) -> Option<Tracked> {
        let tracked = self.by_id.remove(&id)?;
        let account = tracked.order.account;
        if let Some(ids) = self.by_account.get_mut(&account) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_account.remove(&account);
            }
        }
        self.expiries.remove(&(tracked.order.expires, id));
        Some(tracked)
    }

    /// The next order that is dead at `now` and still counts: its expiry or its owner's dead-man time has come.
    pub(super) fn take_dead(&mut self, now: Time) -> Option<OpenOrder> {
        while let Some((at, id)) = self.expiries.first().copied() {
            if at > now {
                break;
            }
            self.expiries.pop_first();
            if let Some(order) = self.bury(id) {
                return Some(order);
            }
        }
        while let Some((at, account)) = self.dead_times.first().copied() {
            if at > now {
                break;
            }
            let ids = self.by_account.get(&account).into_iter().flatten();
            let alive = ids.copied().find(|id| self.by_id.get(id).is_some_and(|tracked| !tracked.dead));
            match alive.and_then(|id| self.bury(id)) {
                Some(order) => return Some(order),
                None => self.dead_times.pop_first(),
            };
        }
        None
    }

    fn bury(&mut self, id: OrderId) -> Option<OpenOrder> {
        let tracked = self.by_id.get_mut(&id)?;
        let died = !tracked.dead;
        tracked.dead = true;
        died.then_some(tracked.order)
    }
}
