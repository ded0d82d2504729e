use alloc::vec::Vec;

use crate::opening::{Source, write_challenge};
use crate::plonky::Hash;
use crate::shape::LOG_LAST;
use crate::{Challenge, Expansion, FriError, Opening, Shape};

/// What is said of a commitment to everyone: its shape, the roots of the folds, the last polynomial, and the openings at
/// the positions that the transcript draws.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    pub(crate) shape: Shape,
    pub(crate) folds: Vec<Hash>,
    /// Coefficients, the constant first.
    pub(crate) last: Vec<Challenge>,
    pub(crate) openings: Vec<Opening>,
}

impl Statement {
    /// Rows, columns and folds.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The bytes that are sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::from(self.shape.to_bytes());
        bytes.extend(self.folds.as_flattened());
        self.last.iter().for_each(|element| write_challenge(element, &mut bytes));
        self.openings.iter().for_each(|opening| opening.write(&mut bytes));
        bytes
    }

    /// From the bytes that were sent. Everything's length follows from the first five bytes, which are within limits.
    pub fn from_bytes(bytes: &[u8]) -> Result<Statement, FriError> {
        let mut source = Source::new(bytes);
        let length = u32::from_le_bytes(source.array()?);
        let [levels] = source.array()?;
        let refused = FriError::Parts { what: "doublings", expected: 2, got: levels.into() };
        let expansion = Expansion::of_levels(levels.into()).ok_or(refused)?;
        let shape = Shape::new(length as usize, expansion)?;
        let folds = shape.folds().map(|_| source.array()).collect::<Result<_, _>>()?;
        let last = (0..1 << LOG_LAST).map(|_| source.challenge()).collect::<Result<_, _>>()?;
        let openings = (0..shape.queries()).map(|_| Opening::read(&shape, &mut source)).collect::<Result<_, _>>()?;
        source.end()?;
        Ok(Statement { shape, folds, last, openings })
    }
}
