//! The narrow door between the rules of the exchange and whatever holds its state.
//!
//! Two stores stand behind it: the hot one of the live engine and the leaves of the authenticated map, which the
//! proof guest and the recorder of its witness use. Both give the same receipts and the same leaves after every command.

use alloc::vec::Vec;

use ashlar_book::{PendingTrigger, Resting};
use ashlar_types::{
    AccountId, Address, AssetId, Direction, FeeTier, KeySlot, Lots, MarketId, MarketRules, OrderId, Price, Rank, Side,
};

use crate::record::{Account, Asset, Balance, Clock, KeyTerms, Live, Market, Nonces, SessionKey};

/// The name of a resting order.
#[inline(always)]
pub const fn id_of(market: MarketId, order: &Resting) -> OrderId {
    OrderId { market, side: order.side, price: order.price, rank: order.id_rank }
}

/// The name of a waiting order (SPEC K-3).
#[inline(always)]
pub const fn id_of_waiting(market: MarketId, order: &PendingTrigger) -> OrderId {
    OrderId { market, side: order.side, price: order.limit, rank: order.rank }
}

/// One of an account's orders or triggers; they compare in the order of their keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listed {
    /// Triggers come after orders.
    pub waiting: bool,
    /// Its place: market, side or direction, normalised price, rank (SPEC K-3).
    pub place: u128,
    /// Its id.
    pub id: OrderId,
}

/// Whether a leaf of state belongs to the owner or to a session key's slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NonceLane {
    /// A session key's.
    Slot(KeySlot),
    /// The owner's.
    Owner,
}

/// Everything the rules read and write. Nothing here decides anything.
///
/// Records are changed through closures, so that a store finds each one once.
pub trait Store {
    /// Where a resting order is.
    type At: Copy + Eq + core::fmt::Debug;
    /// Where a waiting order is.
    type WaitingAt: Copy + Eq + core::fmt::Debug;
    /// One market, opened.
    type View<'a>: View<At = Self::At, WaitingAt = Self::WaitingAt>
    where
        Self: 'a;

    /// Called once, on an empty store: writes what is there before anything is.
    fn begin(&mut self);
    /// The counters of the exchange.
    fn clock(&mut self) -> &mut Clock;
    /// Opens a market, if it is listed.
    fn open(&mut self, market: MarketId) -> Option<Self::View<'_>>;

    /// An asset, if it is listed.
    fn asset<T>(&mut self, asset: AssetId, with: impl FnOnce(&mut Asset) -> T) -> Option<T>;
    /// Lists an asset.
    fn list_asset(&mut self, asset: AssetId, record: &Asset);
    /// Lists a market, with its sentinels.
    fn list_market(&mut self, market: MarketId, record: &Market, live: &Live);
    /// Gives a listed market other rules.
    fn set_rules(&mut self, market: MarketId, rules: &MarketRules) -> Option<()>;
    /// Sets the fees of a tier.
    fn set_fees(&mut self, schedule: u8, tier: u8, fees: &FeeTier);

    /// The first account of an owner.
    fn first_account(&mut self, owner: Address) -> Option<AccountId>;
    /// Opens an account; the owner's first one is also found by the owner.
    fn open_account(&mut self, account: AccountId, owner: Address);
    /// An account, if it is open.
    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T>;
    /// Whose an account is.
    fn owner(&mut self, account: AccountId) -> Option<Address>;
    /// A balance; one that was never touched is zero.
    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T;

    /// What a slot holds or has held.
    fn key(&mut self, account: AccountId, slot: KeySlot) -> Option<KeyTerms>;
    /// Puts a key in a slot.
    fn set_key(&mut self, account: AccountId, slot: KeySlot, key: &SessionKey);
    /// The nonces of a signer.
    fn nonces<T>(&mut self, account: AccountId, lane: NonceLane, with: impl FnOnce(&mut Nonces) -> T) -> T;

    /// Every order and trigger of an account, of one market or of all, strictly ascending.
    fn list(&mut self, account: AccountId, market: Option<MarketId>, listed: &mut Vec<Listed>);
}

/// One market, and of everything else what trading in it touches.
pub trait View {
    /// Where a resting order is.
    type At: Copy + Eq + core::fmt::Debug;
    /// Where a waiting order is.
    type WaitingAt: Copy + Eq + core::fmt::Debug;

    /// Which market.
    fn id(&self) -> MarketId;
    /// Its terms and rules.
    fn record(&self) -> &Market;
    /// What changes in it.
    fn live(&self) -> &Live;
    /// Changes that.
    fn live_mut(&mut self) -> &mut Live;
    /// Leaves the market: what was changed stays.
    fn close(self);

    /// The fees of a tier in the market's schedule; nothing was set means nothing is charged.
    fn fees(&mut self, tier: u8) -> FeeTier;
    /// An account, if it is open.
    fn account<T>(&mut self, account: AccountId, with: impl FnOnce(&mut Account) -> T) -> Option<T>;
    /// A balance; one that was never touched is zero.
    fn balance<T>(&mut self, account: AccountId, asset: AssetId, with: impl FnOnce(&mut Balance) -> T) -> T;
    /// How many orders and triggers an account holds here: what came to rest or to wait and was not taken out.
    fn count(&mut self, account: AccountId) -> u32;

    /// The first resting order of a side.
    fn best(&mut self, side: Side) -> Option<Self::At>;
    /// The best price of a side.
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.best(side).map(|at| self.resting(at).price)
    }
    /// The resting order after this one.
    fn after(&mut self, at: Self::At) -> Option<Self::At>;
    /// A resting order.
    fn resting(&self, at: Self::At) -> Resting;
    /// Finds a resting order of this market by its id.
    fn find(&mut self, id: OrderId) -> Option<(Self::At, Resting)>;
    /// Lets an order rest.
    fn rest(&mut self, order: &Resting) -> Self::At;
    /// Takes an order out.
    fn take_out(&mut self, at: Self::At);
    /// Takes an order out and gives the one after it.
    fn take_out_then_after(&mut self, at: Self::At) -> Option<Self::At>;
    /// Changes what is left of an order.
    fn set_lots(&mut self, at: Self::At, visible: Lots, hidden: Lots);
    /// Moves an order to the back of its price.
    fn requeue(&mut self, at: Self::At, rank: Rank, visible: Lots, hidden: Lots);
    /// Frees a resting order from its pair.
    fn set_unpaired(&mut self, at: Self::At);

    /// The first order that waits for this direction.
    fn first_waiting(&mut self, direction: Direction) -> Option<Self::WaitingAt>;
    /// A waiting order.
    fn waiting(&self, at: Self::WaitingAt) -> PendingTrigger;
    /// Finds a waiting order of this market by its id.
    fn find_waiting(&mut self, id: OrderId) -> Option<Self::WaitingAt>;
    /// Puts an order to wait.
    fn wait(&mut self, order: &PendingTrigger);
    /// Takes a waiting order out.
    fn take_out_waiting(&mut self, at: Self::WaitingAt);
    /// Makes a waiting order smaller.
    fn set_waiting_lots(&mut self, at: Self::WaitingAt, lots: Lots);

    /// The other leg of a pair.
    fn pair(&mut self, id: OrderId) -> Option<OrderId>;
    /// Makes two orders a pair.
    fn set_pair(&mut self, one: OrderId, other: OrderId);
    /// Ends a pair, named by either leg; the other leg is given.
    fn take_pair(&mut self, id: OrderId) -> Option<OrderId>;
}
