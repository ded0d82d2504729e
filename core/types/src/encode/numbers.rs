//! Numbers and names: little-endian, as wide as their type's range needs.

use super::layout::Listed;
use super::{Decode, DecodeError, Encode, Reader, Writer};
use crate::command::Scopes;
use crate::ids::{
    AccountId, Address, AssetId, BatchNumber, ClientId, InboxIndex, KeySlot, MarketId, OrderId, Rank, Sequence,
    WithdrawalIndex,
};
use crate::limits::SWEEP_ORDERS_MAX;
use crate::quantity::{Amount, Lots, Ppm, Price, Time};

/// Plain integers: every value is in range.
macro_rules! encode_int {
    ($($ty:ident $bytes:literal),+ $(,)?) => {$(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, writer: &mut Writer) {
                writer.$ty(*self);
            }
        }

        impl Decode for $ty {
            const BYTES_MAX: usize = $bytes;

            #[inline]
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.$ty()
            }
        }
    )+};
}

encode_int!(u8 1, u16 2, u32 4, u64 8);

/// Types over one integer whose constructor says whether it is in range.
macro_rules! encode_ranged {
    ($($ty:ident as $what:literal: $field:ident $bytes:literal),+ $(,)?) => {$(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, writer: &mut Writer) {
                writer.$field(self.get());
            }
        }

        impl Decode for $ty {
            const BYTES_MAX: usize = $bytes;

            #[inline]
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let offset = reader.offset();
                let got = reader.$field()?;
                $ty::new(got).ok_or(DecodeError::OutOfRange { what: $what, got: got.into(), offset })
            }
        }
    )+};
}

encode_ranged!(
    Price as "price": u48 6,
    Lots as "lots": u48 6,
    Amount as "amount": u64 8,
    Time as "time": u48 6,
    AccountId as "account": u32 4,
    MarketId as "market": u16 2,
    AssetId as "asset": u16 2,
    KeySlot as "key slot": u8 1,
);

/// Types over one integer of which every value is in range.
macro_rules! encode_total {
    ($($ty:ident: $int:ident, $get:expr, $new:expr);+ $(;)?) => {$(
        impl Encode for $ty {
            #[inline]
            fn encode(&self, writer: &mut Writer) {
                let get: fn(&$ty) -> $int = $get;
                writer.$int(get(self));
            }
        }

        impl Decode for $ty {
            const BYTES_MAX: usize = <$int as Decode>::BYTES_MAX;

            #[inline]
            fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
                reader.$int().map($new)
            }
        }
    )+};
}

encode_total!(
    Sequence: u64, |v| v.get(), Sequence::new;
    BatchNumber: u64, |v| v.get(), BatchNumber::new;
    Rank: u64, |v| v.get(), Rank::new;
    WithdrawalIndex: u64, |v| v.get(), WithdrawalIndex::new;
    InboxIndex: u64, |v| v.get(), InboxIndex::new;
    ClientId: u64, |v| v.0, ClientId;
    Ppm: u32, |v| v.0, Ppm;
);

impl Encode for bool {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(u8::from(*self));
    }
}

impl Decode for bool {
    const BYTES_MAX: usize = 1;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        match reader.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            got => Err(DecodeError::UnknownTag { what: "yes or no", got, offset }),
        }
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    const BYTES_MAX: usize = N;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array()
    }
}

impl Encode for Address {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.0);
    }
}

impl Decode for Address {
    const BYTES_MAX: usize = 20;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array().map(Address)
    }
}

impl Encode for Scopes {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(self.0);
    }
}

impl Decode for Scopes {
    const BYTES_MAX: usize = 1;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let scopes = Scopes(reader.u8()?);
        if Scopes::ALL.covers(scopes) {
            Ok(scopes)
        } else {
            Err(DecodeError::OutOfRange { what: "scopes", got: scopes.0.into(), offset })
        }
    }
}

/// Big-endian, unlike all other numbers, so that the order of the bytes is the order of the book keys (E-6).
impl Encode for OrderId {
    fn encode(&self, writer: &mut Writer) {
        // Most significant byte first, unlike all else, so that ids compare as bytes do.
        let bits = self.to_u128();
        writer.u64(((bits >> 64) as u64).swap_bytes());
        writer.u64((bits as u64).swap_bytes());
    }
}

impl Decode for OrderId {
    const BYTES_MAX: usize = 16;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let bits = u128::from_be_bytes(reader.array()?);
        // The rank has no bounds of its own: only the upper half can be at fault.
        OrderId::from_u128(bits).ok_or(DecodeError::OutOfRange {
            what: "an order's market and price",
            got: (bits >> 64) as u64,
            offset,
        })
    }
}

impl Listed for OrderId {
    const LIST_MAX: usize = SWEEP_ORDERS_MAX;
    const PLURAL: &'static str = "orders";
}
