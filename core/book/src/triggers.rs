//! The narrow door to the orders of a market that wait for their trigger.

use ashlar_types::{AccountId, ClientId, Direction, Lots, OrderKind, Price, Rank, SelfTrade, Side, Time, TimeInForce};

/// An order that waits for its trigger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PendingTrigger {
    /// Whose it is.
    pub account: AccountId,
    /// Which way the price must go.
    pub direction: Direction,
    /// How far: the price of its place.
    pub trigger: Price,
    /// The rank of its place and of its id.
    pub rank: Rank,
    /// Buy or sell.
    pub side: Side,
    /// The limit it will trade at, and the price of its id.
    pub limit: Price,
    /// The price it reserves at; for a leg of a pair it covers both.
    pub reserve_at: Price,
    /// How much.
    pub lots: Lots,
    /// Limit or market.
    pub kind: OrderKind,
    /// Whether its rest will rest.
    pub time_in_force: TimeInForce,
    /// How it will treat its own account.
    pub self_trade: SelfTrade,
    /// Whether it is a leg of a pair.
    pub paired: bool,
    /// When it dies.
    pub expires: Time,
    /// The client's own name for it.
    pub client: ClientId,
}

/// The waiting orders of one market, in the order of their keys (SPEC K-3): per direction the one that fires first,
/// then the lowest rank. Ranks only ever grow, so one that comes in belongs at the back of its price.
pub trait Triggers {
    /// Where a waiting order is, until it is removed.
    type At: Copy + Eq + core::fmt::Debug;

    /// The one that fires first as the price moves this way.
    fn first(&mut self, direction: Direction) -> Option<Self::At>;
    /// The waiting order itself.
    fn get(&self, at: Self::At) -> PendingTrigger;
    /// Puts one in its place.
    fn insert(&mut self, trigger: &PendingTrigger) -> Self::At;
    /// Takes one out.
    fn remove(&mut self, at: Self::At);
    /// Finds one by the rank of its id.
    fn find(&mut self, rank: Rank) -> Option<Self::At>;
    /// Makes one smaller.
    fn set_lots(&mut self, at: Self::At, lots: Lots);
}
