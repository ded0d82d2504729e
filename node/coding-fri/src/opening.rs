use alloc::vec::Vec;

use p3_field::{BasedVectorSpace, PrimeField32};

use crate::plonky::{DIGEST_BYTES, Hash};
use crate::{Challenge, FriError, Shape, Val};

/// One fold of a position: the values that become one, but for the one that is known, and the path to their root.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fold {
    pub(crate) siblings: Vec<Challenge>,
    pub(crate) path: Vec<Hash>,
}

/// A row, and what it becomes through every fold: what is sent for a sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    pub(crate) row: Vec<Val>,
    pub(crate) path: Vec<Hash>,
    pub(crate) folds: Vec<Fold>,
}

impl Opening {
    /// The elements of the row.
    pub fn row(&self) -> &[Val] {
        &self.row
    }

    /// The bytes that are sent. Their lengths follow from the shape and so are not among them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes);
        bytes
    }

    /// From the bytes that were sent for a commitment of this shape.
    pub fn from_bytes(shape: &Shape, bytes: &[u8]) -> Result<Opening, FriError> {
        let mut source = Source::new(bytes);
        let opening = Opening::read(shape, &mut source)?;
        source.end()?;
        Ok(opening)
    }

    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        self.row.iter().for_each(|element| to.extend(element.as_canonical_u32().to_le_bytes()));
        to.extend(self.path.as_flattened());
        for fold in &self.folds {
            fold.siblings.iter().for_each(|element| write_challenge(element, to));
            to.extend(fold.path.as_flattened());
        }
    }

    pub(crate) fn read(shape: &Shape, source: &mut Source<'_>) -> Result<Opening, FriError> {
        let row = (0..shape.columns()).map(|_| source.element()).collect::<Result<_, _>>()?;
        let path = source.digests(shape.log_rows())?;
        let mut folds = Vec::new();
        for (before, log_arity) in shape.folds() {
            let siblings = (1..1 << log_arity).map(|_| source.challenge()).collect::<Result<_, _>>()?;
            folds.push(Fold { siblings, path: source.digests(before - log_arity)? });
        }
        Ok(Opening { row, path, folds })
    }
}

pub(crate) fn write_challenge(element: &Challenge, to: &mut Vec<u8>) {
    let coefficients: &[Val] = element.as_basis_coefficients_slice();
    coefficients.iter().for_each(|element| to.extend(element.as_canonical_u32().to_le_bytes()));
}

/// Bytes that somebody sent, read from the front.
pub(crate) struct Source<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Source<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Source<'a> {
        Source { bytes, offset: 0 }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FriError> {
        let truncated = FriError::Truncated { offset: self.offset + self.bytes.len() };
        let (front, rest) = self.bytes.split_first_chunk::<N>().ok_or(truncated)?;
        (self.bytes, self.offset) = (rest, self.offset + N);
        Ok(*front)
    }

    fn element(&mut self) -> Result<Val, FriError> {
        let refused = FriError::Element { offset: self.offset };
        let number = u32::from_le_bytes(self.array()?);
        // An element has one encoding.
        if number < Val::ORDER_U32 { Ok(Val::new(number)) } else { Err(refused) }
    }

    pub(crate) fn challenge(&mut self) -> Result<Challenge, FriError> {
        let mut coefficients = [Val::new(0); <Challenge as BasedVectorSpace<Val>>::DIMENSION];
        for coefficient in &mut coefficients {
            *coefficient = self.element()?;
        }
        Ok(<Challenge as BasedVectorSpace<Val>>::from_basis_coefficients_fn(|index| {
            coefficients.get(index).copied().unwrap_or_default()
        }))
    }

    fn digests(&mut self, count: usize) -> Result<Vec<Hash>, FriError> {
        (0..count).map(|_| self.array::<DIGEST_BYTES>()).collect()
    }

    pub(crate) const fn end(self) -> Result<(), FriError> {
        if self.bytes.is_empty() { Ok(()) } else { Err(FriError::Trailing { got: self.bytes.len() }) }
    }
}
