//! Columns of numbers: for each value a prefix code of its width, then its bits.
//!
//! 1. A value costs what its width is worth in its column and its own bits: one far outlier does not make the others wider.
//! 2. The codes are a function of how many values there are of each width (B-8), and a value has one width: a column has
//!    one form. A reader checks this with a counter for each width, without keeping the values.
//! 3. Reading is a look into a table of at most 256 bytes, a mask and two shifts per value, and one load per 64 bits.

mod code;
mod form;
mod name;
mod pack;
mod unpack;

pub(crate) use form::Form;
pub use name::Column;
pub(crate) use pack::pack;
pub(crate) use unpack::ColumnReader;

/// The low bits of a word.
#[inline]
const fn mask(bits: u32) -> u64 {
    match u64::MAX.checked_shr(64 - bits) {
        Some(mask) => mask,
        None => 0,
    }
}

#[cfg(test)]
mod tests;
