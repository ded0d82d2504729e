//! Captures witnesses, and has every batch proven (docs/spec/proving.md).
//!
//! 1. [`Capture`] owns the authenticated state. It runs each batch a second time, off the hot path, and gives its header and
//!    everything that a guest needs to prove it.
//! 2. [`execute`] runs the guest natively, over evidence as it travels.
//! 3. [`Scheduler`] decides who proves what, and what to do when a worker is silent, slow, wrong or gone.
//! 4. [`start`] runs it, over a disk and connections: a batch that was handed in is proven in the end, whatever is killed meanwhile.
//! 5. [`KeptProof`] is a verified proof, as it is stored and as a file; [`Quorum`] has it signed where L1 has no verifier for its kind.
#![forbid(unsafe_code)]

pub mod limits;

mod capture;

mod native;

mod verify;

mod schedule;

mod kept;

mod attest;

mod error;

mod store;

mod serve;

pub use ashlar_prover_evidence::{EvidenceError, Unpacked, evidence_of, execute};
pub use attest::{ATTESTATION_BYTES, AttestError, Attestation, Attestor, Quorum, Quorums, Signer, attestation_digest};
pub use capture::{Answers, Capture, CaptureError, Captured, Threads};
pub use error::ProverError;
pub use kept::{FileError, KeptProof};
pub use native::{Native, native_program};
pub use schedule::{
    Backlog, Effect, Job, JobState, Profiles, Programs, Scheduler, SubmitError, Target, Verdict, WorkerId,
};
pub use serve::{
    BatchStatus, CutOff, Found, JobProgress, Member, Order, Pressure, ProofState, ProverConfig, ProverHandle,
    Retention, Role, Runtime, StretchRules, start,
};
pub use verify::{Claim, Verifier, VerifyError};
