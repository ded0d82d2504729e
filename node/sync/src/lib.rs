//! Keeps three layers one: what this node executed, what is proven, what L1 holds. Checks, reconciles, recovers.
//!
//! Rules: docs/spec/journal.md (Y-1 and on). What is asked of L1 and of data availability comes through [`Chain`] and [`BatchSource`].
#![forbid(unsafe_code)]

pub mod limits;

mod cursor;
mod source;

mod compare;
mod finding;

mod audit;
mod checker;

mod checkpoint;
mod recovery;

mod manager;

pub use audit::{Audit, Report, compare_state, fetch_checked, verify};
pub use checker::{CheckConfig, Checked, ConsistencyChecker, Strategy, first_difference, samples, with_command};
pub use checkpoint::{CheckpointManager, CheckpointPolicy, Stays};
pub use compare::{Difference, first_command, first_field, first_leaf};
pub use cursor::{Cursor, Cursors};
pub use finding::{FieldDifference, Finding};
pub use manager::{MultiLayerStateManager, SyncError, Synchronized};
pub use recovery::{Diffs, Progress, Recovered, RecoveryError, StateRecoveryManager, Target, Told};
pub use source::{AcceptedProof, BatchSource, Chain, CommittedBatch, Local, SourceError, Stage};
