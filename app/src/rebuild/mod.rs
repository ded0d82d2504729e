//! `ashlar verify` and `ashlar recover`: what anybody can find out about an exchange from L1 and published data alone.
//!
//! 1. Nothing of the operator is believed. L1 says which headers were committed and which entries its inbox holds; folders give out
//!    bytes, which count only under a header's commitment; everything else is computed here.
//! 2. Nothing that is looked at is changed: folders and records are only read.

mod archive;
mod arguments;
mod blobs;
mod calldata;
mod chain;
mod commits;
pub mod contract;
mod diffs;
mod folder;
mod local;
pub mod origin;
mod record;

mod recover;
mod verify;

pub use archive::{ArchiveArguments, run as archive};
pub use arguments::{RecoverArguments, Sources, VerifyArguments};
pub use calldata::Calldata;
pub use chain::PublishedAt;
pub use commits::{Commits, Known};
pub use contract::{ask, try_ask};
pub use diffs::KeptDiffs;
pub use folder::Folders;
pub use recover::PARTITION as SNAPSHOTS;
pub use recover::into_snapshots;
pub use recover::run as recover;
pub use verify::{Opened, THREADS, run as verify};
