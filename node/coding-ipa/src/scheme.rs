use alloc::vec::Vec;

use ashlar_coding::Scheme;
use ashlar_coding::soundness::{self, Proven};
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::{RistrettoPoint, Scalar};

use crate::{Claim, Generators, IpaError, LENGTH_MAX, Opening, SCALAR_BYTES, argument, pack};

/// The scheme of this crate, with its generators.
#[derive(Clone, Debug)]
pub struct Ipa {
    generators: Generators,
}

/// Scalars and their commitment.
#[derive(Clone, Debug)]
pub struct Committed {
    scalars: Vec<Scalar>,
    commitment: RistrettoPoint,
}

/// What is said beside a commitment: how many scalars there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Scalars.
    pub length: u32,
}

/// What openings of one commitment are checked with.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    commitment: RistrettoPoint,
    length: usize,
}

/// Bits of the group's order, rounded down.
const ORDER_BITS: u32 = 252;

impl Ipa {
    /// For data of up to so many scalars, a power of two.
    pub fn new(length: usize) -> Result<Ipa, IpaError> {
        Ok(Ipa { generators: Generators::new(length)? })
    }

    /// Answers a claim and shows the answer.
    pub fn open(&self, committed: &Committed, claim: Claim<'_>) -> Result<Opening, IpaError> {
        argument::open(&self.generators, &committed.scalars, &committed.commitment, claim)
    }

    /// Whether an opening shows its answer to a claim.
    pub fn verify(&self, verifier: &Verifier, claim: Claim<'_>, opening: &Opening) -> Result<(), IpaError> {
        argument::verify(&self.generators, verifier.length, &verifier.commitment, claim, opening)
    }

    /// Commits to scalars that need not be bytes.
    pub fn commit_scalars(&self, scalars: Vec<Scalar>) -> Result<Committed, IpaError> {
        if scalars.is_empty() || scalars.len() > self.generators.len() {
            return Err(IpaError::Length { max: self.generators.len(), got: scalars.len() });
        }
        let commitment = argument::commit(&self.generators, &scalars);
        Ok(Committed { scalars, commitment })
    }

    /// The bits that are proven of openings of this many positions, if logarithms are hard.
    pub const fn proven(verifier: &Verifier, positions: u32) -> Proven {
        let log_length = verifier.length.next_power_of_two().ilog2();
        soundness::Ipa { order_bits: ORDER_BITS, log_length, positions }.proven()
    }
}

impl Committed {
    /// The commitment.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.commitment.compress().to_bytes()
    }
}

impl Scheme for Ipa {
    type Committed = Committed;
    type Statement = Statement;
    type Verifier = Verifier;
    type Sample = Opening;
    type Error = IpaError;

    fn commit(&self, bytes: &[u8]) -> Result<Committed, IpaError> {
        let max = self.generators.len() * SCALAR_BYTES;
        if bytes.is_empty() || bytes.len() > max {
            return Err(IpaError::Bytes { max, got: bytes.len() });
        }
        self.commit_scalars(pack(bytes))
    }

    fn commitment(&self, committed: &Committed) -> [u8; 32] {
        committed.to_bytes()
    }

    fn statement(&self, committed: &Committed) -> Statement {
        Statement { length: committed.scalars.len() as u32 }
    }

    fn open(&self, committed: &Committed, position: u32) -> Option<Opening> {
        Ipa::open(self, committed, Claim::Scalars(&[position])).ok()
    }

    fn verifier(&self, commitment: [u8; 32], statement: &Statement) -> Result<Verifier, IpaError> {
        let length = statement.length as usize;
        if length == 0 || length > self.generators.len() {
            return Err(IpaError::Length { max: self.generators.len().min(LENGTH_MAX), got: length });
        }
        let commitment = CompressedRistretto(commitment).decompress().ok_or(IpaError::Element { index: 0 })?;
        Ok(Verifier { commitment, length })
    }

    fn positions(&self, verifier: &Verifier) -> usize {
        verifier.length
    }

    fn verify(&self, verifier: &Verifier, position: u32, sample: &Opening) -> Result<(), IpaError> {
        Ipa::verify(self, verifier, Claim::Scalars(&[position]), sample)
    }

    fn proven(&self, verifier: &Verifier) -> Proven {
        Ipa::proven(verifier, 1)
    }
}
