//! What a browser or an auditor runs: from the public values of a proof down to one trade, one balance, one row.
//!
//! 1. Nothing is believed but public values, which a proof was checked to have or L1 has accepted, and that the hash functions hold. Every
//!    check begins with a header that they speak of, and goes down from its roots.
//! 2. Nothing here panics, whatever the bytes; what is wrong is a [`LightError`].
//! 3. It is plain computation: no network, no clock, no threads, so it runs in a page.
#![forbid(unsafe_code)]

mod error;

mod stretch;

mod inside;

mod sample;

pub use error::LightError;
pub use inside::{Claim, TradeProof, check_leaf, check_row, check_withdrawal};
pub use sample::{SampleError, Samples};
pub use stretch::Stretch;
