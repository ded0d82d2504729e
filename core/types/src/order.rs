//! What a trader can ask of one order.

use crate::ids::{ClientId, MarketId, Side};
use crate::quantity::{Lots, Price, Time};

/// How an order behaves towards what it cannot trade at once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum TimeInForce {
    /// Rests until it is filled or cancelled, or until its expiry.
    Rest = 0,
    /// Trades what it can at once; the rest is cancelled.
    ImmediateOrCancel = 1,
    /// Trades in full at once or not at all.
    FillOrKill = 2,
}

/// Whether an order may take liquidity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum PostOnly {
    /// It may.
    No = 0,
    /// It may not: if it would trade it is refused.
    Reject = 1,
    /// It may not: if it would trade it is moved to the best price at which it does not.
    Slide = 2,
}

/// What happens when an order meets another of the same owner's account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum SelfTrade {
    /// The arriving order's rest is cancelled.
    CancelNewest = 0,
    /// The resting order is cancelled and matching goes on.
    CancelOldest = 1,
    /// Both are cancelled.
    CancelBoth = 2,
    /// Both shrink by the smaller of the two; what reaches zero is cancelled.
    Decrement = 3,
}

/// Limit or market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum OrderKind {
    /// Trades at its price or better.
    Limit = 0,
    /// Trades at once within the market's collar and within its own price; never rests.
    Market = 1,
}

/// Which way the last price must move to fire a trigger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Direction {
    /// Fires at or below its price: a seller's stop, a buyer's take-profit.
    Falls = 0,
    /// Fires at or above its price: a buyer's stop, a seller's take-profit.
    Rises = 1,
}

/// The condition of a stop or take-profit order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trigger {
    /// Which way the price must go.
    pub direction: Direction,
    /// How far.
    pub price: Price,
}

/// An order as a trader asks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// Where.
    pub market: MarketId,
    /// Buy or sell.
    pub side: Side,
    /// Limit or market.
    pub kind: OrderKind,
    /// What becomes of the part that does not trade at once.
    pub time_in_force: TimeInForce,
    /// Whether it may take.
    pub post_only: PostOnly,
    /// What happens when it meets its own account.
    pub self_trade: SelfTrade,
    /// The worst price it accepts. A market order that only wants the collar gives the end of the range.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// How much of it to show at a time; zero shows all.
    pub display: Lots,
    /// When it dies; `Time::NEVER` if it does not.
    pub expires: Time,
    /// What must happen first, for a stop or take-profit order.
    pub trigger: Option<Trigger>,
    /// The client's own name for it.
    pub client: ClientId,
}

impl NewOrder {
    /// A plain limit order that rests.
    pub const fn limit(market: MarketId, side: Side, price: Price, lots: Lots) -> NewOrder {
        NewOrder {
            market,
            side,
            kind: OrderKind::Limit,
            time_in_force: TimeInForce::Rest,
            post_only: PostOnly::No,
            self_trade: SelfTrade::CancelNewest,
            price,
            lots,
            display: Lots::ZERO,
            expires: Time::NEVER,
            trigger: None,
            client: ClientId(0),
        }
    }
}
