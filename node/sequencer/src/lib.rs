//! The sequencer: admits, orders, journals, executes and batches commands, and moves the batches on to L1 (docs/spec/door.md).
//!
//! ```text
//! servers ─► Gate, Tolls ─► checkers ─► Engine ─► Keeper ─► answers, feed
//!                                                    │
//!                                                    ▼
//!                                 Producer ─► Builder ─► Books ─► publisher, committer, prover, sender
//! ```
//!
//! 1. An answer leaves only after what it says is on disk and signed (SPEC Q-4, Q-12).
//! 2. A node that was killed at any moment starts again with the same state, and gives the same answers to whoever asks again.
//! 3. Everything outside (data availability, L1, provers) may be down: trading goes on within stated limits, and all of it catches up.
//! 4. All of it runs on a [`commonware_runtime`] context: a whole node runs in a simulator from a seed.
#![forbid(unsafe_code)]

pub mod limits;

mod config;
mod error;

mod receipt;

mod admit;
mod engine;
mod keep;

mod build;
mod outside;
mod pricing;
mod services;
mod settled;
mod watch;

mod door;
mod measure;
mod node;

mod bench;

pub use admit::{Checker, Directory, Gate, Rate, Rates, Vouched, opens_risk};
pub use bench::{BenchError, Load, Measured, Pace, bench, paced};
pub use build::{
    BatchRules, Books, Choice, Close, Done, Outlook, ProgramNames, Progress, Schedule, ScheduleError, Sealed,
    SealedError, Shelf, Versions, Waits,
};
pub use config::{Config, Limits, Mode};
pub use door::{LimitsSource, NodeDoor, NodeOperator, Promotion};
pub use engine::InboxItem;
pub use error::NodeError;
pub use keep::{CertificateError, Committed, GroupCertificate, Unwinding};
pub use measure::{Counter, Histogram, Metrics, STEPS, TraceId};
pub use node::{Ended, FollowError, Node, NodeHandle};
pub use outside::{
    Advice, Anchor, Asked, Availability, Commit, Custody, Divergence, Handed, L1Counts, L1Standing, Layer1,
    OutsideError, Parts, Proof, ProverPressure, Proving, Reached, Reports,
};
pub use pricing::{Now, Pricing};
pub use receipt::{
    ChainHash, Link, NodeKey, ReceiptError, SequenceReceipt, SignedHead, check_equivocation, command_hash,
};
pub use services::{Board, Service, Station, Turn, look_at_stored};
pub use settled::Settled;
pub use watch::{Alarm, Alarms, AlertKind, AlertRules, Sight};
