//! A proof as it is kept, given to others, and read from a file.

use ashlar_batch::{BatchHeader, Hash, PublicValues};
use ashlar_prover_wire::{BackendName, Measured, ProgramHash, ProofKind};
use ashlar_types::sign::{Curve as _, Native};
use ashlar_types::{BatchNumber, Decode as _, DecodeError, Encode as _, Reader, Writer};

use crate::limits::{FILE_BYTES_MAX, WORKER_NAME_BYTES_MAX};
use crate::schedule::Target;
use crate::verify::Claim;

/// With what a file of a proof begins; the last letter is its version.
const MAGIC: [u8; 8] = *b"ashprf-1";

/// A verified proof.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptProof {
    /// The first batch it is of.
    pub first: BatchNumber,
    /// The last one.
    pub last: BatchNumber,
    /// Made by which system, and of which kind.
    pub target: Target,
    /// The program that ran.
    pub program: ProgramHash,
    /// What it says.
    pub values: PublicValues,
    /// The last header of which it speaks; those before it lead here by their parents' hashes.
    pub header: BatchHeader,
    /// What it cost.
    pub measured: Measured,
    /// When it was verified here, in milliseconds.
    pub proven_ms: u64,
    /// Who made it.
    pub worker: String,
    /// Its bytes, in the system's encoding.
    pub proof: Vec<u8>,
}

/// Why bytes are no file of a proof.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileError {
    /// It begins with something else.
    #[error("it begins with {got:02x?}, not as a file of a proof of this version; was it written by `ashlar prove`?")]
    Magic {
        /// With what.
        got: Vec<u8>,
    },
    /// It is longer than any.
    #[error("it has {got} bytes, and a file of a proof has at most {FILE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        got: usize,
    },
    /// The sum at its end is not that of its bytes: it was cut, or changed.
    #[error("its bytes do not have the sum that stands at its end; it was cut or changed")]
    Sum,
    /// A field cannot be read.
    #[error("a field cannot be read: {0}")]
    Field(#[from] DecodeError),
    /// A name is none.
    #[error("{what} is none")]
    Name {
        /// Of what.
        what: &'static str,
    },
    /// The header is not the last one that the public values speak of.
    #[error("its header hashes to {got:?}, and its public values end at {expected:?}")]
    Header {
        /// By the public values.
        expected: Hash,
        /// By the header.
        got: Hash,
    },
    /// The batches are not as many as the public values count.
    #[error("it is of {got} batches, and its public values count {expected}")]
    Count {
        /// By the public values.
        expected: u64,
        /// By its numbers.
        got: u64,
    },
}

impl KeptProof {
    /// What whoever verifies it is to be shown.
    pub fn claim<'a>(&'a self, public_values: &'a [u8]) -> Claim<'a> {
        Claim { kind: self.target.kind, program: self.program, public_values, proof: &self.proof }
    }

    /// The one encoding: fields, then their SHA-256.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.bytes(&MAGIC);
        writer.u64(self.first.get());
        writer.u64(self.last.get());
        let name = self.target.backend.as_str().as_bytes();
        put_short(&mut writer, name);
        writer.u8(self.target.kind as u8);
        writer.bytes(&self.program.0);
        self.values.encode(&mut writer);
        self.header.encode(&mut writer);
        let Measured { cycles, instruction_equivalents, millis, memory_bytes } = self.measured;
        [cycles, instruction_equivalents, millis, memory_bytes].into_iter().for_each(|number| writer.u64(number));
        writer.u64(self.proven_ms);
        let end = self.worker.floor_char_boundary(WORKER_NAME_BYTES_MAX);
        put_short(&mut writer, &self.worker.as_bytes()[..end]);
        writer.u64(self.proof.len() as u64);
        writer.bytes(&self.proof);
        let mut bytes = writer.into_bytes();
        bytes.extend(sum_of(&bytes));
        bytes
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8]) -> Result<KeptProof, FileError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(FileError::TooLong { got: bytes.len() });
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(FileError::Magic { got: bytes.iter().take(MAGIC.len()).copied().collect() });
        }
        let (body, sum) = bytes.split_last_chunk::<32>().ok_or(FileError::Sum)?;
        if sum_of(body) != *sum {
            return Err(FileError::Sum);
        }
        let mut reader = Reader::new(body.get(MAGIC.len()..).unwrap_or_default());
        let proof = read(&mut reader)?;
        reader.finish()?;
        let got = proof.header.hash();
        if got != proof.values.last_hash {
            return Err(FileError::Header { expected: proof.values.last_hash, got });
        }
        let got = proof.last.get().wrapping_sub(proof.first.get()).wrapping_add(1);
        if proof.last < proof.first || got != proof.values.count || proof.header.number != proof.last {
            return Err(FileError::Count { expected: proof.values.count, got });
        }
        Ok(proof)
    }
}

