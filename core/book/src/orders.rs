//! The narrow door between the matcher and whatever holds the orders.

use ashlar_types::{AccountId, ClientId, Lots, PostOnly, Price, Rank, Reason, SelfTrade, Side, Time};

/// An order as it rests in a book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    /// Whose it is.
    pub account: AccountId,
    /// Its side.
    pub side: Side,
    /// Its limit, the price of its place and of its id.
    pub price: Price,
    /// The rank of its place.
    pub rank: Rank,
    /// The rank of its id; no other order of the market ever has it.
    pub id_rank: Rank,
    /// What can be traded now.
    pub visible: Lots,
    /// What comes after it.
    pub hidden: Lots,
    /// How much is shown at a time; zero shows all.
    pub display: Lots,
    /// When it dies.
    pub expires: Time,
    /// The client's own name for it.
    pub client: ClientId,
    /// How it treats its own account, should it be replaced.
    pub self_trade: SelfTrade,
    /// Whether it was post-only, should it be replaced.
    pub post_only: PostOnly,
    /// Whether it is a leg of a pair.
    pub paired: bool,
}

impl Resting {
    /// Visible and hidden together.
    #[inline(always)]
    pub fn lots(&self) -> Lots {
        self.visible.checked_add(self.hidden).unwrap_or(Lots::MAX)
    }
}

/// The resting orders of one market, in the order of their keys (SPEC K-3): per side best price first, then lowest rank.
///
/// Ranks only ever grow, so an order that comes in, or is requeued, belongs at the back of its price.
pub trait Orders {
    /// Where an order is, until it is removed; requeueing keeps it.
    type At: Copy + Eq + core::fmt::Debug;

    /// The first order of a side.
    fn best(&mut self, side: Side) -> Option<Self::At>;
    /// The price of the first order of a side. Most arriving orders need no more than this.
    #[inline(always)]
    fn best_price(&mut self, side: Side) -> Option<Price> {
        self.best(side).map(|at| self.get(at).price)
    }
    /// The order after this one on its side.
    fn after(&mut self, at: Self::At) -> Option<Self::At>;
    /// The order itself.
    fn get(&self, at: Self::At) -> Resting;
    /// Puts an order in its place.
    fn insert(&mut self, order: &Resting) -> Self::At;
    /// Takes an order out.
    fn remove(&mut self, at: Self::At);
    /// Takes an order out and gives the one after it.
    fn remove_then_after(&mut self, at: Self::At) -> Option<Self::At> {
        let next = self.after(at);
        self.remove(at);
        next
    }
    /// Changes what is left of an order, in its place.
    fn set_lots(&mut self, at: Self::At, visible: Lots, hidden: Lots);
    /// Moves an order to the back of its price under a new rank.
    fn requeue(&mut self, at: Self::At, rank: Rank, visible: Lots, hidden: Lots);
}

/// The orders of a market together with what matching has to know and to tell about accounts.
///
/// Each callback comes *before* the matcher changes the store, with the order as it was; `refilled` alone comes after,
/// with the order as it now is. What a callback does to balances, triggers and events is its own; in this book it may
/// only say of the order it is told about that it is no longer a leg of a pair.
pub trait Floor: Orders {
    /// Whether an order of this account with this expiry is dead (SPEC C-27).
    fn is_dead(&mut self, account: AccountId, expires: Time) -> bool;
    /// The next rank of the market.
    fn next_rank(&mut self) -> Rank;
    /// A trade at the maker's price. If the maker is a leg of a pair, the other leg goes first and the maker is a leg no
    /// longer (SPEC C-25).
    fn traded(&mut self, maker: &Resting, lots: Lots);
    /// An order is taken out without having been filled. A leg of a pair takes the other leg with it (SPEC C-25).
    fn removed(&mut self, order: &Resting, reason: Reason);
    /// The taker loses lots without a trade (SPEC M-3); what becomes of the maker is told next.
    fn shrunk(&mut self, by: Lots);
    /// An order loses lots without a trade, and some are left. One that loses all is `removed` instead.
    fn decremented(&mut self, order: &Resting, by: Lots);
    /// An iceberg order shows its next part; `order` is what it is now.
    fn refilled(&mut self, order: &Resting);
}
