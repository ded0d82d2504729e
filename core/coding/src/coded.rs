use alloc::vec::Vec;
use core::fmt;

use ashlar_batch::merkle::{Digest, Tree, TreeHash, TreeKind};
use ashlar_batch::{Hash, RowProof, Rows};

use crate::{Chunk, CodingError, Engine, Expansion, Layout, Manifest, Plain, Row};

/// What a header says of the availability of a batch: the digest that a manifest and every chunk lead to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DaCommitment(Digest);

impl DaCommitment {
    /// As a header has it.
    pub const fn new(digest: Digest) -> DaCommitment {
        DaCommitment(digest)
    }

    /// The digest at the top of the tree.
    pub const fn digest(self) -> Digest {
        self.0
    }

    /// For a header and for L1: the digest, then zeros.
    pub const fn to_hash(self) -> Hash {
        Hash(self.0.to_word())
    }

    /// From a header; `None` if what stands there is no digest, and so the commitment of another scheme.
    pub fn from_hash(hash: &Hash) -> Option<DaCommitment> {
        Digest::from_word(&hash.0).map(DaCommitment)
    }
}

impl fmt::Debug for DaCommitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A batch with its coded rows and everything that is said about them: what is published.
#[derive(Clone, Debug)]
pub struct Coded {
    data: Vec<u8>,
    coded: Vec<u8>,
    tree: Tree,
    manifest: Manifest,
    commitment: DaCommitment,
}

/// Memory of a batch that is done with, for the next one: what was written to before is there, and what is new has to be asked of the system page by
/// page, which takes as long as coding it.
#[derive(Clone, Default, Debug)]
pub struct Room {
    data: Vec<u8>,
    coded: Vec<u8>,
}

impl Coded {
    /// Codes the bytes of a batch.
    pub fn new(bytes: &[u8], expansion: Expansion, engine: &impl Engine) -> Result<Coded, CodingError> {
        Self::within(Room::default(), bytes, expansion, engine)
    }

    /// Codes the bytes of a batch in the memory of another.
    pub fn within(room: Room, bytes: &[u8], expansion: Expansion, engine: &impl Engine) -> Result<Coded, CodingError> {
        let rows = Rows::of_batch(bytes)?;
        let layout = Layout::of(&rows, expansion)?;
        let Room { mut data, mut coded } = room;
        data.clear();
        data.reserve_exact(layout.data_rows() * layout.row_bytes());
        data.extend_from_slice(bytes);
        data.resize(layout.data_rows() * layout.row_bytes(), 0);
        engine.encode_into(&layout, layout.row_bytes(), &data, &mut coded)?;
        Self::commit(layout, data, coded, engine)
    }

    /// Leaves its memory to another.
    pub fn into_room(self) -> Room {
        Room { data: self.data, coded: self.coded }
    }

    /// Commits to rows that are already coded; data and coded rows each one after the other. That they are coded rightly is
    /// not looked at, which is how tests lie.
    pub fn from_rows(layout: Layout, data: Vec<u8>, coded: Vec<u8>) -> Result<Coded, CodingError> {
        Self::commit(layout, data, coded, &Plain)
    }

    fn commit(layout: Layout, data: Vec<u8>, coded: Vec<u8>, engine: &impl Engine) -> Result<Coded, CodingError> {
        let lengths = [(layout.data_rows(), data.len()), (layout.coded_rows(), coded.len())];
        for (expected, got) in lengths.map(|(rows, got)| (rows * layout.row_bytes(), got)) {
            if got != expected {
                return Err(CodingError::Length { expected, got });
            }
        }
        let hash = TreeHash::new(TreeKind::DATA);
        let first_coded = 1 << layout.data_height();
        let mut leaves = Vec::with_capacity(first_coded + layout.coded_rows());
        leaves.extend(engine.leaves(layout.row_bytes(), &data));
        leaves.resize(first_coded, Digest::EMPTY);
        leaves.extend(engine.leaves(layout.row_bytes(), &coded));
        let first = leaves.first().copied().unwrap_or(Digest::EMPTY);
        // A layout's rows fit the tree, and the tree has a level for each of its doublings.
        let tree = Tree::new(TreeKind::DATA, leaves).ok_or(CodingError::Engine)?;
        let leftmost = tree.path(0).ok_or(CodingError::Engine)?;
        let (below, siblings) =
            leftmost.siblings().split_at_checked(layout.data_height()).ok_or(CodingError::Engine)?;
        let data_root = (1u8..).zip(below).fold(first, |node, (level, sibling)| hash.node(level, &node, sibling));

        let coefficients = engine.coefficients(&tree.root(), &layout);
        let combinations = engine.combine(&coefficients, layout.row_bytes(), &data);
        let manifest = Manifest::new(layout, data_root, siblings.to_vec(), combinations);
        let commitment = manifest.commitment();
        Ok(Coded { data, coded, tree, manifest, commitment })
    }

    /// The commitment.
    pub const fn commitment(&self) -> DaCommitment {
        self.commitment
    }

    /// What it stands for.
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// A row's bytes.
    pub fn row(&self, row: Row) -> Option<&[u8]> {
        let layout = self.manifest.layout();
        let number = usize::from(row.get());
        match number.checked_sub(layout.data_rows()) {
            None => self.data.chunks_exact(layout.row_bytes()).nth(number),
            Some(coded) => self.coded.chunks_exact(layout.row_bytes()).nth(coded),
        }
    }

    /// A row with its proof; `None` if there is no such row.
    pub fn chunk(&self, row: Row) -> Option<Chunk> {
        let place = self.manifest.layout().place(row)?;
        let proof = RowProof::of(&self.tree, place)?.under(&[self.manifest.digest()]);
        Some(Chunk::new(proof, self.row(row)?.to_vec()))
    }

    /// Every row with its proof, data first.
    pub fn chunks(&self) -> impl Iterator<Item = Chunk> {
        (0..self.manifest.layout().rows() as u16).filter_map(|row| self.chunk(Row::new(row)))
    }
}
