use ashlar_batch::Hash;

use crate::soundness::{self, Proven, Radius};
use crate::{Chunk, Coded, CodingError, DaCommitment, Engine, Expansion, Manifest, Verifier};

/// A commitment of 32 bytes to data, and samples that show alone that they are of it.
///
/// What is said beside a commitment comes from anyone and is checked once; then each sample is checked by itself.
pub trait Scheme {
    /// Data with all that is said of it: the publisher's side.
    type Committed;
    /// What everyone is told beside the commitment.
    type Statement;
    /// What samples are checked with: the client's side.
    type Verifier;
    /// What stands at one position, with its proof.
    type Sample;
    /// Why something is refused.
    type Error: core::error::Error;

    /// Commits to data.
    fn commit(&self, bytes: &[u8]) -> Result<Self::Committed, Self::Error>;

    /// The commitment, as a header or L1 would have it.
    fn commitment(&self, committed: &Self::Committed) -> [u8; 32];

    /// What is said beside it.
    fn statement(&self, committed: &Self::Committed) -> Self::Statement;

    /// The sample at a position; `None` if nothing stands there.
    fn open(&self, committed: &Self::Committed, position: u32) -> Option<Self::Sample>;

    /// Checks a statement against a commitment that is trusted.
    fn verifier(&self, commitment: [u8; 32], statement: &Self::Statement) -> Result<Self::Verifier, Self::Error>;

    /// Positions that there are.
    fn positions(&self, verifier: &Self::Verifier) -> usize;

    /// Whether a sample is what stands at a position.
    fn verify(&self, verifier: &Self::Verifier, position: u32, sample: &Self::Sample) -> Result<(), Self::Error>;

    /// The bits that are proven of this commitment.
    fn proven(&self, verifier: &Self::Verifier) -> Proven;
}

/// The row-checkable code as a scheme: positions are rows.
#[derive(Clone, Copy, Debug)]
pub struct RowScheme<E> {
    expansion: Expansion,
    engine: E,
}

impl<E> RowScheme<E> {
    /// With this engine.
    pub const fn new(expansion: Expansion, engine: E) -> RowScheme<E> {
        RowScheme { expansion, engine }
    }
}

impl<E: Engine> Scheme for RowScheme<E> {
    type Committed = Coded;
    type Statement = Manifest;
    type Verifier = Verifier;
    type Sample = Chunk;
    type Error = CodingError;

    fn commit(&self, bytes: &[u8]) -> Result<Coded, CodingError> {
        Coded::new(bytes, self.expansion, &self.engine)
    }

    fn commitment(&self, committed: &Coded) -> [u8; 32] {
        committed.commitment().to_hash().0
    }

    fn statement(&self, committed: &Coded) -> Manifest {
        committed.manifest().clone()
    }

    fn open(&self, committed: &Coded, position: u32) -> Option<Chunk> {
        committed.chunk(crate::Row::new(u16::try_from(position).ok()?))
    }

    fn verifier(&self, commitment: [u8; 32], statement: &Manifest) -> Result<Verifier, CodingError> {
        let got = statement.commitment();
        let expected = DaCommitment::from_hash(&Hash(commitment)).ok_or(CodingError::NoCommitment)?;
        if got != expected {
            return Err(CodingError::Manifest { expected, got });
        }
        Verifier::new(expected, statement.data_root(), statement.clone())
    }

    fn positions(&self, verifier: &Verifier) -> usize {
        verifier.manifest().layout().rows()
    }

    fn verify(&self, verifier: &Verifier, position: u32, sample: &Chunk) -> Result<(), CodingError> {
        let row = verifier.verify(sample)?;
        if u32::from(row.get()) == position { Ok(()) } else { Err(CodingError::OtherRow { row, asked: position }) }
    }

    fn proven(&self, verifier: &Verifier) -> Proven {
        soundness::rows(verifier.manifest().layout(), Radius::Unique)
    }
}
