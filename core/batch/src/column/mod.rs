//! Columns of numbers, bit-packed, with widths that follow from the numbers themselves.
//!
//! 1. Every value costs the bits of its column, or the bits of its class and two more: one far outlier does not make the
//!    others wider.
//! 2. The widths are a function of the values (B-8), and a value stands in the smallest class that holds it: a column
//!    has one form. A reader checks this with a few counters, without keeping the values.
//! 3. Reading is a mask and a shift per value and one load per 64 bits.

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
