//! One hot market, and the ledger beside it.

use ashlar_book::{At, Book, Orders, PendingTrigger, Resting, TriggerAt, TriggerBook, Triggers};
use ashlar_types::{AccountId, AssetId, Direction, FeeTier, Lots, MarketId, OrderId, Price, Rank, Side};

use super::chain::Chain;
use super::ledger::{Kind, Ledger, tier_index};
use crate::record::{Account, Balance, Live, Market};
use crate::store::{View, id_of, id_of_waiting};

/// What belongs to one market. What every command reads comes first and is kept together.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct HotMarket {
    pub live: Live,
    pub record: Market,
    pub book: Book,
    /// The chains of the accounts through the orders, and through the triggers.
    pub chains: [Chain; 2],
    pub triggers: TriggerBook,
}

impl HotView<'_> {
    #[inline(always)]
    fn join(&mut self, account: AccountId, kind: Kind, slot: u32) {
        let chains = &mut self.market.chains;
        self.ledger.held(account, self.id, |held| {
            held.count = held.count.saturating_add(1);
            held.join(chains, kind, slot);
        });
    }

    #[inline(always)]
    fn leave(&mut self, account: AccountId, kind: Kind, slot: u32) {
        let chains = &mut self.market.chains;
        self.ledger.held(account, self.id, |held| {
            held.count = held.count.saturating_sub(1);
            held.leave(chains, kind, slot);
        });
    }
}

/// A market of a [`super::HotStore`].
#[derive(Debug)]
pub struct HotView<'a> {
    pub(super) id: MarketId,
    pub(super) market: &'a mut HotMarket,
    pub(super) ledger: &'a mut Ledger,
}

impl View for HotView<'_> {
    type At = At;
    type WaitingAt = TriggerAt;

    #[inline(always)]
    fn id(&self) -> MarketId {
        self.id
    }

    #[inline(always)]
    fn record(&self) -> &Market {
        &self.market.record
    }

    #[inline(always)]
    fn live(&self) -> &Live {
        &self.market.live
    }

    #[inline(always)]
    fn live_mut(&mut self) -> &mut Live {
        &mut self.market.live
    }

    #[inline(always)]
    fn close(self) {}

    #[inline(always)]
    fn fees(&mut self, tier: u8) -> FeeTier {
        self.ledger.fees[tier_index(self.market.record.rules.schedule, tier)].unwrap_or_default()
    }

    #[inline(always)]
    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T> {
        self.ledger.account(account, with)
    }

    #[inline(always)]
    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T {
        self.ledger.balance(account, asset, with)
    }

    #[inline(always)]
    fn count(&mut self, account: AccountId) -> u32 {
        self.ledger.held(account, self.id, |held| held.count)
    }

    #[inline(always)]
    fn best(&mut self, side: Side) -> Option<At> {
        self.market.book.best(side)
    }

    #[inline(always)]
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.market.book.best_price(side)
    }

    #[inline(always)]
    fn after(&mut self, at: At) -> Option<At> {
        self.market.book.after(at)
    }

    #[inline(always)]
    fn resting(&self, at: At) -> Resting {
        self.market.book.get(at)
    }

    #[inline(always)]
    fn find(&mut self, id: OrderId) -> Option<(At, Resting)> {
        let at = self.market.book.find(id.rank)?;
        let order = self.market.book.get(at);
        (id_of(self.id, &order) == id).then_some((at, order))
    }

    #[inline(always)]
    fn rest(&mut self, order: &Resting) -> At {
        let at = self.market.book.insert(order);
        self.join(order.account, Kind::Resting, at.slot());
        at
    }

    #[inline(always)]
    fn take_out(&mut self, at: At) {
        let account = self.market.book.account(at);
        self.leave(account, Kind::Resting, at.slot());
        self.market.book.remove(at);
    }

    #[inline(always)]
    fn take_out_then_after(&mut self, at: At) -> Option<At> {
        let account = self.market.book.account(at);
        self.leave(account, Kind::Resting, at.slot());
        self.market.book.remove_then_after(at)
    }

    #[inline(always)]
    fn set_lots(&mut self, at: At, visible: Lots, hidden: Lots) {
        self.market.book.set_lots(at, visible, hidden);
    }

    fn requeue(&mut self, at: At, rank: Rank, visible: Lots, hidden: Lots) {
        self.market.book.requeue(at, rank, visible, hidden);
    }

    fn set_unpaired(&mut self, at: At) {
        self.market.book.unpair(at);
    }

    #[inline(always)]
    fn first_waiting(&mut self, direction: Direction) -> Option<TriggerAt> {
        self.market.triggers.first(direction)
    }

    fn waiting(&self, at: TriggerAt) -> PendingTrigger {
        self.market.triggers.get(at)
    }

    fn find_waiting(&mut self, id: OrderId) -> Option<TriggerAt> {
        let at = self.market.triggers.find(id.rank)?;
        (id_of_waiting(self.id, &self.market.triggers.get(at)) == id).then_some(at)
    }

    fn wait(&mut self, order: &PendingTrigger) {
        let at = self.market.triggers.insert(order);
        self.join(order.account, Kind::Waiting, at.slot());
    }

    fn take_out_waiting(&mut self, at: TriggerAt) {
        let account = self.market.triggers.get(at).account;
        self.leave(account, Kind::Waiting, at.slot());
        self.market.triggers.remove(at);
    }

    fn set_waiting_lots(&mut self, at: TriggerAt, lots: Lots) {
        self.market.triggers.set_lots(at, lots);
    }

    fn pair(&mut self, id: OrderId) -> Option<OrderId> {
        self.ledger.pairs.get(&id).copied()
    }

    fn set_pair(&mut self, one: OrderId, other: OrderId) {
        self.ledger.pairs.insert(one, other);
        self.ledger.pairs.insert(other, one);
    }

    fn take_pair(&mut self, id: OrderId) -> Option<OrderId> {
        let other = self.ledger.pairs.remove(&id)?;
        self.ledger.pairs.remove(&other);
        Some(other)
    }
}
