//! Batches of the Ashlar exchange: their bytes, the trees over them, and the chain of headers that L1 keeps.
//!
//! Nothing here executes a command. What a batch holds has one string of bytes (docs/spec/batch.md), the bytes one root,
//! and a batch one header; every reader of untrusted bytes is total and bounded by [`limits`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod limits;

mod content;
mod error;

mod column;

pub mod codec;

mod sha;

pub mod merkle;

pub use column::Column;
pub use content::{Batch, Timed};
pub use error::BatchError;
