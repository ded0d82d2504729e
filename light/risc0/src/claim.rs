//! What a receipt claims, as RISC Zero hashes it. Contracts compute the same (`RiscZeroGroth16Verifier.sol`).

use sha2::{Digest, Sha256};

use crate::error::RiscZeroError;
use crate::image::Image;

/// A structure's hash: its name, the hashes in it, its numbers, and how many hashes there are.
fn structure(name: &str, hashes: &[[u8; 32]], numbers: &[u32]) -> [u8; 32] {
    let mut sha = Sha256::new();
    sha.update(Sha256::digest(name));
    hashes.iter().for_each(|hash| sha.update(hash));
    numbers.iter().for_each(|number| sha.update(number.to_le_bytes()));
    sha.update((hashes.len() as u16).to_le_bytes());
    sha.finalize().into()
}

/// The hash of a machine's state whose memory has this root. An image id is that of the state in which a run begins.
pub fn state_digest(memory_root: [u8; 32]) -> [u8; 32] {
    structure("risc0.SystemState", &[memory_root], &[0])
}

/// The hash of what a run puts out: a journal of this SHA-256, resting on no other proof.
pub fn output_digest(journal: [u8; 32]) -> [u8; 32] {
    structure("risc0.Output", &[journal, [0; 32]], &[])
}

/// The hash of the claim that the program of an image halted with exit code zero and a journal of this SHA-256.
pub fn claim_digest(image: &Image, journal: [u8; 32]) -> [u8; 32] {
    let halted = state_digest([0; 32]);
    structure("risc0.ReceiptClaim", &[[0; 32], image.0, halted, output_digest(journal)], &[0, 0])
}

/// What stands before a proof, so that one of something else is told from one that is broken: the image id, and the SHA-256 of the public values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preamble {
    /// Of which program.
    pub image: Image,
    /// The SHA-256 of what it says.
    pub journal: [u8; 32],
}

impl Preamble {
    /// Its bytes.
    pub const BYTES: usize = 64;

    /// Of a program that came to public values.
    pub fn of(image: Image, public_values: &[u8]) -> Preamble {
        Preamble { image, journal: Sha256::digest(public_values).into() }
    }

    /// As bytes.
    pub fn to_bytes(&self) -> [u8; Preamble::BYTES] {
        let mut bytes = [0; Preamble::BYTES];
        let both = self.image.0.iter().chain(&self.journal);
        bytes.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// What follows a preamble that is this one.
    pub fn strip<'a>(&self, proof: &'a [u8]) -> Result<&'a [u8], RiscZeroError> {
        let cut = || RiscZeroError::malformed(format!("it has {} bytes", proof.len()));
        let (image, rest) = proof.split_first_chunk::<32>().ok_or_else(cut)?;
        let (journal, rest) = rest.split_first_chunk::<32>().ok_or_else(cut)?;
        if *image != self.image.0 {
            return Err(RiscZeroError::WrongImage { expected: self.image, got: Image(*image) });
        }
        if *journal != self.journal {
            return Err(RiscZeroError::WrongPublicValues { expected: self.journal, got: *journal });
        }
        Ok(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The state after halting, as RISC Zero's own contracts have it.
    #[test]
    fn a_halted_machine_has_the_digest_that_contracts_know() {
        let known = [
            0xa3, 0xac, 0xc2, 0x71, 0x17, 0x41, 0x89, 0x96, 0x34, 0x0b, 0x84, 0xe5, 0xa9, 0x0f, 0x3e, 0xf4, 0xc4, 0x9d,
            0x22, 0xc7, 0x9e, 0x44, 0xaa, 0xd8, 0x22, 0xec, 0x9c, 0x31, 0x3e, 0x1e, 0xb8, 0xe2,
        ];
        assert_eq!(state_digest([0; 32]), known);
    }

    #[test]
    fn a_preamble_is_of_one_image_and_one_string_of_values() {
        let preamble = Preamble::of(Image([7; 32]), b"values");
        let proof = [&preamble.to_bytes()[..], b"seal"].concat();
        assert_eq!(preamble.strip(&proof), Ok(&b"seal"[..]));

        let other = Preamble { image: Image([8; 32]), ..preamble };
        let wrong = RiscZeroError::WrongImage { expected: other.image, got: preamble.image };
        assert_eq!(other.strip(&proof), Err(wrong));
        let other = Preamble::of(preamble.image, b"others");
        let wrong = RiscZeroError::WrongPublicValues { expected: other.journal, got: preamble.journal };
        assert_eq!(other.strip(&proof), Err(wrong));
        for len in 0..Preamble::BYTES {
            assert!(matches!(preamble.strip(&proof[..len]), Err(RiscZeroError::Malformed { .. })), "{len} bytes");
        }
    }
}
