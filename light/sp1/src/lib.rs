//! Checks a proof of SP1's: that this program, and no other, came to these public values.
//!
//! 1. A proof is right only for one program and one string of public values; [`Sp1Error`] says which of the three is not what it should be.
//! 2. A proof has one string of bytes: what is left over, cut off or written in another way is no proof, so that its hash names it.
//! 3. Nothing is believed but SP1's verifier, the keys that its release has built in, and for Groth16 and Plonk the ceremonies behind them. A
//!    compressed proof needs no ceremony.
//! 4. It is plain computation, so it can run in a page too.
#![forbid(unsafe_code)]

mod error;

mod program;

mod compressed;

mod wrapped;

pub use compressed::{PROOF_BYTES_MAX, Verifier};
pub use error::Sp1Error;
pub use program::Program;
pub use wrapped::{check_groth16, check_groth16_of, check_plonk, check_plonk_of};
