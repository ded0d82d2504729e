//! Checks one batch from its bytes and a witness, and says in public what was checked (docs/spec/guest.md).
//!
//! This is all that a zkVM's `main` calls, and what an execute-only prover and the tests call natively.
//!
//! 1. [`check`] gives public values only for a header that the parent, the batch bytes and the signatures leave no choice
//!    about, but for the DA commitment (U-1, U-9).
//! 2. Nothing but the parent header, the claimed header and the deployment is in the public values; all else is only evidence,
//!    and evidence that is wrong, missing or left over is a [`GuestError`].
//! 3. Nothing here panics, whatever the input, and every loop is bounded by the input's length or by a limit of the
//!    protocol.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod input;
pub mod limits;
mod packed;
mod platform;

mod error;

mod answers;
mod consult;
mod lists;
mod signatures;
mod watched;

mod run;

mod check;

pub use check::{VERSION, check, check_many, check_packed};
pub use consult::{Authority, consult};
pub use error::{Counter, GuestError};
pub use input::GuestInput;
pub use lists::{ListError, encode_lists};
pub use packed::{PackedError, pack_inputs, unpack_inputs, words_from_bytes, words_to_bytes};
pub use platform::{NativePlatform, Platform};
pub use signatures::{pack_wallet_signature, unpack_wallet_signature};
