//! A look at the books.

use ashlar_exchange::{HOUSE, HotStore, Store, View};
use ashlar_types::{AssetId, MarketId, Price, Side};

/// Orders looked at on each side; what is further away is not shown.
const ORDERS_LOOKED_AT: usize = 256;

/// What rests at one price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Lots that are shown there.
    pub lots: u64,
    /// Orders there.
    pub orders: usize,
}

/// One market.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which.
    pub id: MarketId,
    /// The best levels of each side, the best first.
    pub bids: Vec<Level>,
    /// The same for those who sell.
    pub asks: Vec<Level>,
    /// The price of the last trade.
    pub last: Price,
    /// Orders and triggers it holds.
    pub orders: u32,
}

/// All markets, and what the house has earned in the asset in which all of them are quoted.
#[derive(Clone, Debug)]
pub struct Look {
    /// Market by market.
    pub markets: Vec<Seen>,
    /// Fees, in units of the quote asset.
    pub fees: u64,
}

/// Looks at this many markets.
pub fn look(store: &mut HotStore, markets: u16) -> Look {
    let fees = store.balance(HOUSE, AssetId::FIRST, |balance| balance.free.get());
    Look { markets: (0..markets).filter_map(MarketId::new).filter_map(|id| seen(store, id)).collect(), fees }
}

fn seen(store: &mut HotStore, id: MarketId) -> Option<Seen> {
    let mut view = store.open(id)?;
    let (bids, asks) = (levels(&mut view, Side::Buy), levels(&mut view, Side::Sell));
    let live = view.live();
    Some(Seen { id, bids, asks, last: live.last, orders: live.orders })
}

fn levels(view: &mut impl View, side: Side) -> Vec<Level> {
    let mut levels: Vec<Level> = Vec::new();
    let mut next = view.best(side);
    for _ in 0..ORDERS_LOOKED_AT {
        let Some(at) = next else { break };
        let order = view.resting(at);
        match levels.last_mut().filter(|level| level.price == order.price) {
            Some(level) => (level.lots, level.orders) = (level.lots + order.visible.get(), level.orders + 1),
            None => levels.push(Level { price: order.price, lots: order.visible.get(), orders: 1 }),
        }
        next = view.after(at);
    }
    levels
}
