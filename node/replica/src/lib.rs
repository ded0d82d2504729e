//! What a node keeps: the journal of everything that was ordered, snapshots of the state, and the way from them to the present.
//!
//! An [`Ordered`] record is appended to the journal before any of its commands is acknowledged. The journal's use, in short:
//!
//! ```text
//! let Opened { mut journal, cut } = Journal::open(context, JournalConfig::new("journal", exchange_id)).await?;
//! journal.append(&ordered)?;      // checks epoch and sequence, touches no disk; any number of times
//! journal.sync().await?;          // one write, one sync: the group is durable; now acknowledge
//! let mut reader = journal.read_from(snapshot.sequence)?;
//! while let Some(ordered) = reader.next(&journal).await? { /* apply its entries */ }
//! journal.prune(snapshot.sequence).await?;
//! ```
#![forbid(unsafe_code)]

pub mod limits;

mod diff;
mod error;
mod journal;
mod ordered;
mod reorder;
mod replay;
mod snapshot;

pub use diff::{DiffError, apply_diff, diff, diff_header, diff_of};
pub use error::{Damage, JournalError};
pub use journal::{Cut, Journal, JournalConfig, JournalReader, JournalSizes, Opened};
pub use ordered::{Certificate, Entry, Epoch, L1Block, Ordered, Signature};
pub use reorder::{Affected, CanonicalEntry, Reordered, reorder};
pub use replay::{HotReplay, Outcome, Prepared, ReplayError, Shadow, Silent, has_signer};
pub use snapshot::{Rejected, Snapshot, SnapshotError, SnapshotHead, SnapshotStore};
