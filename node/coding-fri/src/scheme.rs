use alloc::vec::Vec;

use ashlar_coding::soundness::Proven;
use ashlar_coding::{Expansion, Scheme};

use crate::plonky::Hash;
use crate::{Committed, FriError, Opening, Shape, Statement, Val, Verifier, Word};

/// The scheme of this crate.
#[derive(Clone, Debug)]
pub struct Fri {
    expansion: Expansion,
}

impl Fri {
    /// Of codes so much longer than the data.
    pub const fn new(expansion: Expansion) -> Fri {
        Fri { expansion }
    }

    /// Codes data and hashes nothing: every row of the code as elements, data first.
    pub fn code(&self, bytes: &[u8]) -> Result<Vec<Val>, FriError> {
        Ok(Word::code(bytes, Shape::new(bytes.len(), self.expansion)?)?.values)
    }

    /// Codes data and hashes it: the first half of a commitment.
    pub fn word(&self, bytes: &[u8]) -> Result<Word, FriError> {
        Word::new(bytes, Shape::new(bytes.len(), self.expansion)?)
    }
}

impl Scheme for Fri {
    type Committed = Committed;
    type Statement = Statement;
    type Verifier = Verifier;
    type Sample = Opening;
    type Error = FriError;

    fn commit(&self, bytes: &[u8]) -> Result<Committed, FriError> {
        Ok(self.word(bytes)?.state())
    }

    fn commitment(&self, committed: &Committed) -> Hash {
        committed.root()
    }

    fn statement(&self, committed: &Committed) -> Statement {
        committed.statement().clone()
    }

    fn open(&self, committed: &Committed, position: u32) -> Option<Opening> {
        committed.open(position)
    }

    fn verifier(&self, commitment: Hash, statement: &Statement) -> Result<Verifier, FriError> {
        Verifier::new(commitment, statement)
    }

    fn positions(&self, verifier: &Verifier) -> usize {
        verifier.shape().rows()
    }

    fn verify(&self, verifier: &Verifier, position: u32, sample: &Opening) -> Result<(), FriError> {
        verifier.verify(position, sample)
    }

    fn proven(&self, verifier: &Verifier) -> Proven {
        verifier.shape().proven()
    }
}
