//! Erasure codes over the rows of a batch, commitments to them, and sampling (docs/spec/coding.md).
//!
//! 1. Rows are coded by a systematic Reed-Solomon code whose points are the places in the Merkle tree: the data half of
//!    the tree is the tree of the data root, and any `k` of the `n` rows give back the bytes.
//! 2. A commitment is one digest. Under it a [`Manifest`] says the code and one random combination of every data row, so
//!    that each row of the code, data or not, shows alone that it was coded rightly.
//! 3. Who verifies needs neither tables nor vector instructions; the fast engine is behind the feature `engine`.
//! 4. Whatever is read from others is bounded by [`limits`] and refused with an error that names what is wrong.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod limits;

mod error;

pub mod field;

mod layout;

mod engine;

mod combination;
mod manifest;

mod chunk;
mod coded;
mod collect;

mod scheme;

mod polynomial;
mod roots;

pub mod errors;
pub mod lists;
pub mod repair;
pub mod sampling;
pub mod soundness;

pub use chunk::{Chunk, Verifier};
pub use coded::{Coded, DaCommitment, Room};
pub use collect::{Collector, Progress};
pub use combination::{Coefficients, Combination};
#[cfg(feature = "engine")]
pub use engine::Simd;
pub use engine::{Engine, Plain};
pub use error::CodingError;
pub use layout::{Expansion, Layout, Row};
pub use manifest::Manifest;
pub use scheme::{RowScheme, Scheme};
