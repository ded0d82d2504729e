use alloc::vec::Vec;

use ashlar_batch::coded_root;
use ashlar_batch::merkle::{Digest, TreeHash, TreeKind};
use ashlar_types::{Decode, DecodeError, Domain, Encode, Reader, Writer, to_bytes};

use crate::limits::{DATA_ROWS_MAX, EXPANSION_LEVELS_MAX};
use crate::{CodingError, Combination, DaCommitment, Layout};

/// What a commitment stands for, beside the rows: the code, the roots over its parts, and each data row's combination.
///
/// Whoever holds the header's two digests takes it from anyone ([`Manifest::check`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    layout: Layout,
    data_root: Digest,
    siblings: Vec<Digest>,
    combinations: Vec<Combination>,
}

impl Manifest {
    /// The version of the scheme: rows with one combination.
    pub const VERSION: u8 = 1;

    pub(crate) fn new(
        layout: Layout,
        data_root: Digest,
        siblings: Vec<Digest>,
        combinations: Vec<Combination>,
    ) -> Manifest {
        Manifest { layout, data_root, siblings, combinations }
    }

    /// The code.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The root over the data rows.
    pub const fn data_root(&self) -> Digest {
        self.data_root
    }

    /// The roots over the coded rows, one for each doubling.
    pub fn siblings(&self) -> &[Digest] {
        &self.siblings
    }

    /// The combination of each data row.
    pub fn combinations(&self) -> &[Combination] {
        &self.combinations
    }

    /// The root over all rows; zero if there are too many siblings, which no manifest that was checked or decoded has.
    pub fn coded_root(&self) -> Digest {
        coded_root(self.data_root, self.layout.data_height(), &self.siblings).unwrap_or(Digest::EMPTY)
    }

    /// What stands beside the coded root under the commitment.
    pub fn digest(&self) -> Digest {
        let hash = Domain::DA_COMMITMENT.hash(&[&to_bytes(self)]);
        let mut word = [0; 32];
        for (to, from) in word.iter_mut().zip(hash).take(Digest::BYTES) {
            *to = from;
        }
        Digest::from_word(&word).unwrap_or(Digest::EMPTY)
    }

    /// The commitment to all of it.
    pub fn commitment(&self) -> DaCommitment {
        let level = self.layout.height() as u8 + 1;
        DaCommitment::new(TreeHash::new(TreeKind::DATA).node(level, &self.coded_root(), &self.digest()))
    }

    /// Whether this is what a commitment stands for, and its data that of a data root; both are of a header.
    pub fn check(&self, commitment: DaCommitment, data_root: Digest) -> Result<(), CodingError> {
        let got = self.commitment();
        if got != commitment {
            return Err(CodingError::Manifest { expected: commitment, got });
        }
        if self.data_root != data_root {
            return Err(CodingError::DataRoot { expected: data_root, got: self.data_root });
        }
        Ok(())
    }
}

impl Encode for Manifest {
    fn encode(&self, writer: &mut Writer) {
        writer.u8(Self::VERSION);
        self.layout.encode(writer);
        self.data_root.encode(writer);
        self.siblings.iter().for_each(|sibling| sibling.encode(writer));
        self.combinations.iter().for_each(|combination| combination.encode(writer));
    }
}

impl Decode for Manifest {
    const BYTES_MAX: usize =
        1 + Layout::BYTES + (1 + EXPANSION_LEVELS_MAX) * Digest::BYTES + DATA_ROWS_MAX * Combination::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let offset = reader.offset();
        let got = reader.u8()?;
        if got != Self::VERSION {
            return Err(DecodeError::UnknownTag { what: "manifest version", got, offset });
        }
        let layout = Layout::decode(reader)?;
        let data_root = Digest::decode(reader)?;
        let siblings = (0..layout.expansion().levels()).map(|_| Digest::decode(reader)).collect::<Result<_, _>>()?;
        let combination = |_| reader.array().map(Combination::from_bytes);
        let combinations = (0..layout.data_rows()).map(combination).collect::<Result<_, _>>()?;
        Ok(Manifest { layout, data_root, siblings, combinations })
    }
}
