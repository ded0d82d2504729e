//! The narrow door between the matcher and whatever holds the orders.

use ashlar_types::{AccountId, ClientId, Lots, Price, Rank, Reason, SelfTrade, PostOnly, Side, Time};

/// An order as it rests in a book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    /// Whose it is.
    pub account: AccountId,
    /// Its side.
    pub side: Side,
    /// Its limit, the price of its place.
    pub price: Price,
    /// The rank of its place.
    pub rank: Rank,
    /// The price of its id.
    pub id_price: Price,
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
pub trait Orders {
    /// Where an order is, until it is removed; requeueing keeps it.
    type At: Copy + Eq + core::fmt::Debug;

    /// The first order of a side.
    fn best(&mut self, side: Side) -> Option<Self::At>;
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
pub trait Floor: Orders {
    /// Whether an order of this account with this expiry is dead (SPEC C-27).
    fn is_dead(&mut self, account: AccountId, expires: Time) -> bool;
    /// The next rank of the market.
    fn next_rank(&mut self) -> Rank;
    /// A trade at the maker's price; `maker` is the order before it. What the store holds is brought up to date by the matcher.
    fn traded(&mut self, maker: &Resting, lots: Lots);
    /// An order was taken out without having been filled; `order` is what it was.
    fn removed(&mut self, order: &Resting, reason: Reason);
    /// An order lost lots without a trade; `order` is what it was.
    fn decremented(&mut self, order: &Resting, by: Lots);
    /// An iceberg order shows its next part; `order` is what it is now.
    fn refilled(&mut self, order: &Resting);
}
