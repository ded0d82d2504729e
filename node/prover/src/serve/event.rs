//! What happens to a coordinator.

use ashlar_batch::BatchHeader;
use ashlar_prover_wire::{Description, Evidence, JobId, Measured, ToCoordinator, ToWorker};
use ashlar_types::BatchNumber;
use tokio::sync::{mpsc, oneshot};

use super::ledger::ProofName;
use super::status::BatchStatus;
use crate::attest::{AttestError, Attestation, Quorums};
use crate::error::ProverError;
use crate::kept::KeptProof;
use crate::schedule::{Programs, Target, WorkerId};
use crate::verify::VerifyError;

/// A batch to be proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Its header.
    pub header: BatchHeader,
    /// Everything a guest is given.
    pub evidence: Evidence,
    /// When its proof is needed, in milliseconds since the Unix epoch.
    pub deadline_ms: u64,
    /// Lower ones first, among equal deadlines.
    pub priority: u8,
}

/// A proof with the signatures under it, if it needs some and has them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The proof.
    pub proof: KeptProof,
    /// The signatures.
    pub attestation: Option<Attestation>,
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, ProverError>>;

#[derive(Debug)]
pub(crate) enum Event {
    /// A batch is handed in.
    Submit(Box<Order>, Answer<()>),
    /// A proof is asked for, by its first batch or by any.
    Find { first: BatchNumber, exactly: bool, answer: Answer<Option<Box<Found>>> },
    /// How a batch stands.
    Status(BatchNumber, Answer<Option<BatchStatus>>),
    /// Which workers are connected, by their names.
    Connected(Answer<Vec<String>>),
    /// L1 will not take back this batch and those before it.
    Settled(BatchNumber, Answer<()>),
    /// Other programs are in force, and others sign.
    Learn(Programs, Quorums, Answer<()>),
    /// A measurement from elsewhere.
    Measured { target: Target, commands: u64, measured: Measured },
    /// A worker has shown who it is.
    Came { worker: WorkerId, connection: u64, description: Description, outbox: mpsc::Sender<ToWorker> },
    /// It said something.
    Heard { worker: WorkerId, connection: u64, message: ToCoordinator },
    /// Its connection has ended.
    Went { worker: WorkerId, connection: u64 },
    /// A proof was looked at, in the check of this number; without a result if it could not be.
    Verified { job: JobId, number: u64, result: Option<Result<(), VerifyError>> },
    /// Evidence that a worker refuses was executed here.
    Executed { job: JobId, is_right: bool },
    /// Signers have looked at a proof.
    Attested { proof: ProofName, result: Result<Attestation, AttestError> },
    /// Stop.
    Stop(oneshot::Sender<()>),
}
