//! Batch bytes as rows, and the root over them: the data root (B-18 to B-24).

use alloc::vec;
use alloc::vec::Vec;
use core::num::NonZeroUsize;

use ashlar_types::{Decode, DecodeError, Encode, Reader, Writer};

use crate::codec::Preamble;
use crate::error::BatchError;
use crate::limits::{BATCH_BYTES_MAX, CODED_LEVELS_MAX, ROW_BYTES_MAX, ROW_BYTES_MIN, ROWS_MAX};
use crate::merkle::{Digest, Path, ProofError, RootBuilder, Tree, TreeHash, TreeKind, height};

/// A string of bytes cut into rows of one length, the last one filled with zeros.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    row_bytes: NonZeroUsize,
    kind: TreeKind,
}

/// The length of the rows of so many bytes: the smallest power of two within the limits that needs no more than the
/// most rows there may be.
pub const fn row_bytes(length: usize) -> usize {
    let needed = length.div_ceil(ROWS_MAX);
    if needed <= ROW_BYTES_MIN { ROW_BYTES_MIN } else { needed.next_power_of_two() }
}

impl<'a> Rows<'a> {
    /// The rows of a batch.
    pub const fn of_batch(bytes: &'a [u8]) -> Result<Rows<'a>, BatchError> {
        Self::of(TreeKind::DATA, bytes)
    }

    pub(crate) const fn of(kind: TreeKind, bytes: &'a [u8]) -> Result<Rows<'a>, BatchError> {
        if bytes.len() > BATCH_BYTES_MAX {
            return Err(BatchError::TooLong { max: BATCH_BYTES_MAX, got: bytes.len() });
        }
        match NonZeroUsize::new(row_bytes(bytes.len())) {
            Some(row_bytes) => Ok(Rows { bytes, row_bytes, kind }),
            None => Err(BatchError::Empty),
        }
    }

    /// How many rows there are.
    pub const fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.row_bytes.get())
    }

    /// Bytes of each.
    pub const fn row_bytes(&self) -> usize {
        self.row_bytes.get()
    }

    /// Levels of nodes between a row and the root, which the code's own levels stand upon.
    pub const fn height(&self) -> usize {
        height(self.count())
    }

    /// The part of a row that is not filling; shorter than a row only if it is the last one.
    pub fn content(&self, index: usize) -> Option<&'a [u8]> {
        self.bytes.chunks(self.row_bytes.get()).nth(index)
    }

    /// A whole row.
    pub fn row(&self, index: usize) -> Option<Vec<u8>> {
        let mut row = self.content(index)?.to_vec();
        row.resize(self.row_bytes.get(), 0);
        Some(row)
    }

    /// All rows one after the other: what is published and coded.
    pub fn to_padded(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.count() * self.row_bytes.get()];
        for (to, from) in bytes.iter_mut().zip(self.bytes) {
            *to = *from;
        }
        bytes
    }

    /// The root, row by row and without a copy.
    pub fn root(&self) -> Digest {
        let mut builder = RootBuilder::new(self.kind);
        for row in self.bytes.chunks(self.row_bytes.get()) {
            builder.push_padded(row, self.row_bytes.get() - row.len());
        }
        builder.root()
    }

    /// The whole tree, for proofs of its rows.
    pub fn tree(&self) -> Option<Tree> {
        let hash = TreeHash::new(self.kind);
        let leaf = |row: &[u8]| hash.leaf_padded(row, self.row_bytes.get() - row.len());
        Tree::new(self.kind, self.bytes.chunks(self.row_bytes.get()).map(leaf).collect())
    }
}

/// The data root of a batch's bytes.
pub fn data_root(bytes: &[u8]) -> Result<Digest, BatchError> {
    Ok(Rows::of_batch(bytes)?.root())
}

/// The bytes of a batch within its rows: everything that follows them is zero, and no row is missing or left over.
pub fn unpad(rows: &[u8]) -> Result<&[u8], BatchError> {
    let length = Preamble::peek(rows)?.length;
    let row_bytes = row_bytes(length);
    let expected = length.div_ceil(row_bytes) * row_bytes;
    let wrong = BatchError::Rows { expected, got: rows.len() };
    if rows.len() != expected {
        return Err(wrong);
    }
    let (bytes, padding) = rows.split_at_checked(length).ok_or(wrong)?;
    match padding.iter().position(|byte| *byte != 0) {
        None => Ok(bytes),
        Some(at) => Err(BatchError::Padding { offset: length + at, got: padding[at] }),
    }
}

/// That a row is part of a batch's data, or, under a commitment, of its coded data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowProof {
    path: Path,
}

impl RowProof {
    /// Of the row at an index; `None` if there is no such row.
    pub fn of(tree: &Tree, index: u32) -> Option<RowProof> {
        Some(RowProof { path: tree.path(index)? })
    }

    /// Which row.
    pub const fn index(&self) -> u32 {
        self.path.index()
    }

    /// Digests between the row and the root.
    pub fn levels(&self) -> usize {
        self.path.siblings().len()
    }

    /// The same row's proof under a root that stands above this one, with these siblings to the right of it (B-24).
    pub fn under(&self, siblings: &[Digest]) -> RowProof {
        RowProof { path: Path::new(self.path.index(), [self.path.siblings(), siblings].concat()) }
    }

    /// Whether these bytes, filling included, are the row, under a root that is trusted.
    pub fn verify(&self, root: Digest, row: &[u8]) -> Result<(), ProofError> {
        if !row.len().is_power_of_two() || row.len() < ROW_BYTES_MIN || row.len() > ROW_BYTES_MAX {
            return Err(ProofError::RowBytes { got: row.len() });
        }
        let hash = TreeHash::new(TreeKind::DATA);
        self.path.verify(&hash, root, hash.leaf(row))
    }
}

impl Encode for RowProof {
    fn encode(&self, writer: &mut Writer) {
        self.path.encode(writer);
    }
}

impl Decode for RowProof {
    const BYTES_MAX: usize = Path::BYTES_MAX;

    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(RowProof { path: Path::decode(reader)? })
    }
}

/// The commitment to coded data whose leftmost subtree is the data: the data root with one sibling for each doubling.
///
/// `height` is that of the data's tree ([`Rows::height`]); a wrong one gives another commitment. `None` if there are
/// more siblings than the limit, or more levels than a tree has.
pub fn coded_root(data_root: Digest, height: usize, siblings: &[Digest]) -> Option<Digest> {
    if siblings.len() > CODED_LEVELS_MAX || height > ROWS_MAX.ilog2() as usize {
        return None;
    }
    let hash = TreeHash::new(TreeKind::DATA);
    let levels = height as u8 + 1..;
    Some(levels.zip(siblings).fold(data_root, |root, (level, sibling)| hash.node(level, &root, sibling)))
}
