use ashlar_batch::SIGNATURE_BYTES;
use ashlar_batch::Signatures;
use ashlar_batch::merkle::Digest;
use ashlar_types::{BatchNumber, Decode, DecodeError, Encode, Reader, Writer, from_bytes};

use crate::Share;
use crate::limits::{DEPOSIT_BYTES_MAX, SECTION_BYTES_MAX};

/// The name under which stores keep the signatures of a batch: its number and the root over them, as a header has both.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SectionKey {
    /// The batch.
    pub number: BatchNumber,
    /// The root of its signatures (B-25).
    pub root: Digest,
}

impl SectionKey {
    /// Bytes of its encoding: one more than a batch's, so that neither name is taken for the other.
    pub const BYTES: usize = 8 + Digest::BYTES + 1;
    const TAG: u8 = b's';

    /// From the name of a file; `None` if it is not one of ours.
    pub fn from_name(name: &[u8]) -> Option<SectionKey> {
        from_bytes(name).ok()
    }
}

impl Encode for SectionKey {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.number.get().to_be_bytes());
        self.root.encode(writer);
        writer.u8(Self::TAG);
    }
}

impl Decode for SectionKey {
    const BYTES_MAX: usize = Self::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = BatchNumber::new(u64::from_be_bytes(reader.array()?));
        let root = Digest::decode(reader)?;
        let offset = reader.offset();
        match reader.u8()? {
            Self::TAG => Ok(SectionKey { number, root }),
            got => Err(DecodeError::UnknownTag { what: "section", got, offset }),
        }
    }
}

/// The signatures of these bytes; `None` if they are none, or too many.
pub fn signatures_of(bytes: &[u8]) -> Option<Signatures> {
    Signatures::from_bytes(bytes.len() / SIGNATURE_BYTES, bytes).ok()
}

/// What a store is given of one batch: its part of the rows, and all signatures, since those are not coded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deposit {
    /// The store's part.
    pub share: Share,
    /// One signature for each message; empty for a batch without messages.
    pub signatures: Signatures,
}

impl Deposit {
    /// The version of how a deposit is written on the wire.
    pub const VERSION: u8 = 1;
}

impl Encode for Deposit {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(Self::VERSION);
        self.share.encode(writer);
        writer.u32(self.signatures.as_bytes().len() as u32);
        writer.bytes(self.signatures.as_bytes());
    }
}

impl Decode for Deposit {
    const BYTES_MAX: usize = DEPOSIT_BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let got = reader.u8()?;
        if got != Self::VERSION {
            return Err(DecodeError::UnknownTag { what: "deposit version", got, offset });
        }
        let share = Share::decode(reader)?;
        let offset = reader.offset();
        let got = reader.u32()? as usize;
        if got > SECTION_BYTES_MAX {
            return Err(DecodeError::TooMany { what: "bytes of signatures", max: SECTION_BYTES_MAX, got, offset });
        }
        let signatures = signatures_of(reader.slice(got)?);
        let wrong = DecodeError::OutOfRange { what: "bytes of signatures", got: got as u64, offset };
        Ok(Deposit { share, signatures: signatures.ok_or(wrong)? })
    }
}
