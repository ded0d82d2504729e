//! Checks a proof of RISC Zero's: that the program of this image, and no other, came to these public values.
//!
//! 1. A proof is right only for one image and one string of public values; [`RiscZeroError`] says which of the three is not what it should be.
//! 2. A proof has one string of bytes: what is left over, cut off or written in another way is no proof, so that its hash names it.
//! 3. Nothing is believed but RISC Zero's verifier of its recursion circuit and the list of recursion programs that its release has built in. There
//!    was no ceremony.
//! 4. Whatever the bytes, nothing panics: all that RISC Zero's verifier takes for granted is looked at before.
#![forbid(unsafe_code)]

mod claim;
mod error;
mod image;
mod succinct;

pub use claim::{Preamble, claim_digest, output_digest, state_digest};
pub use error::RiscZeroError;
pub use image::Image;
pub use succinct::{PROOF_BYTES, SEAL_WORDS, check, encode};
