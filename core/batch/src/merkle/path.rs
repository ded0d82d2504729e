use alloc::vec::Vec;
use core::fmt;

use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use super::{Digest, TreeHash};
use crate::limits::HEIGHT_MAX;

/// Where a leaf stands and the digests that lead from it to the root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    index: u32,
    siblings: Vec<Digest>,
}

/// Why something is not proven to be in a tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProofError {
    /// The index does not fit a tree of the path's height.
    IndexBeyondTree {
        /// Leaves such a tree has room for.
        room: u64,
        /// The index.
        got: u32,
    },
    /// The path has more levels than any tree.
    TooHigh {
        /// The most there can be.
        max: usize,
        /// Levels of the path.
        got: usize,
    },
    /// The path leads to another root: the leaf, the path or the root is not the right one.
    WrongRoot {
        /// The root that was trusted.
        expected: Digest,
        /// Where the path leads.
        got: Digest,
    },
    /// What is proven says that it stands elsewhere.
    WrongIndex {
        /// The index it should have by its own words.
        expected: u64,
        /// The index of the path.
        got: u64,
    },
    /// A row has a length that no row has.
    RowBytes {
        /// Its bytes.
        got: usize,
    },
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IndexBeyondTree { room, got } => {
                write!(
                    f,
                    "index {got} is beyond the {room} leaves of the path's tree; take the path from the same tree"
                )
            }
            Self::TooHigh { max, got } => write!(f, "the path has {got} levels and no tree has more than {max}"),
            Self::WrongRoot { expected, got } => {
                write!(f, "the path leads to {got:?} and not to {expected:?}; the leaf, its path or the root is wrong")
            }
            Self::WrongIndex { expected, got } => {
                write!(f, "what is proven belongs at index {expected} and its path is for index {got}")
            }
            Self::RowBytes { got } => {
                write!(f, "a row of {got} bytes; rows have a power of two of bytes within the limits")
            }
        }
    }
}

impl core::error::Error for ProofError {}

impl Path {
    pub(crate) const fn new(index: u32, siblings: Vec<Digest>) -> Path {
        Path { index, siblings }
    }

    /// Where the leaf stands.
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// The digests beside the way up, the one next to the leaf first.
    pub fn siblings(&self) -> &[Digest] {
        &self.siblings
    }

    /// The root to which a leaf leads.
    pub fn root(&self, hash: &TreeHash, leaf: Digest) -> Result<Digest, ProofError> {
        if self.siblings.len() > HEIGHT_MAX {
            return Err(ProofError::TooHigh { max: HEIGHT_MAX, got: self.siblings.len() });
        }
        let room = 1u64 << self.siblings.len();
        if u64::from(self.index) >= room {
            return Err(ProofError::IndexBeyondTree { room, got: self.index });
        }
        let climb = |digest: Digest, (level, sibling): (u8, &Digest)| match self.index >> level & 1 {
            0 => hash.node(level + 1, &digest, sibling),
            _ => hash.node(level + 1, sibling, &digest),
        };
        Ok((0u8..).zip(&self.siblings).fold(leaf, climb))
    }

    /// Whether a leaf is where the path says, under a root that is trusted.
    pub fn verify(&self, hash: &TreeHash, root: Digest, leaf: Digest) -> Result<(), ProofError> {
        let got = self.root(hash, leaf)?;
        if got == root { Ok(()) } else { Err(ProofError::WrongRoot { expected: root, got }) }
    }
}

/// Index, number of levels, and 27 bytes for each.
impl Encode for Path {
    fn encode(&self, writer: &mut Writer) {
        writer.u32(self.index);
        writer.u8(u8::try_from(self.siblings.len()).unwrap_or(u8::MAX));
        for sibling in &self.siblings {
            sibling.encode(writer);
        }
    }
}

impl Decode for Path {
    const BYTES_MAX: usize = 5 + HEIGHT_MAX * Digest::BYTES;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let start = reader.offset();
        let index = reader.u32()?;
        let offset = reader.offset();
        let levels = usize::from(reader.u8()?);
        if levels > HEIGHT_MAX {
            return Err(DecodeError::TooMany { what: "levels", max: HEIGHT_MAX, got: levels, offset });
        }
        if u64::from(index) >= 1 << levels {
            return Err(DecodeError::OutOfRange { what: "leaf index", got: index.into(), offset: start });
        }
        let mut siblings = Vec::with_capacity(levels.min(reader.remaining() / Digest::BYTES));
        for _ in 0..levels {
            siblings.push(Digest::decode(reader)?);
        }
        Ok(Path { index, siblings })
    }
}
