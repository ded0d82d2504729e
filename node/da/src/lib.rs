//! Publishes batches, keeps them, and finds them again (docs/spec/da.md).
//!
//! 1. A batch is coded once and spread over stores, so that a part of the stores is enough to have it back.
//! 2. A store is never believed. What comes back is checked against a header row by row, a store that sent anything wrong
//!    is named, and the others are asked.
//! 3. Publishing succeeds when enough stores have confirmed that what they were given is durable, and not before.
//! 4. Whatever is read is bounded by [`limits`].
#![forbid(unsafe_code)]

pub mod limits;

mod key;
mod share;
mod spread;

mod store;

mod disk;

mod availability;
mod fetch;

pub use availability::{Availability, PublishError, Published, SetupError};
pub use disk::{Disk, Retention};
pub use fetch::{FetchError, Fetched, SourceReport, Verdict};
pub use key::BatchKey;
pub use share::Share;
pub use spread::Spread;
pub use store::{Answer, Store, StoreError};
