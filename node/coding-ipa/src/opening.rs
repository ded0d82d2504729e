use alloc::vec::Vec;

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};

use crate::IpaError;

/// What is asked of a commitment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claim<'a> {
    /// The scalars at these positions, which ascend.
    Scalars(&'a [u32]),
    /// The value at this point of the polynomial whose coefficients the scalars are, the constant first.
    Value(Scalar),
}

/// What a claim's answer is, and what shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    /// The scalars at the positions, or the one value.
    pub values: Vec<Scalar>,
    pub(crate) folds: Vec<(RistrettoPoint, RistrettoPoint)>,
    pub(crate) last: Scalar,
}

const POINT_BYTES: usize = 32;

impl Opening {
    /// The bytes that are sent: values, pairs of group elements, the last scalar.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.values.iter().for_each(|value| bytes.extend(value.as_bytes()));
        for (left, right) in &self.folds {
            bytes.extend(left.compress().as_bytes());
            bytes.extend(right.compress().as_bytes());
        }
        bytes.extend(self.last.as_bytes());
        bytes
    }

    /// From the bytes that were sent for so many values of a commitment to so many scalars.
    pub fn from_bytes(values: usize, length: usize, bytes: &[u8]) -> Result<Opening, IpaError> {
        let folds = length.next_power_of_two().ilog2() as usize;
        let expected = values + 2 * folds + 1;
        let (words, rest) = bytes.as_chunks::<POINT_BYTES>();
        if words.len() != expected || !rest.is_empty() {
            return Err(IpaError::Parts { what: "bytes", expected: expected * POINT_BYTES, got: bytes.len() });
        }
        let scalar = |index: usize| {
            let word = words.get(index).copied().unwrap_or_default();
            let refused = IpaError::Scalar { offset: index * POINT_BYTES };
            Option::<Scalar>::from(Scalar::from_canonical_bytes(word)).ok_or(refused)
        };
        let point = |index: usize| {
            let word = words.get(index).copied().unwrap_or_default();
            CompressedRistretto(word).decompress().ok_or(IpaError::Element { index })
        };
        let fold = |fold: usize| Ok((point(values + 2 * fold)?, point(values + 2 * fold + 1)?));
        Ok(Opening {
            values: (0..values).map(scalar).collect::<Result<_, _>>()?,
            folds: (0..folds).map(fold).collect::<Result<_, _>>()?,
            last: scalar(expected - 1)?,
        })
    }
}
