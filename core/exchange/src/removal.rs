//! Taking orders and triggers out, and what their funds, counts and pairs do then (SPEC C-25).

use ashlar_book::{PendingTrigger, Resting};
use ashlar_types::{AccountId, Amount, AssetId, Event, Lots, OrderId, Reason};

use crate::funds;
use crate::output::Output;
use crate::store::{Store, View, id_of, id_of_waiting};
use crate::trading::Trading;

/// An order or trigger that was found by its id.
#[derive(Clone, Copy)]
pub(crate) enum Found<S: Store> {
    /// It rests.
    Resting(S::At, Resting),
    /// It waits.
    Waiting(S::WaitingAt, PendingTrigger),
}

impl<S: Store> Found<S> {
    pub fn account(&self) -> AccountId {
        match self {
            Found::Resting(_, order) => order.account,
            Found::Waiting(_, order) => order.account,
        }
    }

    pub fn lots(&self) -> Lots {
        match self {
            Found::Resting(_, order) => order.lots(),
            Found::Waiting(_, order) => order.lots,
        }
    }

    pub fn client(&self) -> ashlar_types::ClientId {
        match self {
            Found::Resting(_, order) => order.client,
            Found::Waiting(_, order) => order.client,
        }
    }

    pub fn paired(&self) -> bool {
        match self {
            Found::Resting(_, order) => order.paired,
            Found::Waiting(_, order) => order.paired,
        }
    }
}

impl<'a, S: Store + 'a, O: Output> Trading<'a, S, O> {
    /// Finds an order or trigger of this market.
    #[inline(always)]
    pub fn find(&mut self, id: OrderId) -> Option<Found<S>> {
        if let Some((at, order)) = self.view.find(id) {
            return Some(Found::Resting(at, order));
        }
        let at = self.view.find_waiting(id)?;
        Some(Found::Waiting(at, self.view.waiting(at)))
    }

    /// Takes out what was found. With a reason an event says so.
    #[inline(always)]
    pub fn take_out(&mut self, found: &Found<S>, reason: Option<Reason>) {
        match found {
            Found::Resting(at, order) => {
                self.view.take_out(*at);
                self.let_go(order, reason);
            }
            Found::Waiting(at, order) => {
                self.view.take_out_waiting(*at);
                self.let_go_waiting(order, reason);
            }
        }
    }

    /// What taking out `found` would free, and how many orders it would be.
    pub fn would_free(&mut self, found: &Found<S>) -> (AssetId, Amount, u32) {
        let terms = self.terms();
        let side = match found {
            Found::Resting(_, order) => order.side,
            Found::Waiting(_, order) => order.side,
        };
        let asset = funds::reserved_asset(&terms, side);
        let legs = if found.paired() { 2 } else { 1 };
        let amount = match found {
            Found::Waiting(_, order) => funds::reserved(&terms, side, order.reserve_at, order.lots),
            Found::Resting(_, order) if !order.paired => funds::reserved(&terms, side, order.price, order.lots()),
            Found::Resting(_, order) => {
                let other = self.view.pair(id_of(self.view.id(), order)).and_then(|id| self.view.find_waiting(id));
                other.map_or(Amount::ZERO, |at| {
                    let leg = self.view.waiting(at);
                    funds::reserved(&terms, side, leg.reserve_at, leg.lots)
                })
            }
        };
        (asset, amount, legs)
    }

    /// The accounts of a resting order that has just been taken out.
    #[inline(always)]
    pub fn let_go(&mut self, order: &Resting, reason: Option<Reason>) {
        let id = id_of(self.view.id(), order);
        if let Some(reason) = reason {
            self.out.event(&Event::Removed { order: id, account: order.account, lots: order.lots(), reason });
        }
        self.count_out(order.account);
        if order.paired {
            if let Some(leg) = self.take_waiting_leg(id) {
                let held = funds::reserved(&self.terms(), leg.side, leg.reserve_at, leg.lots);
                let asset = funds::reserved_asset(&self.terms(), leg.side);
                self.release(leg.account, asset, held);
            }
            return;
        }
        let held = funds::reserved(&self.terms(), order.side, order.price, order.lots());
        let asset = funds::reserved_asset(&self.terms(), order.side);
        self.release(order.account, asset, held);
    }

    /// The accounts of a trigger that has just been taken out.
    pub fn let_go_waiting(&mut self, order: &PendingTrigger, reason: Option<Reason>) {
        let id = id_of_waiting(self.view.id(), order);
        if let Some(reason) = reason {
            self.out.event(&Event::Removed { order: id, account: order.account, lots: order.lots, reason });
        }
        self.count_out(order.account);
        self.release_waiting(order);
        if order.paired {
            self.take_limit_leg(id);
        }
    }

    /// Frees what a trigger, alone or for its pair, had put aside.
    pub fn release_waiting(&mut self, order: &PendingTrigger) {
        let held = funds::reserved(&self.terms(), order.side, order.reserve_at, order.lots);
        let asset = funds::reserved_asset(&self.terms(), order.side);
        self.release(order.account, asset, held);
    }

    /// Takes the limit leg of a pair out; what it would have reserved is the waiting leg's.
    pub fn take_limit_leg(&mut self, waiting: OrderId) {
        let Some(other) = self.view.take_pair(waiting) else { return };
        let Some((at, leg)) = self.view.find(other) else { return };
        self.view.take_out(at);
        self.count_out(leg.account);
        self.out.event(&Event::Removed {
            order: other,
            account: leg.account,
            lots: leg.lots(),
            reason: Reason::OtherLeg,
        });
    }

    /// Takes the waiting leg of a pair out and leaves its reservation to the caller.
    fn take_waiting_leg(&mut self, limit: OrderId) -> Option<PendingTrigger> {
        let other = self.view.take_pair(limit)?;
        let at = self.view.find_waiting(other)?;
        let leg = self.view.waiting(at);
        self.view.take_out_waiting(at);
        self.count_out(leg.account);
        self.out.event(&Event::Removed {
            order: other,
            account: leg.account,
            lots: leg.lots,
            reason: Reason::OtherLeg,
        });
        Some(leg)
    }

    /// Before the limit leg of a pair trades for the first time the other is taken out, and it reserves for itself.
    #[cold]
    pub fn free_limit_leg(&mut self, limit: &Resting) {
        let id = id_of(self.view.id(), limit);
        let Some(leg) = self.take_waiting_leg(id) else { return };
        let held = funds::reserved(&self.terms(), leg.side, leg.reserve_at, leg.lots);
        let needed = funds::reserved(&self.terms(), limit.side, limit.price, limit.lots());
        let asset = funds::reserved_asset(&self.terms(), limit.side);
        self.view.balance(limit.account, asset, |b| {
            b.release(held);
            b.hold(needed);
        });
        if let Some((at, _)) = self.view.find(id) {
            self.view.set_unpaired(at);
        }
    }

    /// An order became smaller by `by` without a trade: what it reserved for them is free again.
    pub fn shrink(&mut self, order: &Resting, by: Lots) {
        let before = funds::reserved(&self.terms(), order.side, order.price, order.lots());
        let after = funds::reserved(&self.terms(), order.side, order.price, order.lots().saturating_sub(by));
        let asset = funds::reserved_asset(&self.terms(), order.side);
        self.release(order.account, asset, before.saturating_sub(after));
    }
}
