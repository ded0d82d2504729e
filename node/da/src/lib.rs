//! Publishes batches, keeps them, and finds them again (docs/spec/da.md).
//!
//! 1. A batch is coded once and spread over stores, so that a part of the stores is enough to have it back.
//! 2. A store is never believed. What comes back is checked against a header row by row, a store that sent anything wrong
//!    is named, and the others are asked.
//! 3. Publishing succeeds when enough stores have confirmed that what they were given is durable, and not before. A custodian confirms
//!    with a signature that L1 checks.
//! 4. Whatever is read is bounded by [`limits`].
#![forbid(unsafe_code)]

pub mod limits;

mod deposit;
mod key;
mod share;
mod spread;

mod custody;

mod store;

mod disk;

mod audit;
mod availability;
mod fetch;
mod pace;
mod repair;
mod standing;

pub mod custodian;
mod remote;

pub mod archive;
pub mod pack;

mod retained;

pub use audit::{Holding, NoManifest, Sampled, audit, sample};
pub use availability::{Availability, PublishError, Published, SetupError};
pub use custody::{Permit, Receipt, SIGNED_BYTES, custody_digest};
pub use deposit::{Deposit, SectionKey, signatures_of};
pub use disk::{Disk, Retention};
pub use fetch::{FetchError, Fetched, SourceReport, Verdict};
pub use key::BatchKey;
pub use pace::Pace;
pub use remote::{Remote, RemoteError, Writer};
pub use repair::{Salvage, SalvageError};
pub use retained::{Retained, RetentionError};
pub use share::{Share, Wanted};
pub use spread::Spread;
pub use standing::{Standing, Standings};
pub use store::{Answer, Distance, Kept, Store, StoreError};
