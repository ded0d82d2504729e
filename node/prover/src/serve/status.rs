//! How the proof of a batch stands, for people and their screens.

use ashlar_prover_wire::{Measured, ProgramHash};
use ashlar_types::{Address, BatchNumber};

use crate::schedule::Target;

/// How far a worker is, by its own word.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct JobProgress {
    /// So many steps.
    pub done: u64,
    /// Of so many; 0 if nobody knows.
    pub of: u64,
    /// What is going on.
    pub stage: String,
}

/// How the proof of a batch stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BatchStatus {
    /// The first batch that is proven together with it; itself while that is open.
    pub first: BatchNumber,
    /// The last one.
    pub last: BatchNumber,
    /// The version of all of them.
    pub version: u32,
    /// How it stands.
    pub state: ProofState,
}

/// How a proof stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProofState {
    /// Its evidence is kept, and it waits for others to be proven with.
    Gathered,
    /// It waits for a worker.
    Waiting,
    /// A worker proves it.
    Proving {
        /// Which.
        worker: String,
        /// How.
        target: Target,
        /// Since when, in milliseconds since the Unix epoch.
        since_ms: u64,
        /// How long it is expected to take, if that was ever measured.
        expected_ms: Option<u64>,
        /// How far it is.
        progress: JobProgress,
    },
    /// A proof is here and is being verified.
    Verifying {
        /// Of what kind.
        target: Target,
    },
    /// It is verified and stored.
    Proven {
        /// Of what kind.
        target: Target,
        /// Of which program.
        program: ProgramHash,
        /// When, in milliseconds since the Unix epoch.
        proven_ms: u64,
        /// What it cost.
        measured: Measured,
        /// Who has signed that it was verified, and how many must; nobody where L1 needs none.
        attested: Option<(Vec<Address>, usize)>,
    },
    /// A worker says that it cannot be proven.
    Refused {
        /// Whether this machine agrees; until it does or does not, it is looked at.
        agreed: bool,
        /// What was said.
        detail: String,
    },
}
