//! Batch bytes: what is published, hashed into the data root and decoded by the proof guest (docs/spec/batch.md).
//!
//! 1. A batch has one string of bytes: `decode_all(b)` succeeds only if `encode` of its batch is `b` again (B-1).
//! 2. Frequent commands are taken apart into columns of numbers, each against what it is expected to be; the others
//!    stand in their own encoding behind the columns (B-10).
//! 3. Decoding is one pass that holds one state per signer, market and shape of the batch, and one message at a time.
//! 4. A decoder neither panics nor reads past the end, and allocates in proportion to its bytes and to the bounds of
//!    [`crate::limits`] (B-3).

mod bytes;
mod decode;
mod encode;
mod iter;
mod orders_in;
mod orders_out;
mod preamble;
mod predict;
mod shape;
mod survey;

pub use decode::{Decoder, Next};
pub use encode::encode;
pub use iter::{Inputs, decode_all, iter};
pub use preamble::Preamble;

#[cfg(test)]
mod tests;
