use ashlar_types::{BatchNumber, Decode, DecodeError, Domain, Encode, ExchangeId, InboxIndex, Reader, Sequence, Time};
use ashlar_types::{WithdrawalIndex, Writer};

use super::words::{put_number, take_digest, take_number};
use crate::merkle::Digest;

/// A whole 32-byte hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands where there is nothing to hash yet.
    pub const ZERO: Hash = Hash([0; 32]);
}

/// What L1 knows of one batch.
///
/// The fields are the words, in this order. Where a field says *next*, it is one past the last, so that a batch and the
/// one after it share the number and an empty range needs no special case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchHeader {
    /// Of the rules in force: it pins the programs that may prove this batch, and the policy.
    pub version: u32,
    /// Of which exchange.
    pub exchange_id: ExchangeId,
    /// One more than the parent's.
    pub number: BatchNumber,
    /// The hash of the header before.
    pub parent_hash: Hash,
    /// The state that the first input finds.
    pub state_root_before: Digest,
    /// The state that the last input leaves.
    pub state_root_after: Digest,
    /// Over the rows of the batch's bytes.
    pub data_root: Digest,
    /// By which the data is available: the data root with what a code adds to it, or what a publisher needs instead.
    pub da_commitment: Hash,
    /// Over the rows of the signatures.
    pub signatures_root: Digest,
    /// Over what each command did.
    pub receipts_root: Digest,
    /// Over what may be claimed.
    pub withdrawals_root: Digest,
    /// The index of the first withdrawal after this batch.
    pub withdrawals_next: WithdrawalIndex,
    /// The first inbox entry not consumed yet.
    pub inbox_next: InboxIndex,
    /// The chained hash over all entries before that.
    pub inbox_hash: Hash,
    /// The number of the first command.
    pub first_sequence: Sequence,
    /// The number of the first command after this batch.
    pub next_sequence: Sequence,
    /// The time of the first input.
    pub first_time: Time,
    /// The time of the last input.
    pub last_time: Time,
}

impl BatchHeader {
    /// Words of a header.
    pub const WORDS: usize = 18;

    /// The words by the names that the specification has for them, in their order.
    pub const FIELDS: [&str; Self::WORDS] = [
        "version",
        "exchange id",
        "number",
        "parent hash",
        "state root before",
        "state root after",
        "data root",
        "DA commitment",
        "signatures root",
        "receipts root",
        "withdrawals root",
        "withdrawals next",
        "inbox next",
        "inbox hash",
        "first sequence",
        "next sequence",
        "first time",
        "last time",
    ];

    /// The header in which a chain begins: it stands for no batch, and batch 1 follows it.
    pub const fn genesis(version: u32, exchange_id: ExchangeId, state_root: Digest, time: Time) -> BatchHeader {
        BatchHeader {
            version,
            exchange_id,
            number: BatchNumber::new(0),
            parent_hash: Hash::ZERO,
            state_root_before: Digest::EMPTY,
            state_root_after: state_root,
            data_root: Digest::EMPTY,
            da_commitment: Hash::ZERO,
            signatures_root: Digest::EMPTY,
            receipts_root: Digest::EMPTY,
            withdrawals_root: Digest::EMPTY,
            withdrawals_next: WithdrawalIndex::new(0),
            inbox_next: InboxIndex::new(0),
            inbox_hash: Hash::ZERO,
            first_sequence: Sequence::new(0),
            next_sequence: Sequence::new(0),
            first_time: time,
            last_time: time,
        }
    }

    /// The words one after the other, as `abi.encode(header)` on L1.
    pub fn to_bytes(&self) -> [u8; Self::BYTES_MAX] {
        let bytes = ashlar_types::to_bytes(self);
        bytes.as_array().copied().unwrap_or([0; Self::BYTES_MAX])
    }

    /// The first word in which two headers differ: its name, and what each has there.
    pub fn first_difference(&self, other: &BatchHeader) -> Option<(&'static str, [u8; 32], [u8; 32])> {
        let (one, other) = (self.to_bytes(), other.to_bytes());
        let words = one.as_chunks::<32>().0.iter().zip(other.as_chunks::<32>().0);
        let (field, (one, other)) = Self::FIELDS.iter().zip(words).find(|(_, (one, other))| one != other)?;
        Some((field, *one, *other))
    }

    /// `sha256(domain || abi.encode(header))`: ten blocks.
    pub fn hash(&self) -> Hash {
        Hash(Domain::HEADER.hash(&[&ashlar_types::to_bytes(self)]))
    }

    /// The number of the last command; none in the genesis header.
    pub const fn last_sequence(&self) -> Option<Sequence> {
        if self.next_sequence.get() > self.first_sequence.get() {
            Some(Sequence::new(self.next_sequence.get() - 1))
        } else {
            None
        }
    }
}

impl Encode for BatchHeader {
    fn encode(&self, writer: &mut Writer) {
        put_number(writer, self.version.into());
        writer.bytes(&self.exchange_id.0);
        put_number(writer, self.number.get());
        writer.bytes(&self.parent_hash.0);
        writer.bytes(&self.state_root_before.to_word());
        writer.bytes(&self.state_root_after.to_word());
        writer.bytes(&self.data_root.to_word());
        writer.bytes(&self.da_commitment.0);
        writer.bytes(&self.signatures_root.to_word());
        writer.bytes(&self.receipts_root.to_word());
        writer.bytes(&self.withdrawals_root.to_word());
        put_number(writer, self.withdrawals_next.get());
        put_number(writer, self.inbox_next.get());
        writer.bytes(&self.inbox_hash.0);
        put_number(writer, self.first_sequence.get());
        put_number(writer, self.next_sequence.get());
        put_number(writer, self.first_time.get());
        put_number(writer, self.last_time.get());
    }
}

impl Decode for BatchHeader {
    const BYTES_MAX: usize = 32 * Self::WORDS;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(BatchHeader {
            version: take_number(reader, "header version", u32::MAX.into())? as u32,
            exchange_id: ExchangeId(reader.array()?),
            number: BatchNumber::new(take_number(reader, "batch number", u64::MAX)?),
            parent_hash: Hash(reader.array()?),
            state_root_before: take_digest(reader, "state root before")?,
            state_root_after: take_digest(reader, "state root after")?,
            data_root: take_digest(reader, "data root")?,
            da_commitment: Hash(reader.array()?),
            signatures_root: take_digest(reader, "signatures root")?,
            receipts_root: take_digest(reader, "receipts root")?,
            withdrawals_root: take_digest(reader, "withdrawals root")?,
            withdrawals_next: WithdrawalIndex::new(take_number(reader, "withdrawal index", u64::MAX)?),
            inbox_next: InboxIndex::new(take_number(reader, "inbox index", u64::MAX)?),
            inbox_hash: Hash(reader.array()?),
            first_sequence: Sequence::new(take_number(reader, "sequence", u64::MAX)?),
            next_sequence: Sequence::new(take_number(reader, "sequence", u64::MAX)?),
            first_time: take_time(reader)?,
            last_time: take_time(reader)?,
        })
    }
}

fn take_time(reader: &mut Reader<'_>) -> Result<Time, DecodeError> {
    let offset = reader.offset();
    let got = take_number(reader, "time", Time::NEVER.get())?;
    Time::new(got).ok_or(DecodeError::OutOfRange { what: "time", got, offset })
}