fn read(reader: &mut Reader<'_>) -> Result<KeptProof, FileError> {
    let (first, last) = (BatchNumber::new(reader.u64()?), BatchNumber::new(reader.u64()?));
    let what = "the name of its proof system";
    let name = take_short(reader, what)?;
    let backend = BackendName::new(&name).map_err(|_| FileError::Name { what })?;
    let kind = ProofKind::try_from(reader.u8()?).map_err(|_| FileError::Name { what: "its kind of proof" })?;
    let program = ProgramHash(reader.array()?);
    let values = PublicValues::decode(reader)?;
    let header = BatchHeader::decode(reader)?;
    let measured = Measured {
        cycles: reader.u64()?,
        instruction_equivalents: reader.u64()?,
        millis: reader.u64()?,
        memory_bytes: reader.u64()?,
    };
    let proven_ms = reader.u64()?;
    let worker = take_short(reader, "the name of its worker")?;
    let length = usize::try_from(reader.u64()?).unwrap_or(usize::MAX);
    let proof = reader.slice(length)?.to_vec();
    let target = Target { backend, kind };
    Ok(KeptProof { first, last, target, program, values, header, measured, proven_ms, worker, proof })
}

/// At most 255 bytes after their number.
fn put_short(writer: &mut Writer, bytes: &[u8]) {
    let length = bytes.len().min(usize::from(u8::MAX));
    writer.u8(length as u8);
    writer.bytes(bytes.get(..length).unwrap_or_default());
}

fn take_short(reader: &mut Reader<'_>, what: &'static str) -> Result<String, FileError> {
    let length = usize::from(reader.u8()?);
    String::from_utf8(reader.slice(length)?.to_vec()).map_err(|_| FileError::Name { what })
}

fn sum_of(body: &[u8]) -> [u8; 32] {
    Native.sha256(&[b'f'; 64], &[body])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ashlar_batch::merkle::Digest;
    use ashlar_types::{ExchangeId, Time};
    use proptest::prelude::*;

    pub(crate) fn sample() -> KeptProof {
        let mut header = BatchHeader::genesis(1, ExchangeId([4; 32]), Digest::EMPTY, Time::ZERO);
        header.number = BatchNumber::new(7);
        KeptProof {
            first: BatchNumber::new(6),
            last: BatchNumber::new(7),
            target: Target { backend: BackendName::SP1, kind: ProofKind::Compressed },
            program: ProgramHash([5; 32]),
            values: PublicValues { count: 2, ..PublicValues::of(&header) },
            header,
            measured: Measured { cycles: 1, instruction_equivalents: 2, millis: 3, memory_bytes: 4 },
            proven_ms: 99,
            worker: "here".to_owned(),
            proof: vec![1, 2, 3],
        }
    }

    #[test]
    fn a_file_comes_back_and_no_byte_of_it_may_change() {
        let bytes = sample().to_bytes();
        assert_eq!(KeptProof::from_bytes(&bytes), Ok(sample()));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(KeptProof::from_bytes(&changed).is_err(), "byte {at}");
            assert!(KeptProof::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn numbers_and_header_must_be_those_of_the_public_values() {
        let count = KeptProof { first: BatchNumber::new(5), ..sample() };
        assert_eq!(KeptProof::from_bytes(&count.to_bytes()), Err(FileError::Count { expected: 2, got: 3 }));
        let mut other = sample();
        other.values.last_hash.0[0] ^= 1;
        assert!(matches!(KeptProof::from_bytes(&other.to_bytes()), Err(FileError::Header { .. })));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..900), with_sum: bool) {
            bytes.splice(..bytes.len().min(8), MAGIC);
            if with_sum {
                bytes.extend(sum_of(&bytes));
            }
            if let Ok(proof) = KeptProof::from_bytes(&bytes) {
                prop_assert_eq!(proof.to_bytes(), bytes);
            }
        }
    }
}
