//! What the workers of all zkVMs share.
//!
//! 1. An option that two workers have means the same to both, and is refused in the same words.
//! 2. A [`Trial`] never waits for a worker that has ended, and ends each that it has started.
#![forbid(unsafe_code)]

mod options;

mod begin;

pub mod memory;

mod evidence;

mod wanted;

mod started;

mod refusals;

mod trial;

pub use ashlar_guest_batches::Kind;
pub use begin::{Help, begin};
pub use evidence::{check_cycles, packed};
pub use options::{OptionError, Options, Words, number, read};
pub use refusals::{is_verdict, other_values, with};
pub use started::Started;
pub use trial::{Error, Line, Made, Trial};
