//! Properties of funds, nonces and leaves over values up to the ends of their ranges.
//!
//! `PROPTEST_CASES` chooses how many.

mod funds;
mod leaves;
mod nonces;
mod records;
mod world;
