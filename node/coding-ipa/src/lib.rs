//! A commitment to small data by an inner-product argument over Ristretto, for openings of a few hundred bytes
//! (docs/spec/coding.md, X-44 to X-50).
//!
//! 1. Bytes are scalars of 31 bytes; the commitment is their sum over as many generators that nobody knows a relation of.
//! 2. An opening shows the scalars at any positions together, or the value of the polynomial with these coefficients at a
//!    point, in two group elements for each halving of the length (Bünz and others, "Bulletproofs").
//! 3. There is no setup: the generators are hashes of their numbers. What is proven rests on discrete logarithms.
//! 4. Nothing is hidden: the data is public, and a commitment to guessable data can be guessed.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod error;

mod generators;
mod packing;
mod transcript;

mod opening;

mod argument;

mod scheme;

pub use error::IpaError;
pub use generators::{Generators, LENGTH_MAX};
pub use opening::{Claim, Opening};
pub use packing::{SCALAR_BYTES, pack};
pub use scheme::{Committed, Ipa, Statement, Verifier};
