//! What a proof system does for its worker.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use crate::error::{Failure, FailureKind};
use crate::evidence::Evidence;
use crate::message::{Answer, Description, JobId, Measured, Proved, Question, ToCoordinator};
use crate::name::ProofKind;
use crate::serve::Event;

/// A proof system with one program. It runs one job at a time, on a thread of its own, and may block there.
pub trait Backend: Send + 'static {
    /// What it can do. Asked once for each connection.
    fn describe(&self) -> Description;

    /// Proves these batches in one proof. Evidence that the guest refuses is [`FailureKind::Refused`].
    fn prove(&mut self, kind: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure>;

    /// Runs the guest without a proof.
    fn execute(&mut self, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure>;

    /// Checks a proof of this program: another program's, other public values and broken ones are told apart.
    fn verify(&mut self, kind: ProofKind, public_values: &[u8], proof: &[u8]) -> Result<Measured, Failure>;

    /// Runs the guest and says where its cycles go.
    fn profile(&mut self, evidence: &[Evidence], watch: &Watch) -> Result<(Measured, Vec<(String, u64)>), Failure> {
        let proved = self.execute(evidence, watch)?;
        Ok((proved.measured, Vec::new()))
    }
}

/// Answers a question, whatever it is.
pub(crate) fn run<B: Backend>(backend: &mut B, question: &Question, watch: &Watch) -> Result<Answer, Failure> {
    match question {
        Question::Prove { kind, evidence } => backend.prove(*kind, evidence, watch).map(Answer::Proved),
        Question::Execute { evidence } => backend.execute(evidence, watch).map(Answer::Proved),
        Question::Profile { evidence } => {
            backend.profile(evidence, watch).map(|(measured, parts)| Answer::Profiled { measured, parts })
        }
        Question::Verify { kind, public_values, proof } => {
            backend.verify(*kind, public_values, proof).map(|measured| Answer::Verified { measured })
        }
    }
}

/// How a running job hears that it is no longer wanted, and says how far it is.
#[derive(Clone, Debug)]
pub struct Watch {
    job: JobId,
    cancelled: Arc<AtomicBool>,
    outbox: Option<Sender<Event>>,
}

impl Watch {
    pub(crate) fn new(job: JobId, outbox: Sender<Event>) -> Watch {
        Watch { job, cancelled: Arc::default(), outbox: Some(outbox) }
    }

    /// For a job that nobody watches, as one started by hand.
    pub fn unwatched() -> Watch {
        Watch { job: JobId::default(), cancelled: Arc::default(), outbox: None }
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether to stop. A system that cannot stop may ignore it: the coordinator will end the process.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// For use with `?` wherever a job can stop.
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_cancelled() {
            return Err(Failure::new(FailureKind::Cancelled, "the result is no longer wanted"));
        }
        Ok(())
    }

    /// Says how far the job is: so many steps of so many, 0 if nobody knows how many.
    pub fn progress(&self, done: u64, of: u64, stage: &str) {
        if let Some(outbox) = &self.outbox {
            // Nobody listens once the connection has ended, and then nobody needs to know.
            let progress = ToCoordinator::Progress { job: self.job, done, of, stage: stage.to_owned() };
            let _ = outbox.send(Event::Say(progress));
        }
    }
}
