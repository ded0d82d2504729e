//! The coordinator as it runs: what [`crate::Scheduler`] decides, done with a disk, connections and a clock.
//!
//! 1. One task owns everything that is decided; whoever wants something sends it an event. Nothing that takes long runs in it.
//! 2. A batch is durable before its submission is acknowledged, a proof before its job is forgotten, and a proof that came in before
//!    anybody looks at it: so whatever is killed when, no batch is lost and no work is done again that was done (SPEC R-9).
//! 3. Only what a verifier accepted is stored as a proof (SPEC R-6).
//! 4. When the disk fails, it ends: nothing is acknowledged that may be lost.

mod actor;
mod checks;
mod config;
mod connection;
mod event;
mod handle;
mod ledger;
mod proofs;
mod recall;
mod status;
mod versions;

pub use actor::start;
pub use config::{Member, ProverConfig, Retention, Role, StretchRules};
pub use event::{Found, Order};
pub use handle::{CutOff, Pressure, ProverHandle};
pub use status::{BatchStatus, JobProgress, ProofState};

use commonware_runtime::{Clock, Spawner, Storage};
use rand::CryptoRng;

/// What a coordinator needs of its runtime.
pub trait Runtime: Spawner + Clock + Storage + CryptoRng {}

impl<E: Spawner + Clock + Storage + CryptoRng> Runtime for E {}

#[cfg(test)]
mod tests;
