//! The journal's unit: a stretch of the one order of everything, and what vouches for it.
//!
//! 1. An [`Ordered`] record names its epoch and the number of its first command, so that it says by itself where it
//!    belongs (SPEC J-1).
//! 2. One value has one string of bytes; a decoder checks every bound before it reserves memory (SPEC J-2).

use ashlar_batch::{Hash, SIGNATURE_BYTES, Timed};
use ashlar_types::{Decode, DecodeError, Encode, Input, Reader, Sequence, Time, Writer};

use crate::limits::{CERTIFICATE_BYTES_MAX, ENTRIES_MAX, GROUP_BYTES_MAX};

/// Which of the orders that this exchange has ever had: one more each time an L1 reorganisation unwinds some of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Epoch(u64);

impl Epoch {
    /// The epoch of this number.
    pub const fn new(number: u64) -> Epoch {
        Epoch(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub const fn next(self) -> Epoch {
        Epoch(self.0.saturating_add(1))
    }
}

/// A block of L1, by hash; the number is beside it for people and for search.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct L1Block {
    /// Its height.
    pub number: u64,
    /// Its hash.
    pub hash: Hash,
}

/// The signature under a message, whatever its scheme.
pub type Signature = [u8; SIGNATURE_BYTES];

/// One input, when it was ordered, and the signature under it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When; never before the entry ahead of it.
    pub time: Time,
    /// What.
    pub input: Input,
    /// Of a message its signature; of other inputs nothing.
    pub signature: Option<Signature>,
}

impl Entry {
    /// How many sequence numbers it takes.
    pub fn commands(&self) -> u64 {
        self.input.commands() as u64
    }

    /// The entry as a batch holds it.
    pub fn into_timed(self) -> Timed {
        Timed { time: self.time, input: self.input }
    }
}

/// What vouches for a record: one signature today, a quorum's later. The journal does not look into it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Certificate(Vec<u8>);

impl Certificate {
    /// A certificate of these bytes; `None` if they are more than [`CERTIFICATE_BYTES_MAX`].
    pub fn new(bytes: Vec<u8>) -> Option<Certificate> {
        (bytes.len() <= CERTIFICATE_BYTES_MAX).then_some(Certificate(bytes))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A stretch of the one order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ordered {
    /// In which epoch.
    pub epoch: Epoch,
    /// The last L1 block of which an inbox entry was consumed, in this record or before it.
    pub block: L1Block,
    /// When it was closed; not before its last entry.
    pub time: Time,
    /// The number of its first command.
    pub first: Sequence,
    /// Everything, in order; at least one.
    pub entries: Vec<Entry>,
    /// What vouches for it.
    pub certificate: Certificate,
}

impl Ordered {
    /// How many commands it has.
    pub fn commands(&self) -> u64 {
        self.entries.iter().map(Entry::commands).sum()
    }

    /// The number of the first command after it.
    pub fn next(&self) -> Sequence {
        Sequence::new(self.first.get().saturating_add(self.commands()))
    }
}

impl Encode for L1Block {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.number);
        writer.bytes(&self.hash.0);
    }
}

impl Decode for L1Block {
    const BYTES_MAX: usize = 40;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(L1Block { number: reader.u64()?, hash: Hash(reader.array()?) })
    }
}

impl Encode for Entry {
    /// An entry whose signature does not fit its input is written so that every decoder refuses what follows it.
    fn encode(&self, writer: &mut Writer) {
        self.time.encode(writer);
        self.input.encode(writer);
        if let Some(signature) = &self.signature {
            writer.bytes(signature);
        }
    }
}

impl Decode for Entry {
    const BYTES_MAX: usize = 6 + Input::BYTES_MAX + SIGNATURE_BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (time, input) = (Time::decode(reader)?, Input::decode(reader)?);
        let signature = match input {
            Input::Message(_) => Some(reader.array()?),
            Input::Inbox { .. } | Input::System(_) => None,
        };
        Ok(Entry { time, input, signature })
    }
}

impl Encode for Ordered {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.epoch.get());
        self.block.encode(writer);
        self.time.encode(writer);
        writer.u64(self.first.get());
        writer.u32(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        for entry in &self.entries {
            entry.encode(writer);
        }
        let certificate = self.certificate.as_bytes();
        writer.u16(u16::try_from(certificate.len()).unwrap_or(u16::MAX));
        writer.bytes(certificate);
    }
}

impl Decode for Ordered {
    const BYTES_MAX: usize = GROUP_BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let epoch = Epoch::new(reader.u64()?);
        let block = L1Block::decode(reader)?;
        let time = Time::decode(reader)?;
        let first = Sequence::new(reader.u64()?);
        let entries = take_entries(reader)?;
        let offset = reader.offset();
        let length = usize::from(reader.u16()?);
        if length > CERTIFICATE_BYTES_MAX {
            let what = "bytes of a certificate";
            return Err(DecodeError::TooMany { what, max: CERTIFICATE_BYTES_MAX, got: length, offset });
        }
        let certificate = Certificate(reader.slice(length)?.to_vec());
        Ok(Ordered { epoch, block, time, first, entries, certificate })
    }
}

fn take_entries(reader: &mut Reader<'_>) -> Result<Vec<Entry>, DecodeError> {
    let offset = reader.offset();
    let count = reader.u32()? as usize;
    if count == 0 {
        return Err(DecodeError::Empty { what: "entries", offset });
    }
    if count > ENTRIES_MAX {
        return Err(DecodeError::TooMany { what: "entries", max: ENTRIES_MAX, got: count, offset });
    }
    // An entry takes at least eight bytes, so what is reserved is bounded by what was read.
    let mut entries = Vec::with_capacity(count.min(reader.remaining() / 8));
    for _ in 0..count {
        entries.push(Entry::decode(reader)?);
    }
    Ok(entries)
}
