use alloc::vec::Vec;

use p3_commit::Mmcs;
use p3_dft::TwoAdicSubgroupDft;
use p3_field::{ExtensionField, Field, PackedFieldExtension, PackedValue, PrimeCharacteristicRing};
use p3_fri::FriFoldingStrategy;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_util::reverse_slice_index_bits;

use crate::opening::Fold;
use crate::packing::pack_rows;
use crate::plonky::{self, FOLDING, FoldTree, Hash, RowTree, Transform, digest};
use crate::shape::LOG_LAST;
use crate::transcript::Transcript;
use crate::transform::extend;
use crate::{Challenge, FriError, Opening, Shape, Statement, Val};

type Packed = <Val as Field>::Packing;
type PackedChallenge = <Challenge as ExtensionField<Val>>::ExtensionPacking;

/// Coded data under a root, before anything is said of it.
pub struct Word {
    shape: Shape,
    root: Hash,
    tree: RowTree,
}

impl Word {
    /// Codes data and hashes every row of the code.
    pub(crate) fn new(bytes: &[u8], shape: Shape) -> Result<Word, FriError> {
        Ok(Word::of_rows(shape, Word::code(bytes, shape)?))
    }

    /// The rows of the code, data first.
    pub(crate) fn code(bytes: &[u8], shape: Shape) -> Result<RowMajorMatrix<Val>, FriError> {
        if bytes.len() != shape.bytes() {
            return Err(FriError::Parts { what: "bytes", expected: shape.bytes(), got: bytes.len() });
        }
        // Values that fold together stand beside each other when the bits of positions are reversed; data comes first then.
        let mut values = Val::zero_vec(shape.rows() * shape.columns());
        pack_rows(bytes, shape.columns(), shape.log_data_rows(), &mut values);
        extend(&mut values, shape.columns(), shape.log_data_rows(), shape.expansion().levels());
        Ok(RowMajorMatrix::new(values, shape.columns()))
    }

    /// Under rows that need not be a code, which is how tests lie.
    pub(crate) fn of_rows(shape: Shape, rows: RowMajorMatrix<Val>) -> Word {
        let (root, tree) = plonky::rows().commit_matrix(rows);
        Word { shape, root: digest(&root), tree }
    }

    /// The commitment.
    pub const fn root(&self) -> Hash {
        self.root
    }

    /// Shows that it is near a code.
    pub fn state(self) -> Committed {
        let (rows, folds) = (plonky::rows(), plonky::folds());
        let mut transcript = Transcript::new(&self.shape, &self.root);
        let factors = pack_factors(&transcript.factors(self.shape.columns()));
        let matrix = rows.get_matrices(&self.tree);
        let mut values: Vec<Challenge> =
            matrix.iter().flat_map(|rows| rows.rowwise_packed_dot_product::<Challenge>(&factors)).collect();
        let (mut roots, mut trees) = (Vec::new(), Vec::new());
        for (_, log_arity) in self.shape.folds() {
            let (root, tree) = folds.commit_matrix(RowMajorMatrix::new(values, 1 << log_arity));
            let at = transcript.fold(&digest(&root));
            let leaves = folds.get_matrices(&tree);
            values = leaves
                .iter()
                .flat_map(|leaves| {
                    FriFoldingStrategy::<Val, Challenge>::fold_matrix(&FOLDING, at, log_arity, leaves.as_view())
                })
                .collect();
            roots.push(digest(&root));
            trees.push(tree);
        }
        values.truncate(1 << LOG_LAST);
        reverse_slice_index_bits(&mut values);
        let last = Transform::default().idft_algebra(values);
        let positions = transcript.positions(&last, &self.shape);
        let statement = Statement { shape: self.shape, folds: roots, last, openings: Vec::new() };
        let mut committed = Committed { word: self, trees, statement };
        committed.statement.openings = positions.into_iter().map(|position| committed.at(position)).collect();
        committed
    }
}

#[cfg(test)]
impl Word {
    /// With the folds of another word, but a transcript of its own.
    pub(crate) fn state_as(self, other: &Committed) -> Committed {
        let data = plonky::rows();
        let rows = data.get_matrices(&other.word.tree).first().map(|rows| (*rows).clone());
        let honest = Word::of_rows(self.shape, rows.unwrap_or_else(|| RowMajorMatrix::new(Vec::new(), 1)));
        let mut stated = Word { root: self.root, ..honest }.state();
        stated.word = self;
        let mut transcript = Transcript::new(&stated.word.shape, &stated.word.root);
        let _factors = transcript.factors(stated.word.shape.columns());
        for root in &stated.statement.folds {
            let _at = transcript.fold(root);
        }
        let positions = transcript.positions(&stated.statement.last, &stated.word.shape);
        stated.statement.openings = positions.into_iter().map(|position| stated.at(position)).collect();
        stated
    }
}

/// The factors of columns, as many beside each other as the processor takes.
fn pack_factors(factors: &[Challenge]) -> Vec<PackedChallenge> {
    let lanes = Packed::WIDTH;
    let lane = |start: usize| move |lane: usize| factors.get(start + lane).copied().unwrap_or(Challenge::ZERO);
    (0..factors.len()).step_by(lanes).map(|start| PackedChallenge::from_ext_fn(lane(start))).collect()
}

/// A word, what is said of it, and all that its openings are taken from.
pub struct Committed {
    word: Word,
    trees: Vec<FoldTree>,
    statement: Statement,
}

impl Committed {
    /// The commitment.
    pub const fn root(&self) -> Hash {
        self.word.root
    }

    /// What is said to everyone.
    pub const fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The opening at a position; `None` if there is no such row.
    pub fn open(&self, position: u32) -> Option<Opening> {
        ((position as usize) < self.word.shape.rows()).then(|| self.at(position))
    }

    fn at(&self, position: u32) -> Opening {
        let (mut rows, path) = plonky::rows().open_batch(position as usize, &self.word.tree).unpack();
        let mut index = position as usize;
        let mut folds = Vec::with_capacity(self.trees.len());
        for ((_, log_arity), tree) in self.word.shape.folds().zip(&self.trees) {
            let (mut values, path) = plonky::folds().open_batch(index >> log_arity, tree).unpack();
            let mut siblings = values.pop().unwrap_or_default();
            let within = index & ((1 << log_arity) - 1);
            if within < siblings.len() {
                let _known = siblings.remove(within);
            }
            folds.push(Fold { siblings, path });
            index >>= log_arity;
        }
        Opening { row: rows.pop().unwrap_or_default(), path, folds }
    }
}
