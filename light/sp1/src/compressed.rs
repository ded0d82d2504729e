//! Compressed proofs: one STARK, whatever was proven.

use std::borrow::Borrow;

use bincode::Options;
use sha2::{Digest, Sha256};
use slop_algebra::PrimeField32;
use sp1_primitives::SP1Field;
use sp1_recursion_executor::RecursionPublicValues;
use sp1_verifier::SP1Proof;
use sp1_verifier::compressed::SP1CompressedVerifier;

use crate::error::Sp1Error;
use crate::program::Program;

/// The most bytes of a compressed proof that are looked at. They have about 1.3 million.
pub const PROOF_BYTES_MAX: usize = 1 << 22;

/// Public values of a proof of this kind, with what fills them.
const VALUES: usize = 187;

/// Checks compressed proofs. Making one takes some milliseconds, which checking many proofs need not.
pub struct Verifier(SP1CompressedVerifier);

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(compressed)")
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Verifier::new()
    }
}

impl Verifier {
    /// With the keys of SP1's release.
    pub fn new() -> Verifier {
        Verifier(SP1CompressedVerifier::new())
    }

    /// Checks that the program came to these public values. The proof is as [`SP1Proof`] is encoded by bincode.
    pub fn check(&self, program: &Program, public_values: &[u8], proof: &[u8]) -> Result<(), Sp1Error> {
        let SP1Proof::Compressed(recursion) = decode(proof)? else {
            return Err(Sp1Error::malformed("it is of another kind than compressed"));
        };
        let values = &recursion.proof.public_values;
        if values.len() != VALUES {
            return Err(Sp1Error::malformed(format!("it has {} public values of its own, not {VALUES}", values.len())));
        }
        let said: &RecursionPublicValues<SP1Field> = values.as_slice().borrow();
        let got = Program::of(&said.sp1_vk_digest);
        if got != *program {
            return Err(Sp1Error::WrongProgram { expected: *program, got });
        }
        let expected: [u8; 32] = Sha256::digest(public_values).into();
        let committed = committed_digest(said)?;
        if committed != expected {
            return Err(Sp1Error::WrongPublicValues { expected, got: committed });
        }
        self.0
            .verify_compressed(&recursion, &program.elements())
            .map_err(|error| Sp1Error::Rejected { reason: error.to_string() })
    }
}

/// What the guest committed to: a SHA-256, a byte in each element.
fn committed_digest(said: &RecursionPublicValues<SP1Field>) -> Result<[u8; 32], Sp1Error> {
    let mut digest = [0; 32];
    let elements = said.committed_value_digest.iter().flatten();
    for (byte, element) in digest.iter_mut().zip(elements) {
        *byte = u8::try_from(element.as_canonical_u32())
            .map_err(|_| Sp1Error::malformed("an element of its digest is no byte"))?;
    }
    Ok(digest)
}

fn decode(bytes: &[u8]) -> Result<SP1Proof, Sp1Error> {
    if bytes.len() > PROOF_BYTES_MAX {
        let got = bytes.len();
        return Err(Sp1Error::malformed(format!("it has {got} bytes, where {PROOF_BYTES_MAX} are the most")));
    }
    let encoding = bincode::options().with_fixint_encoding().with_limit(PROOF_BYTES_MAX as u64);
    let proof: SP1Proof = encoding.deserialize(bytes).map_err(Sp1Error::malformed)?;
    // Numbers above the field's prime are read as if they were below it, so only writing it again says whether these are its bytes.
    if encoding.serialize(&proof).map_err(Sp1Error::malformed)? != bytes {
        return Err(Sp1Error::malformed("a number in it is not written as numbers of the field are"));
    }
    Ok(proof)
}
