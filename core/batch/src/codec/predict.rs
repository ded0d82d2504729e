//! What the next number is expected to be. Encoder and decoder hold the same expectations, since both have seen the same
//! inputs so far, and only what differs is written.

use ashlar_types::{AccountId, MarketId, OrderId, Price, Side, Signer};

/// How far a number is from the expected one, small either way. Every pair has one distance and every distance one
/// number, modulo 2^64.
#[inline]
pub(super) const fn fold(number: u64, expected: u64) -> u64 {
    let distance = number.wrapping_sub(expected) as i64;
    ((distance << 1) ^ (distance >> 63)) as u64
}

/// The number at a distance.
#[inline]
pub(super) const fn unfold(folded: u64, expected: u64) -> u64 {
    let distance = (folded >> 1) ^ (folded & 1).wrapping_neg();
    expected.wrapping_add(distance)
}

pub(super) const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Who can speak in a batch, and what is expected of the next message.
#[derive(Clone, Copy, Debug)]
pub(super) struct SignerState {
    pub account: AccountId,
    pub signer: Signer,
    /// The next nonce, once there was a message.
    pub nonce: Option<u64>,
    /// How long the last message that ends asked to be valid.
    pub span: Option<u64>,
    /// The next client id, once there was an order.
    pub client: Option<u64>,
}

impl SignerState {
    pub(super) const fn new(account: AccountId, signer: Signer) -> SignerState {
        SignerState { account, signer, nonce: None, span: None, client: None }
    }
}

/// What is expected of the next order, or order id, of a market.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarketState {
    pub market: MarketId,
    /// Sizes are multiples of this.
    pub unit: u64,
    /// What the sizes read so far, in units, have in common.
    pub divisor: u64,
    /// Whether any command is for it.
    pub used: bool,
    /// Last price by side, once there was one on either.
    prices: Option<[Price; 2]>,
    rank: Option<u64>,
}

impl MarketState {
    pub(super) const fn new(market: MarketId, unit: u64) -> MarketState {
        MarketState { market, unit, divisor: 0, used: false, prices: None, rank: None }
    }

    /// The price expected on a side.
    #[inline]
    pub(super) fn price(&self, side: Side) -> Option<u64> {
        let [buy, sell] = self.prices?;
        Some(match side {
            Side::Buy => buy.get(),
            Side::Sell => sell.get(),
        })
    }

    /// The rank expected.
    #[inline]
    pub(super) const fn rank(&self) -> Option<u64> {
        self.rank
    }

    #[inline]
    pub(super) fn saw_price(&mut self, side: Side, price: Price) {
        let [buy, sell] = self.prices.unwrap_or([price; 2]);
        self.prices = Some(match side {
            Side::Buy => [price, sell],
            Side::Sell => [buy, price],
        });
    }

    #[inline]
    pub(super) fn saw_id(&mut self, id: &OrderId) {
        self.saw_price(id.side, id.price);
        self.rank = Some(id.rank.get());
    }
}
