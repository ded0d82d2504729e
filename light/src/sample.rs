use std::fmt;

use ashlar_batch::BatchHeader;
use ashlar_coding::sampling::{self, Miss, Sampler, Secret, Strategy};
use ashlar_coding::{Chunk, CodingError, DaCommitment, Manifest, Row, Verifier};
use ashlar_types::{DecodeError, from_bytes};

/// One client's samples of one batch: which rows it asks for, which have come, and how sure it is.
#[derive(Clone, Debug)]
pub struct Samples {
    verifier: Verifier,
    asked: Vec<Row>,
    came: Vec<bool>,
}

/// Why a manifest or a sample is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SampleError {
    /// The header's commitment is none to rows.
    Header,
    /// The bytes are no manifest or no chunk.
    Bytes(DecodeError),
    /// What they are is not of this batch.
    Coding(CodingError),
    /// The row was not asked for.
    NotAsked {
        /// Which.
        row: Row,
    },
}

impl fmt::Display for SampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => f.write_str("the header's commitment is not one to rows; ask for the header again"),
            Self::Bytes(error) => write!(f, "the bytes are malformed: {error}; ask another store"),
            Self::Coding(error) => error.fmt(f),
            Self::NotAsked { row } => write!(f, "row {} was not asked for; ignore it", row.get()),
        }
    }
}

impl std::error::Error for SampleError {}

impl From<DecodeError> for SampleError {
    fn from(error: DecodeError) -> Self {
        Self::Bytes(error)
    }
}

impl From<CodingError> for SampleError {
    fn from(error: CodingError) -> Self {
        Self::Coding(error)
    }
}

impl Samples {
    /// Of the batch of a header that is believed, by a manifest from anyone. The secret is this client's own, fresh, and never
    /// sent; `bits` says how sure it wants to be: withheld data goes unseen once in `2^bits`.
    pub fn new(header: &BatchHeader, manifest: &[u8], secret: [u8; 32], bits: u8) -> Result<Samples, SampleError> {
        let commitment = DaCommitment::from_hash(&header.da_commitment).ok_or(SampleError::Header)?;
        let manifest: Manifest = from_bytes(manifest)?;
        let verifier = Verifier::new(commitment, header.data_root, manifest)?;
        let layout = verifier.manifest().layout();
        let count = sampling::samples(layout, Strategy::Uniform, Miss::of_bits(bits));
        let asked = Sampler::new(Secret::new(secret)).rows(commitment, layout, Strategy::Uniform, count);
        let came = vec![false; asked.len()];
        Ok(Samples { verifier, asked, came })
    }

    /// The rows to ask for, in any order and of any stores.
    pub fn asked(&self) -> &[Row] {
        &self.asked
    }

    /// Takes a chunk that somebody sent.
    pub fn take(&mut self, chunk: &[u8]) -> Result<Row, SampleError> {
        let chunk: Chunk = from_bytes(chunk)?;
        let row = self.verifier.verify(&chunk)?;
        let place = self.asked.iter().position(|asked| *asked == row).ok_or(SampleError::NotAsked { row })?;
        if let Some(came) = self.came.get_mut(place) {
            *came = true;
        }
        Ok(row)
    }

    /// The rows that have not come.
    pub fn missing(&self) -> impl Iterator<Item = Row> {
        self.asked.iter().zip(&self.came).filter(|(_, came)| !**came).map(|(row, _)| *row)
    }

    /// Whether everything that was asked for has come: the batch is available, as surely as was wanted.
    pub fn are_enough(&self) -> bool {
        self.came.iter().all(|came| *came)
    }
}
