//! What leaves the engine: lines of one cache line each, in the order in which they happened.

use ashlar_types::{Event, OrderId, Receipt, Side, Trade};

/// One line. The lowest byte of the first word says what it is; a trade takes two.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(align(64))]
pub struct Record(pub [u64; 8]);

const _: () = assert!(size_of::<Record>() == 64);

const RECEIPT: u64 = 1;
const TRADE: u64 = 2;
const TRADE_MONEY: u64 = 3;
const REMOVED: u64 = 4;
const REDUCED: u64 = 5;
const REFILLED: u64 = 6;
const FIRED: u64 = 7;
const PLACED: u64 = 8;
const REFUSED: u64 = 9;
const CREDITED: u64 = 10;
const WITHDRAWN: u64 = 11;
const OPENED: u64 = 12;
const CASCADE_PENDING: u64 = 13;

/// Market 16, side 1, price 47; then the rank.
#[inline(always)]
fn place(order: OrderId) -> [u64; 2] {
    let side = u64::from(order.side == Side::Sell);
    [u64::from(order.market.get()) << 48 | side << 47 | order.price.get(), order.rank.get()]
}

/// Kind 8, reason 8, nothing 16, account 32.
#[inline(always)]
fn head(kind: u64, reason: u64, account: u32) -> u64 {
    kind | reason << 8 | u64::from(account) << 32
}

/// The line of a receipt; a place of zero is no order, for no price is zero.
#[inline(always)]
pub fn of_receipt(receipt: &Receipt) -> Record {
    let [at, rank] = receipt.order.map_or([0; 2], place);
    let head = head(RECEIPT, receipt.reason as u64, receipt.account.get());
    let (filled, remaining) = (receipt.filled.get(), receipt.remaining.get());
    Record([head, receipt.sequence.get(), receipt.time.get(), at, rank, receipt.client.0, filled, remaining])
}

/// The two lines of a trade.
#[inline(always)]
pub fn of_trade(trade: &Trade) -> [Record; 2] {
    let ([maker, maker_rank], [taker, taker_rank]) = (place(trade.maker), place(trade.taker));
    let first = head(TRADE, 0, trade.maker_account.get());
    let second = head(TRADE_MONEY, 0, trade.taker_account.get());
    let (price, lots, left) = (trade.price.get(), trade.lots.get(), trade.maker_remaining.get());
    let (fee, rebate, taker_fee) = (trade.maker_fee.get(), trade.maker_rebate.get(), trade.taker_fee.get());
    [
        Record([first, maker, maker_rank, taker, taker_rank, price, lots, left]),
        Record([second, fee, rebate, taker_fee, 0, 0, 0, 0]),
    ]
}

/// The line of any other event; a trade's is its first.
pub fn of_event(event: &Event) -> Record {
    let about = |kind, reason, account, order, a, b| {
        let [at, rank] = place(order);
        Record([head(kind, reason, account), at, rank, a, b, 0, 0, 0])
    };
    match *event {
        Event::Trade(trade) => of_trade(&trade)[0],
        Event::Removed { order, account, lots, reason } => {
            about(REMOVED, reason as u64, account.get(), order, lots.get(), 0)
        }
        Event::Reduced { order, remaining } => about(REDUCED, 0, 0, order, remaining.get(), 0),
        Event::Refilled { order, rank, visible } => about(REFILLED, 0, 0, order, rank.get(), visible.get()),
        Event::Fired { order, account } => about(FIRED, 0, account.get(), order, 0, 0),
        Event::Placed { order, account, client, filled, remaining, reason } => {
            let mut line = about(PLACED, reason as u64, account.get(), order, filled.get(), remaining.get());
            line.0[5] = client.0;
            line
        }
        Event::Refused { account, client, reason } => {
            Record([head(REFUSED, reason as u64, account.get()), client.0, 0, 0, 0, 0, 0, 0])
        }
        Event::Credited { account, asset, amount } => {
            Record([head(CREDITED, 0, account.get()), u64::from(asset.get()), amount.get(), 0, 0, 0, 0, 0])
        }
        Event::Withdrawn { index, to, asset, amount } => {
            let [a, b, c] = address_words(to.0);
            Record([head(WITHDRAWN, 0, 0), index.get(), u64::from(asset.get()), amount.get(), a, b, c, 0])
        }
        Event::Opened { account, owner } => {
            let [a, b, c] = address_words(owner.0);
            Record([head(OPENED, 0, account.get()), a, b, c, 0, 0, 0, 0])
        }
        Event::CascadePending { market } => {
            Record([head(CASCADE_PENDING, 0, 0), u64::from(market.get()), 0, 0, 0, 0, 0, 0])
        }
    }
}

/// Twenty bytes in three words, the last one's upper half free.
fn address_words(address: [u8; 20]) -> [u64; 3] {
    let mut words = [0; 3];
    for (index, byte) in address.into_iter().enumerate() {
        words[index / 8] |= u64::from(byte) << (8 * (index % 8));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_types::{AccountId, ClientId, Lots, MarketId, Price, Rank, Reason, Sequence, Time};

    #[test]
    fn a_receipt_loses_nothing() {
        let order = OrderId {
            market: MarketId::new(5).expect("in range"),
            side: Side::Sell,
            price: Price::MAX,
            rank: Rank::new(u64::MAX),
        };
        let receipt = Receipt {
            sequence: Sequence::new(9),
            time: Time::NEVER,
            account: AccountId::new(77).expect("in range"),
            reason: Reason::Resting,
            order: Some(order),
            client: ClientId(u64::MAX),
            filled: Lots::MAX,
            remaining: Lots::ZERO,
        };
        let Record([head, sequence, time, at, rank, client, filled, remaining]) = of_receipt(&receipt);
        assert_eq!((head & 0xFF, head >> 8 & 0xFF, head >> 32), (RECEIPT, Reason::Resting as u64, 77));
        assert_eq!((sequence, time, rank, client), (9, Time::NEVER.get(), u64::MAX, u64::MAX));
        assert_eq!((at >> 48, at >> 47 & 1, at & ((1 << 47) - 1)), (5, 1, Price::MAX.get()));
        assert_eq!((filled, remaining), (Lots::MAX.get(), 0));
    }

    #[test]
    fn an_address_keeps_its_bytes() {
        let address: [u8; 20] = std::array::from_fn(|index| index as u8 + 1);
        let bytes: Vec<u8> = address_words(address).into_iter().flat_map(u64::to_le_bytes).collect();
        assert_eq!((&bytes[..20], &bytes[20..]), (&address[..], &[0; 4][..]));
    }
}
