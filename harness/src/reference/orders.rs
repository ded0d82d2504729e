//! Orders at rest, orders that wait, and their places (K-2, K-3).

use ashlar_types::limits::PRICE_BITS;
use ashlar_types::{AccountId, ClientId, Direction, MarketId, OrderId, PostOnly, Price, Rank, SelfTrade, Side, Time};

/// Where an order or trigger stands. Smaller is better, and the order of places is the order of keys (K-3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Its market.
    pub market: MarketId,
    /// Its side in a book, its direction among triggers.
    pub bit: u64,
    /// Its normalised price.
    pub normal: u64,
    /// Its rank.
    pub rank: u64,
}

impl Place {
    /// A place in a book.
    pub fn in_book(market: MarketId, side: Side, limit: Price, rank: u64) -> Place {
        Place::of(market, side == Side::Sell, limit, rank)
    }

    /// A place among the triggers of a market.
    pub fn among_triggers(market: MarketId, direction: Direction, trigger: Price, rank: u64) -> Place {
        Place::of(market, direction == Direction::Rises, trigger, rank)
    }

    /// Sells and rises have their price, buys and falls what is missing to the top of the range (K-2).
    fn of(market: MarketId, upwards: bool, price: Price, rank: u64) -> Place {
        let top = (1 << PRICE_BITS) - 1;
        let normal = if upwards { price.get() } else { top - price.get() };
        Place { market, bit: u64::from(upwards), normal, rank }
    }

    /// The sentinel that stands before every place of this market and side or direction (K-5).
    pub fn sentinel(market: MarketId, bit: u64) -> Place {
        Place { market, bit, normal: 0, rank: 0 }
    }

    /// Whether the other place is on the same list.
    pub fn same_list(&self, other: &Place) -> bool {
        self.market == other.market && self.bit == other.bit
    }

    /// The two words of the place (K-3).
    pub fn words(&self) -> [u64; 2] {
        [u64::from(self.market.get()) << 48 | self.bit << PRICE_BITS | self.normal, self.rank]
    }

    /// The id of an order for which this is the first place in a book, real or to come (K-3).
    pub fn id(&self) -> OrderId {
        let side = Side::from_bit(self.bit);
        OrderId { market: self.market, side, price: side.denormalise(self.normal), rank: Rank::new(self.rank) }
    }
}

/// The place in a book that is the order's id.
pub fn place_of_id(id: OrderId) -> Place {
    Place::in_book(id.market, id.side, id.price, id.rank.get())
}

/// An order in a book.
#[derive(Clone, Debug)]
pub struct Resting {
    /// Its name.
    pub id: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Which side.
    pub side: Side,
    /// Its limit.
    pub limit: Price,
    /// The rank of its place.
    pub rank: u64,
    /// Lots that can be traded now.
    pub visible: u64,
    /// Lots that come after them.
    pub hidden: u64,
    /// How much is shown at a time; zero shows all.
    pub display: u64,
    /// When it dies.
    pub expires: Time,
    /// The client's name for it.
    pub client: ClientId,
    /// What it does when it meets its own account as a taker.
    pub self_trade: SelfTrade,
    /// How it was post-only.
    pub post_only: PostOnly,
    /// The waiting leg, if it is one of a pair.
    pub pair: Option<OrderId>,
}

impl Resting {
    /// Visible and hidden lots.
    pub fn lots(&self) -> u64 {
        self.visible + self.hidden
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        Place::in_book(self.id.market, self.side, self.limit, self.rank)
    }

    /// Takes lots off, from the hidden part first (C-19, M-3).
    pub fn shrink(&mut self, by: u64) {
        let from_hidden = by.min(self.hidden);
        self.hidden -= from_hidden;
        self.visible -= by - from_hidden;
    }
}

/// An order that waits for its trigger.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Its name: the place it would have in the book.
    pub id: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Which way the price must go.
    pub direction: Direction,
    /// How far.
    pub trigger: Price,
    /// Which side it will take.
    pub side: Side,
    /// How much.
    pub lots: u64,
    /// The limit it will trade at.
    pub limit: Price,
    /// The price that a buy order reserves at (F-2).
    pub reserve_price: Price,
    /// Whether it is a market order.
    pub market_order: bool,
    /// Whether its rest is cancelled after it fired.
    pub immediate: bool,
    /// When it dies.
    pub expires: Time,
    /// The client's name for it.
    pub client: ClientId,
    /// What it does when it meets its own account.
    pub self_trade: SelfTrade,
    /// The limit leg, if it is one of a pair.
    pub pair: Option<OrderId>,
}

impl Waiting {
    /// Where it stands.
    pub fn place(&self) -> Place {
        Place::among_triggers(self.id.market, self.direction, self.trigger, self.id.rank.get())
    }

    /// Whether prices between these have been traded at make it fire (M-11).
    pub fn is_due(&self, low: Price, high: Price) -> bool {
        match self.direction {
            Direction::Falls => self.trigger >= low,
            Direction::Rises => self.trigger <= high,
        }
    }
}

/// Where the order of an id is now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// In a book.
    Book(Place),
    /// Among the triggers.
    Triggers(Place),
}
