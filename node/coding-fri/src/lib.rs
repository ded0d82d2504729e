//! A commitment to data by FRI, with samples that show alone that they are of one codeword (docs/spec/coding.md, X-31 to X-40).
//!
//! 1. Bytes are elements of KoalaBear, 30 bits each, in a matrix whose columns are codewords; one Merkle root is over its rows.
//! 2. A statement shows that the columns are near one code: a random combination of them is folded until what is left can be
//!    written down, and positions drawn from the transcript are opened through every fold.
//! 3. A sample is the same opening at a position that the *client* draws. It agrees with the folds, so it is of the codeword
//!    that the statement speaks of, and not of what a publisher may have put beside it.
//! 4. Field, transforms, trees, challenges and folds are Plonky3's; what is proven is what `ashlar_coding::soundness` says.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;
mod shape;

mod packing;
mod transform;

mod plonky;
mod transcript;

mod opening;
mod statement;

mod commit;
mod verify;

mod scheme;

pub use commit::{Committed, Word};
pub use error::FriError;
pub use opening::Opening;
pub use packing::{pack, unpack};
pub use plonky::{Challenge, Val};
pub use scheme::Fri;
pub use shape::{Expansion, Shape};
pub use statement::Statement;
pub use verify::Verifier;

#[cfg(test)]
mod tests;
