use alloc::vec::Vec;

use ashlar_types::Domain;
use p3_blake3::Blake3;
use p3_challenger::{CanObserve, CanSample, CanSampleBits, HashChallenger, SerializingChallenger32};
use p3_field::BasedVectorSpace;

use crate::plonky::{DIGEST_BYTES, Hash};
use crate::{Challenge, Shape, Val};

type Inner = HashChallenger<u8, Blake3, 32>;

/// What prover and verifier both draw from: everything that was said before, in the order in which it was said.
pub(crate) struct Transcript(SerializingChallenger32<Val, Inner>);

impl Transcript {
    /// Begins with what is committed to.
    pub(crate) fn new(shape: &Shape, root: &Hash) -> Transcript {
        let mut begin = Vec::from(Domain::DA_CHALLENGE.bytes());
        begin.extend(b"fri/1");
        begin.extend(shape.to_bytes());
        begin.extend(root);
        Transcript(SerializingChallenger32::from_hasher(begin, Blake3))
    }

    /// The factor of each column, each drawn by itself: a theorem about lines then holds for all columns together.
    pub(crate) fn factors(&mut self, columns: usize) -> Vec<Challenge> {
        (0..columns).map(|_| self.0.sample()).collect()
    }

    /// Where the values under a root are folded at.
    pub(crate) fn fold(&mut self, root: &Hash) -> Challenge {
        let root: [Val; DIGEST_BYTES] = root.map(|byte| Val::new(byte.into()));
        self.0.observe_slice(&root[..]);
        self.0.sample()
    }

    /// The positions that must be opened, after all that is said was said.
    pub(crate) fn positions(&mut self, last: &[Challenge], shape: &Shape) -> Vec<u32> {
        for element in last {
            let coefficients: &[Val] = element.as_basis_coefficients_slice();
            self.0.observe_slice(coefficients);
        }
        (0..shape.queries()).map(|_| self.0.sample_bits(shape.log_rows()) as u32).collect()
    }
}
