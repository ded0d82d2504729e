//! What a group holds: stretches of the order, and the marks around an unwinding.

use ashlar_types::{Decode, DecodeError, Encode, Reader, Sequence, Writer};

use crate::limits::GROUP_BYTES_MAX;
use crate::ordered::{Epoch, L1Block, Ordered};

/// One record (SPEC J-8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// A stretch of the order.
    Ordered(Ordered),
    /// From here on the order is written anew, from `from` on, in a new epoch. It counts once `Unwound` says so.
    Unwinding {
        /// The new epoch.
        epoch: Epoch,
        /// The first command that is ordered anew.
        from: Sequence,
        /// The last L1 block that both orders know.
        block: L1Block,
    },
    /// The new order stands, and what it takes the place of does not count any more.
    Unwound {
        /// The new epoch.
        epoch: Epoch,
    },
    /// The new order was never finished: the old one stands.
    Abandoned {
        /// The epoch that does not begin.
        epoch: Epoch,
    },
}

impl Encode for Record {
    fn encode(&self, writer: &mut Writer) {
        match self {
            Record::Ordered(ordered) => encode_ordered(ordered, writer),
            Record::Unwinding { epoch, from, block } => {
                writer.u8(1);
                writer.u64(epoch.get());
                writer.u64(from.get());
                block.encode(writer);
            }
            Record::Unwound { epoch } => {
                writer.u8(2);
                writer.u64(epoch.get());
            }
            Record::Abandoned { epoch } => {
                writer.u8(3);
                writer.u64(epoch.get());
            }
        }
    }
}

/// The encoding of `Record::Ordered`, without taking the value.
pub fn encode_ordered(ordered: &Ordered, writer: &mut Writer) {
    writer.u8(0);
    ordered.encode(writer);
}

impl Decode for Record {
    const BYTES_MAX: usize = GROUP_BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        Ok(match reader.u8()? {
            0 => Record::Ordered(Ordered::decode(reader)?),
            1 => Record::Unwinding {
                epoch: Epoch::new(reader.u64()?),
                from: Sequence::new(reader.u64()?),
                block: L1Block::decode(reader)?,
            },
            2 => Record::Unwound { epoch: Epoch::new(reader.u64()?) },
            3 => Record::Abandoned { epoch: Epoch::new(reader.u64()?) },
            got => return Err(DecodeError::UnknownTag { what: "journal record", got, offset }),
        })
    }
}
