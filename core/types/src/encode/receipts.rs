use super::layout::{encode_enum, encode_struct};
use super::{Decode, DecodeError, Encode, Reader, Writer};
use crate::ids::{AccountId, Address, AssetId, ClientId, MarketId, OrderId, Rank, Sequence, WithdrawalIndex};
use crate::quantity::{Amount, Lots, Price, Time};
use crate::receipt::{Event, Reason, Receipt, Trade};

impl Encode for Reason {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(*self as u8);
    }
}

impl Decode for Reason {
    const BYTES_MAX: usize = 1;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let got = reader.u8()?;
        Reason::from_code(got).ok_or(DecodeError::UnknownTag { what: "reason", got, offset })
    }
}

encode_struct!(Receipt {
    sequence: Sequence,
    time: Time,
    account: AccountId,
    reason: Reason,
    order: Option<OrderId>,
    client: ClientId,
    filled: Lots,
    remaining: Lots,
});

encode_struct!(Trade {
    maker: OrderId,
    taker: OrderId,
    maker_account: AccountId,
    taker_account: AccountId,
    price: Price,
    lots: Lots,
    maker_remaining: Lots,
    maker_fee: Amount,
    maker_rebate: Amount,
    taker_fee: Amount,
});

encode_enum!(Event as "event" {
    0 => Trade(trade: Trade),
    1 => Removed { order: OrderId, account: AccountId, lots: Lots, reason: Reason },
    2 => Reduced { order: OrderId, remaining: Lots },
    3 => Refilled { order: OrderId, rank: Rank, visible: Lots },
    4 => Fired { order: OrderId, account: AccountId },
    5 => Placed {
        order: OrderId,
        account: AccountId,
        client: ClientId,
        filled: Lots,
        remaining: Lots,
        reason: Reason,
    },
    6 => Refused { account: AccountId, client: ClientId, reason: Reason },
    7 => Credited { account: AccountId, asset: AssetId, amount: Amount },
    8 => Withdrawn { index: WithdrawalIndex, to: Address, asset: AssetId, amount: Amount },
    9 => Opened { account: AccountId, owner: Address },
    10 => CascadePending { market: MarketId },
});
