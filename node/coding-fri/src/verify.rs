use alloc::vec::Vec;

use p3_commit::{BatchOpeningRef, Mmcs};
use p3_field::{PrimeCharacteristicRing, TwoAdicField};
use p3_fri::FriFoldingStrategy;
use p3_matrix::Dimensions;
use p3_util::reverse_bits_len;

use crate::opening::Fold;
use crate::plonky::{self, FOLDING, Hash, Root};
use crate::shape::LOG_LAST;
use crate::transcript::Transcript;
use crate::{Challenge, FriError, Opening, Shape, Statement, Val};

/// Checks the openings of one commitment, after its statement was checked once.
#[derive(Clone, Debug)]
pub struct Verifier {
    root: Root,
    shape: Shape,
    factors: Vec<Challenge>,
    /// Of each fold: its root and where it is folded at.
    folds: Vec<(Root, Challenge)>,
    last: Vec<Challenge>,
}

impl Verifier {
    /// For a root that is trusted; the statement may come from anyone.
    pub fn new(root: Hash, statement: &Statement) -> Result<Verifier, FriError> {
        let shape = statement.shape;
        same("roots of folds", shape.folds().count(), statement.folds.len())?;
        same("coefficients", 1 << LOG_LAST, statement.last.len())?;
        same("openings", shape.queries(), statement.openings.len())?;
        let mut transcript = Transcript::new(&shape, &root);
        let factors = transcript.factors(shape.columns());
        let folds = statement.folds.iter().map(|fold| (plonky::root(*fold), transcript.fold(fold))).collect();
        let positions = transcript.positions(&statement.last, &shape);
        let root = plonky::root(root);
        let verifier = Verifier { root, shape, factors, folds, last: statement.last.clone() };
        for (position, opening) in positions.into_iter().zip(&statement.openings) {
            verifier.verify(position, opening)?;
        }
        Ok(verifier)
    }

    /// Rows, columns and folds.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Whether the opening is of the committed row at this position, and that row of the codeword.
    pub fn verify(&self, position: u32, opening: &Opening) -> Result<(), FriError> {
        let shape = &self.shape;
        if position as usize >= shape.rows() {
            return Err(FriError::NoSuchPosition { rows: shape.rows(), got: position });
        }
        same("elements", shape.columns(), opening.row.len())?;
        same("digests", shape.log_rows(), opening.path.len())?;
        same("folds", self.folds.len(), opening.folds.len())?;
        let size = Dimensions { width: shape.columns(), height: shape.rows() };
        let values = [opening.row.clone()];
        plonky::rows()
            .verify_batch(&self.root, &[size], position as usize, BatchOpeningRef::new(&values, &opening.path))
            .map_err(|_| FriError::Row { position })?;
        let mut value: Challenge =
            self.factors.iter().zip(&opening.row).map(|(factor, element)| *factor * *element).sum();
        let mut index = position as usize;
        for (round, (fold, (before, log_arity))) in opening.folds.iter().zip(shape.folds()).enumerate() {
            value = self.fold(position, round, (before, log_arity), index, value, fold)?;
            index >>= log_arity;
        }
        let log_size = LOG_LAST + shape.expansion().levels();
        let point = Val::two_adic_generator(log_size).exp_u64(reverse_bits_len(index, log_size) as u64);
        let expected = self.last.iter().rev().fold(Challenge::ZERO, |sum, coefficient| sum * point + *coefficient);
        if value == expected { Ok(()) } else { Err(FriError::NotOfTheWord { position }) }
    }

    /// The value that one fold makes of the value at an index and its siblings.
    fn fold(
        &self,
        position: u32,
        round: usize,
        (before, log_arity): (usize, usize),
        index: usize,
        value: Challenge,
        fold: &Fold,
    ) -> Result<Challenge, FriError> {
        let wrong = FriError::Fold { position, round };
        let (root, at) = self.folds.get(round).ok_or(wrong)?;
        same("siblings", (1 << log_arity) - 1, fold.siblings.len())?;
        same("digests", before - log_arity, fold.path.len())?;
        let mut values = fold.siblings.clone();
        values.insert(index & ((1 << log_arity) - 1), value);
        let (group, height) = (index >> log_arity, before - log_arity);
        let size = Dimensions { width: 1 << log_arity, height: 1 << height };
        let folded = FriFoldingStrategy::<Val, Challenge>::fold_row(
            &FOLDING,
            group,
            height,
            log_arity,
            *at,
            values.iter().copied(),
        );
        plonky::folds()
            .verify_batch(root, &[size], group, BatchOpeningRef::new(&[values], &fold.path))
            .map_err(|_| wrong)?;
        Ok(folded)
    }
}

const fn same(what: &'static str, expected: usize, got: usize) -> Result<(), FriError> {
    if expected == got { Ok(()) } else { Err(FriError::Parts { what, expected, got }) }
}
