use alloc::vec::Vec;

use ashlar_batch::RowProof;
use ashlar_batch::limits::{ROW_BYTES_MAX, ROW_BYTES_MIN};
use ashlar_batch::merkle::Digest;
use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use crate::field::Gf16;
use crate::{CodingError, Coefficients, Combination, DaCommitment, Manifest, Row};

/// One row of a code and the proof that it is under a commitment: what stores keep and send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    proof: RowProof,
    bytes: Vec<u8>,
}

impl Chunk {
    pub(crate) const fn new(proof: RowProof, bytes: Vec<u8>) -> Chunk {
        Chunk { proof, bytes }
    }

    /// Where its row stands in the tree.
    pub const fn place(&self) -> u32 {
        self.proof.index()
    }

    /// The row.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path to the commitment.
    pub const fn proof(&self) -> &RowProof {
        &self.proof
    }

    /// Whether a commitment holds this row at this place, which says nothing about the code; for that see [`Verifier`].
    pub fn is_under(&self, commitment: DaCommitment) -> Result<(), CodingError> {
        Ok(self.proof.verify(commitment.digest(), &self.bytes)?)
    }
}

impl Encode for Chunk {
    fn encode(&self, writer: &mut Writer) {
        self.proof.encode(writer);
        writer.u16(self.bytes.len() as u16);
        writer.bytes(&self.bytes);
    }
}

impl Decode for Chunk {
    const BYTES_MAX: usize = RowProof::BYTES_MAX + 2 + ROW_BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let proof = RowProof::decode(reader)?;
        let offset = reader.offset();
        let length = usize::from(reader.u16()?);
        if !length.is_power_of_two() || !(ROW_BYTES_MIN..=ROW_BYTES_MAX).contains(&length) {
            return Err(DecodeError::OutOfRange { what: "row bytes", got: length as u64, offset });
        }
        Ok(Chunk { proof, bytes: reader.slice(length)?.to_vec() })
    }
}

/// Checks the chunks of one commitment, each alone.
#[derive(Clone, Debug)]
pub struct Verifier {
    commitment: DaCommitment,
    manifest: Manifest,
    coefficients: Coefficients,
    /// Of each place, so that any row's combination is known without coding all of them.
    inverses: Vec<Gf16>,
}

impl Verifier {
    /// For what a header commits to; the manifest may come from anyone.
    pub fn new(commitment: DaCommitment, data_root: Digest, manifest: Manifest) -> Result<Verifier, CodingError> {
        manifest.check(commitment, data_root)?;
        let (layout, root) = (*manifest.layout(), manifest.coded_root());
        let mut inverses: Vec<Gf16> = (0..1u16 << layout.height()).map(Gf16::new).collect();
        Gf16::invert_all(&mut inverses);
        Ok(Verifier { commitment, coefficients: Coefficients::derive(&root, &layout), manifest, inverses })
    }

    /// The commitment.
    pub const fn commitment(&self) -> DaCommitment {
        self.commitment
    }

    /// What it stands for.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Which row a chunk holds, if it is under the commitment and coded from the same data as all others.
    pub fn verify(&self, chunk: &Chunk) -> Result<Row, CodingError> {
        let layout = self.manifest.layout();
        let place = chunk.place();
        let row = layout.row_at(place).ok_or(CodingError::NoSuchPlace { place })?;
        if chunk.bytes.len() != layout.row_bytes() {
            return Err(CodingError::Length { expected: layout.row_bytes(), got: chunk.bytes.len() });
        }
        if chunk.proof.levels() != layout.height() + 1 {
            return Err(CodingError::Height { expected: layout.height() + 1, got: chunk.proof.levels() });
        }
        chunk.is_under(self.commitment)?;
        if self.coefficients.combine(&chunk.bytes) == self.combination(row, place) {
            Ok(row)
        } else {
            Err(CodingError::NotCoded { row })
        }
    }

    /// Whether bytes look as this row does, by its combination alone. Damage does not, but for a chance of 2^-128; who means to can make bytes
    /// that do, so this is worth something only where the whole is hashed afterwards.
    pub fn fits(&self, row: Row, bytes: &[u8]) -> bool {
        let layout = self.manifest.layout();
        let place = layout.place(row).filter(|_| bytes.len() == layout.row_bytes());
        place.is_some_and(|place| self.coefficients.combine(bytes) == self.combination(row, place))
    }

    fn combination(&self, row: Row, place: u32) -> Combination {
        let data = self.manifest.combinations();
        match data.get(usize::from(row.get())) {
            Some(combination) => *combination,
            // Places of a layout are below 2^16.
            None => Combination::coded(place as u16, self.manifest.layout().data_height(), &self.inverses, data),
        }
    }
}
