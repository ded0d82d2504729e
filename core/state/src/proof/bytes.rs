//! The bytes of a proof: big-endian throughout, as hashed, so that L1 can read it in place.
//!
//! `version (1) || kind (1)`, then paths: `key (24) || words (1) || value (8 each) || steps (1) || step (28 each)`, a step being
//! `position (1) || sibling (27)`. Between two leaves the shared steps follow: `steps (1) || step (28 each)`.

use alloc::vec::Vec;

use super::{LookupProof, ProofError, ProofPath, ProofStep, SuccessorProof};
use crate::hash::Digest;
use crate::key::Key;
use crate::limits::{KEY_BITS, VALUE_WORDS_MAX};
use crate::value::Value;

const VERSION: u8 = 1;
const LOOKUP_EMPTY: u8 = 0;
const LOOKUP_PATH: u8 = 1;
const SUCCESSOR_EMPTY: u8 = 2;
const SUCCESSOR_AFTER_LAST: u8 = 3;
const SUCCESSOR_UP_TO_FIRST: u8 = 4;
const SUCCESSOR_BETWEEN: u8 = 5;

/// The most that a proof decoder accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofLimits {
    /// Steps of one path. No honest path has more than 192.
    pub steps_max: u8,
}

impl Default for ProofLimits {
    fn default() -> Self {
        Self { steps_max: KEY_BITS }
    }
}

impl LookupProof {
    /// The one encoding of this proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.path {
            None => [VERSION, LOOKUP_EMPTY].to_vec(),
            Some(path) => {
                let mut bytes = [VERSION, LOOKUP_PATH].to_vec();
                put_path(&mut bytes, path);
                bytes
            }
        }
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8], limits: &ProofLimits) -> Result<Self, ProofError> {
        let (mut reader, kind) = Reader::open(bytes, limits)?;
        let path = match kind {
            LOOKUP_EMPTY => None,
            LOOKUP_PATH => Some(reader.path()?),
            got => return Err(ProofError::Kind { got }),
        };
        reader.finish(Self { path })
    }
}

impl SuccessorProof {
    /// The one encoding of this proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, paths, shared) = match self {
            Self::Empty => (SUCCESSOR_EMPTY, [None, None], None),
            Self::AfterLast(path) => (SUCCESSOR_AFTER_LAST, [Some(path), None], None),
            Self::UpToFirst(path) => (SUCCESSOR_UP_TO_FIRST, [None, Some(path)], None),
            Self::Between { left, right, shared } => (SUCCESSOR_BETWEEN, [Some(left), Some(right)], Some(shared)),
        };
        let mut bytes = [VERSION, kind].to_vec();
        paths.into_iter().flatten().for_each(|path| put_path(&mut bytes, path));
        if let Some(shared) = shared {
            put_steps(&mut bytes, shared);
        }
        bytes
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8], limits: &ProofLimits) -> Result<Self, ProofError> {
        let (mut reader, kind) = Reader::open(bytes, limits)?;
        let proof = match kind {
            SUCCESSOR_EMPTY => Self::Empty,
            SUCCESSOR_AFTER_LAST => Self::AfterLast(reader.path()?),
            SUCCESSOR_UP_TO_FIRST => Self::UpToFirst(reader.path()?),
            SUCCESSOR_BETWEEN => {
                let (left, right) = (reader.path()?, reader.path()?);
                Self::Between { left, right, shared: reader.steps()? }
            }
            got => return Err(ProofError::Kind { got }),
        };
        reader.finish(proof)
    }
}

fn put_path(bytes: &mut Vec<u8>, path: &ProofPath) {
    let words = path.value.words();
    bytes.extend(path.key.to_bytes());
    bytes.push(words.len() as u8);
    bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    put_steps(bytes, &path.steps);
}

fn put_steps(bytes: &mut Vec<u8>, steps: &[ProofStep]) {
    bytes.push(steps.len() as u8);
    for step in steps {
        bytes.push(step.position);
        bytes.extend(step.sibling.to_bytes());
    }
}

struct Reader<'b> {
    rest: &'b [u8],
    limits: ProofLimits,
}

impl<'b> Reader<'b> {
    fn open(bytes: &'b [u8], limits: &ProofLimits) -> Result<(Self, u8), ProofError> {
        let mut reader = Self { rest: bytes, limits: *limits };
        match reader.byte()? {
            VERSION => {}
            got => return Err(ProofError::Version { expected: VERSION, got }),
        }
        let kind = reader.byte()?;
        Ok((reader, kind))
    }

    fn finish<T>(self, proof: T) -> Result<T, ProofError> {
        match self.rest.len() {
            0 => Ok(proof),
            got => Err(ProofError::Trailing { got }),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<&'b [u8; N], ProofError> {
        let short = ProofError::Truncated { expected: N, got: self.rest.len() };
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, ProofError> {
        self.take::<1>().map(|[byte]| *byte)
    }

    fn path(&mut self) -> Result<ProofPath, ProofError> {
        let key = Key::from_bytes(self.take()?);
        let len = self.byte()?;
        let mut words = [0; VALUE_WORDS_MAX];
        let slots = words.get_mut(..usize::from(len)).ok_or(ProofError::ValueLength { got: len })?;
        for slot in slots.iter_mut() {
            *slot = u64::from_be_bytes(*self.take()?);
        }
        let value = Value::new(slots).map_err(|_| ProofError::ValueLength { got: len })?;
        Ok(ProofPath { key, value, steps: self.steps()? })
    }

    fn steps(&mut self) -> Result<Vec<ProofStep>, ProofError> {
        let (max, got) = (self.limits.steps_max, self.byte()?);
        if got > max {
            return Err(ProofError::Steps { max, got });
        }
        (0..got).map(|_| Ok(ProofStep { position: self.byte()?, sibling: Digest::from_bytes(self.take()?) })).collect()
    }
}
