use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash};
use ashlar_types::{BatchNumber, Decode, DecodeError, Encode, Reader, Sequence, Time, Writer};
use sha2::{Digest as _, Sha256};

/// What an archive knows of a batch without its bytes: a leaf of the index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The batch.
    pub number: BatchNumber,
    /// Its header's hash.
    pub header_hash: Hash,
    /// The root over its rows.
    pub data_root: Digest,
    /// The commitment to its coded rows.
    pub da_commitment: Hash,
    /// The root over its signatures.
    pub signatures_root: Digest,
    /// The state after it.
    pub state_root: Hash,
    /// The SHA-256 of its bytes.
    pub content_hash: Hash,
    /// Its first command.
    pub first_sequence: Sequence,
    /// One past its last command.
    pub next_sequence: Sequence,
    /// The time of its first input.
    pub first_time: Time,
    /// The time of its last input.
    pub last_time: Time,
}

impl Entry {
    /// Of a header and the bytes under it.
    pub fn of(header: &BatchHeader, bytes: &[u8]) -> Entry {
        Entry {
            number: header.number,
            header_hash: header.hash(),
            data_root: header.data_root,
            da_commitment: header.da_commitment,
            signatures_root: header.signatures_root,
            state_root: Hash(header.state_root_after.to_word()),
            content_hash: Hash(Sha256::digest(bytes).into()),
            first_sequence: header.first_sequence,
            next_sequence: header.next_sequence,
            first_time: header.first_time,
            last_time: header.last_time,
        }
    }

    /// Every hash by which it is found.
    pub(super) fn names(&self) -> [[u8; 32]; 5] {
        let Entry { header_hash, data_root, da_commitment, state_root, content_hash, .. } = self;
        [header_hash.0, data_root.to_word(), da_commitment.0, state_root.0, content_hash.0]
    }
}

impl Encode for Entry {
    fn encode(&self, writer: &mut Writer) {
        writer.u64(self.number.get());
        writer.bytes(&self.header_hash.0);
        self.data_root.encode(writer);
        writer.bytes(&self.da_commitment.0);
        self.signatures_root.encode(writer);
        writer.bytes(&self.state_root.0);
        writer.bytes(&self.content_hash.0);
        writer.u64(self.first_sequence.get());
        writer.u64(self.next_sequence.get());
        writer.u48(self.first_time.get());
        writer.u48(self.last_time.get());
    }
}

impl Decode for Entry {
    const BYTES_MAX: usize = 8 + 4 * 32 + 2 * Digest::BYTES + 16 + 12;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Entry {
            number: BatchNumber::new(reader.u64()?),
            header_hash: Hash(reader.array()?),
            data_root: Digest::decode(reader)?,
            da_commitment: Hash(reader.array()?),
            signatures_root: Digest::decode(reader)?,
            state_root: Hash(reader.array()?),
            content_hash: Hash(reader.array()?),
            first_sequence: Sequence::new(reader.u64()?),
            next_sequence: Sequence::new(reader.u64()?),
            first_time: time(reader)?,
            last_time: time(reader)?,
        })
    }
}

fn time(reader: &mut Reader<'_>) -> Result<Time, DecodeError> {
    let offset = reader.offset();
    let got = reader.u48()?;
    Time::new(got).ok_or(DecodeError::OutOfRange { what: "time", got, offset })
}
