use ashlar_batch::BatchHeader;
use ashlar_batch::merkle::Digest;
use ashlar_coding::DaCommitment;
use ashlar_types::{BatchNumber, Decode, DecodeError, Encode, Reader, Writer, from_bytes};

/// The name under which stores keep a batch: its number, so that they can forget by age, and its commitment, so that
/// nothing is ever kept under the name of something else.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BatchKey {
    /// The batch.
    pub number: BatchNumber,
    /// What its header commits to.
    pub commitment: DaCommitment,
}

impl BatchKey {
    /// Bytes of its encoding, which is also its name in a folder.
    pub const BYTES: usize = 8 + Digest::BYTES;

    /// Of a header; `None` if the header's commitment is of another scheme.
    pub fn of(header: &BatchHeader) -> Option<BatchKey> {
        Some(BatchKey { number: header.number, commitment: DaCommitment::from_hash(&header.da_commitment)? })
    }

    /// From the name of a file; `None` if it is not one of ours.
    pub fn from_name(name: &[u8]) -> Option<BatchKey> {
        from_bytes(name).ok()
    }
}

/// The number is big-endian: names sort by age.
impl Encode for BatchKey {
    fn encode(&self, writer: &mut Writer) {
        writer.bytes(&self.number.get().to_be_bytes());
        self.commitment.digest().encode(writer);
    }
}

impl Decode for BatchKey {
    const BYTES_MAX: usize = Self::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let number = BatchNumber::new(u64::from_be_bytes(reader.array()?));
        Ok(BatchKey { number, commitment: DaCommitment::new(Digest::decode(reader)?) })
    }
}
