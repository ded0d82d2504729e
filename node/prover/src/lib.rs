//! Captures witnesses, and has every batch proven (docs/spec/proving.md).
//!
//! 1. [`Capture`] owns the authenticated state. It runs each batch a second time, off the hot path, and gives its header and
//!    everything that a guest needs to prove it.
//! 2. [`execute`] runs the guest natively, over evidence as it travels.
//! 3. [`Scheduler`] decides who proves what, and what to do when a worker is silent, slow, wrong or gone.
#![forbid(unsafe_code)]

pub mod limits;

mod capture;

mod schedule;

pub use ashlar_prover_evidence::{EvidenceError, Unpacked, execute};
pub use capture::{Answers, Capture, CaptureError, Captured, Threads};
pub use schedule::{Backlog, Effect, Job, Profiles, Scheduler, SubmitError, Target, Verdict, WorkerId};
