//! Other processors: nothing is ever there.

use crate::{BLOCK_BYTES, MESSAGES, Product, States};

/// Transforms, which this processor does not have.
#[derive(Clone, Copy, Debug)]
pub enum Code {}

/// Sums of products, which this processor does not have.
#[derive(Clone, Copy, Debug)]
pub enum Sums {}

/// Sixteen hashes at once, which this processor does not have.
#[derive(Clone, Copy, Debug)]
pub enum Sha {}

impl Code {
    /// Always `None`.
    pub fn detect() -> Option<Code> {
        None
    }

    /// Never called.
    pub fn extend(self, _: &Product, _: usize, _: &[u8], _: &mut [u8]) -> bool {
        match self {}
    }
}

impl Sums {
    /// Always `None`.
    pub fn detect() -> Option<Sums> {
        None
    }

    /// Never called.
    pub fn rows(self, _: &Product, _: &[u128], _: usize, _: &[u8]) -> Vec<u128> {
        match self {}
    }
}

impl Sha {
    /// Always `None`.
    pub fn detect() -> Option<Sha> {
        None
    }

    /// Never called.
    pub fn compress(self, _: &mut States, _: [&[[u8; BLOCK_BYTES]]; MESSAGES]) {
        match self {}
    }
}
