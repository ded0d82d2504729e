//! The messages of both sides.

use crate::auth::NONCE_BYTES;
use crate::bytes::{Reader, Writer};
use crate::error::{Failure, FailureKind, WireError};
use crate::evidence::Evidence;
use crate::limits::{BATCHES_MAX, KINDS_MAX, PARTS_MAX, PROOF_BYTES_MAX, PUBLIC_VALUES_BYTES_MAX};
use crate::name::{BackendName, ProgramHash, ProofKind};

/// The coordinator's name for a job; a worker only repeats it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct JobId(pub u64);

/// What a worker is asked to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// Prove these batches, each following the one before, in one proof.
    Prove {
        /// Of which kind.
        kind: ProofKind,
        /// Of each batch.
        evidence: Vec<Evidence>,
    },
    /// Run the guest over them without a proof.
    Execute {
        /// Of each batch.
        evidence: Vec<Evidence>,
    },
    /// Run the guest and say where its cycles go.
    Profile {
        /// Of each batch.
        evidence: Vec<Evidence>,
    },
    /// Check a proof of the worker's own program.
    Verify {
        /// Of which kind.
        kind: ProofKind,
        /// What it must say.
        public_values: Vec<u8>,
        /// The proof.
        proof: Vec<u8>,
    },
}

/// What a worker is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToWorker {
    /// The first frame of a connection, without a tag.
    Challenge {
        /// Never used before.
        nonce: [u8; NONCE_BYTES],
    },
    /// The coordinator knows the token too; questions may follow.
    Welcome,
    /// Do this. One job at a time: while one runs, another is answered with a failure.
    Ask {
        /// Its name.
        job: JobId,
        /// What.
        question: Question,
    },
    /// The result is no longer wanted.
    Cancel {
        /// Of which job.
        job: JobId,
    },
    /// Finish and end.
    Stop,
}

/// What a worker can do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Description {
    /// Whose proofs it makes.
    pub backend: BackendName,
    /// Of which program.
    pub program: ProgramHash,
    /// Of which kinds, without a proof of execution, which all can give.
    pub kinds: Vec<ProofKind>,
    /// The most cycles that this machine can prove at once; 0 if it does not know.
    pub cycles_max: u64,
    /// Bytes of memory it may use; 0 if it does not know.
    pub memory_bytes: u64,
}

/// What a job has cost. A zero means that it was not measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Measured {
    /// Cycles of the guest.
    pub cycles: u64,
    /// What those cycles cost to prove, in plain instructions.
    pub instruction_equivalents: u64,
    /// Milliseconds it took.
    pub millis: u64,
    /// The most bytes of memory it held.
    pub memory_bytes: u64,
}

/// A proof and what it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proved {
    /// Its public values.
    pub public_values: Vec<u8>,
    /// The proof, in its system's encoding; empty for an execution.
    pub proof: Vec<u8>,
    /// What it cost.
    pub measured: Measured,
}

/// What a job came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Of `Prove` and `Execute`.
    Proved(Proved),
    /// Of `Profile`: cycles by part, each part named by the guest.
    Profiled {
        /// The whole.
        measured: Measured,
        /// Its parts.
        parts: Vec<(String, u64)>,
    },
    /// Of `Verify`: it is right.
    Verified {
        /// What checking it cost.
        measured: Measured,
    },
}

/// What a coordinator is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ToCoordinator {
    /// The answer to a challenge, with a tag.
    Hello {
        /// What the worker can do.
        description: Description,
        /// Never used before.
        nonce: [u8; NONCE_BYTES],
    },
    /// Still there.
    Heartbeat {
        /// What runs.
        job: Option<JobId>,
    },
    /// A job goes on.
    Progress {
        /// Which.
        job: JobId,
        /// So many steps.
        done: u64,
        /// Of so many; 0 if nobody knows.
        of: u64,
        /// What is going on, for a person.
        stage: String,
    },
    /// A job is done.
    Done {
        /// Which.
        job: JobId,
        /// What it came to.
        answer: Answer,
    },
    /// A job has no result.
    Failed {
        /// Which.
        job: JobId,
        /// Why.
        failure: Failure,
    },
}

impl ToWorker {
    /// The one encoding, as it stands in a frame before its tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        match self {
            Self::Challenge { nonce } => {
                to.u8(0);
                to.array(nonce);
            }
            Self::Welcome => to.u8(1),
            Self::Ask { job, question } => {
                to.u8(2);
                to.u64(job.0);
                question.encode(&mut to);
            }
            Self::Cancel { job } => {
                to.u8(3);
                to.u64(job.0);
            }
            Self::Stop => to.u8(4),
        }
        to.bytes
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8]) -> Result<ToWorker, WireError> {
        let mut from = Reader::new(bytes);
        let message = match from.u8("a message")? {
            0 => Self::Challenge { nonce: from.array("a nonce")? },
            1 => Self::Welcome,
            2 => Self::Ask { job: job(&mut from)?, question: Question::decode(&mut from)? },
            3 => Self::Cancel { job: job(&mut from)? },
            4 => Self::Stop,
            got => return Err(WireError::Unknown { what: "message to a worker", got: got.into() }),
        };
        from.finish()?;
        Ok(message)
    }
}

fn job(from: &mut Reader<'_>) -> Result<JobId, WireError> {
    from.u64("a job's name").map(JobId)
}

impl Question {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Prove { kind, evidence } => {
                to.u8(0);
                to.u8(*kind as u8);
                put_evidence(to, evidence);
            }
            Self::Execute { evidence } => {
                to.u8(1);
                put_evidence(to, evidence);
            }
            Self::Profile { evidence } => {
                to.u8(2);
                put_evidence(to, evidence);
            }
            Self::Verify { kind, public_values, proof } => {
                to.u8(3);
                to.u8(*kind as u8);
                to.section(public_values);
                to.section(proof);
            }
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<Question, WireError> {
        Ok(match from.u8("a question")? {
            0 => Self::Prove { kind: ProofKind::decode(from)?, evidence: take_evidence(from)? },
            1 => Self::Execute { evidence: take_evidence(from)? },
            2 => Self::Profile { evidence: take_evidence(from)? },
            3 => Self::Verify {
                kind: ProofKind::decode(from)?,
                public_values: from.section("public values", PUBLIC_VALUES_BYTES_MAX)?.to_vec(),
                proof: from.section("a proof", PROOF_BYTES_MAX)?.to_vec(),
            },
            got => return Err(WireError::Unknown { what: "question", got: got.into() }),
        })
    }

    /// Whether it may be sent.
    pub fn check_size(&self) -> Result<(), WireError> {
        match self {
            Self::Prove { evidence, .. } | Self::Execute { evidence } | Self::Profile { evidence } => {
                Evidence::check_size(evidence)
            }
            Self::Verify { public_values, proof, .. } => check_proof_size(public_values, proof),
        }
    }
}

/// Whether a proof may be sent.
pub(crate) fn check_proof_size(public_values: &[u8], proof: &[u8]) -> Result<(), WireError> {
    for (what, max, got) in
        [("public values", PUBLIC_VALUES_BYTES_MAX, public_values.len()), ("a proof", PROOF_BYTES_MAX, proof.len())]
    {
        if got > max {
            return Err(WireError::TooLong { what, max, got });
        }
    }
    Ok(())
}

fn put_evidence(to: &mut Writer, evidence: &[Evidence]) {
    to.u32(u32::try_from(evidence.len()).unwrap_or(u32::MAX));
    evidence.iter().for_each(|batch| batch.encode(to));
}

fn take_evidence(from: &mut Reader<'_>) -> Result<Vec<Evidence>, WireError> {
    let count = from.count("batches of a job", BATCHES_MAX)?;
    (0..count).map(|_| Evidence::decode(from)).collect()
}

impl Description {
    pub(crate) fn encode(&self, to: &mut Writer) {
        self.backend.encode(to);
        to.array(&self.program.0);
        to.u32(u32::try_from(self.kinds.len()).unwrap_or(u32::MAX));
        self.kinds.iter().for_each(|kind| to.u8(*kind as u8));
        to.u64(self.cycles_max);
        to.u64(self.memory_bytes);
    }

    fn decode(from: &mut Reader<'_>) -> Result<Description, WireError> {
        let what = "a description";
        let (backend, program) = (BackendName::decode(from)?, ProgramHash(from.array(what)?));
        let kinds = from.count("kinds of proof", KINDS_MAX)?;
        let kinds = (0..kinds).map(|_| ProofKind::decode(from)).collect::<Result<_, _>>()?;
        Ok(Description { backend, program, kinds, cycles_max: from.u64(what)?, memory_bytes: from.u64(what)? })
    }
}

impl Measured {
    fn encode(&self, to: &mut Writer) {
        let Measured { cycles, instruction_equivalents, millis, memory_bytes } = *self;
        [cycles, instruction_equivalents, millis, memory_bytes].into_iter().for_each(|value| to.u64(value));
    }

    fn decode(from: &mut Reader<'_>) -> Result<Measured, WireError> {
        let mut next = || from.u64("a measurement");
        let (cycles, instruction_equivalents, millis, memory_bytes) = (next()?, next()?, next()?, next()?);
        Ok(Measured { cycles, instruction_equivalents, millis, memory_bytes })
    }
}

impl Answer {
    fn encode(&self, to: &mut Writer) {
        match self {
            Self::Proved(Proved { public_values, proof, measured }) => {
                to.u8(0);
                to.section(public_values);
                to.section(proof);
                measured.encode(to);
            }
            Self::Profiled { measured, parts } => {
                to.u8(1);
                measured.encode(to);
                to.u32(u32::try_from(parts.len()).unwrap_or(u32::MAX));
                for (name, cycles) in parts {
                    to.text(name);
                    to.u64(*cycles);
                }
            }
            Self::Verified { measured } => {
                to.u8(2);
                measured.encode(to);
            }
        }
    }

    fn decode(from: &mut Reader<'_>) -> Result<Answer, WireError> {
        Ok(match from.u8("an answer")? {
            0 => Self::Proved(Proved {
                public_values: from.section("public values", PUBLIC_VALUES_BYTES_MAX)?.to_vec(),
                proof: from.section("a proof", PROOF_BYTES_MAX)?.to_vec(),
                measured: Measured::decode(from)?,
            }),
            1 => {
                let measured = Measured::decode(from)?;
                let count = from.count("parts of a profile", PARTS_MAX)?;
                let part = |_| Ok((from.text("the name of a part")?, from.u64("a number of cycles")?));
                Self::Profiled { measured, parts: (0..count).map(part).collect::<Result<_, _>>()? }
            }
            2 => Self::Verified { measured: Measured::decode(from)? },
            got => return Err(WireError::Unknown { what: "answer", got: got.into() }),
        })
    }

    /// Whether it may be sent.
    pub fn check_size(&self) -> Result<(), WireError> {
        match self {
            Self::Proved(Proved { public_values, proof, .. }) => check_proof_size(public_values, proof),
            Self::Profiled { parts, .. } if parts.len() > PARTS_MAX => {
                Err(WireError::TooLong { what: "parts of a profile", max: PARTS_MAX, got: parts.len() })
            }
            Self::Profiled { .. } | Self::Verified { .. } => Ok(()),
        }
    }
}

impl ToCoordinator {
    /// The one encoding, as it stands in a frame before its tag.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        match self {
            Self::Hello { description, nonce } => {
                to.u8(0);
                description.encode(&mut to);
                to.array(nonce);
            }
            Self::Heartbeat { job } => {
                to.u8(1);
                to.u8(u8::from(job.is_some()));
                to.u64(job.unwrap_or_default().0);
            }
            Self::Progress { job, done, of, stage } => {
                to.u8(2);
                [job.0, *done, *of].into_iter().for_each(|value| to.u64(value));
                to.text(stage);
            }
            Self::Done { job, answer } => {
                to.u8(3);
                to.u64(job.0);
                answer.encode(&mut to);
            }
            Self::Failed { job, failure } => {
                to.u8(4);
                to.u64(job.0);
                to.u8(failure.kind as u8);
                to.text(&failure.detail);
            }
        }
        to.bytes
    }

    /// Reads every byte or none.
    pub fn from_bytes(bytes: &[u8]) -> Result<ToCoordinator, WireError> {
        let mut from = Reader::new(bytes);
        let message = match from.u8("a message")? {
            0 => Self::Hello { description: Description::decode(&mut from)?, nonce: from.array("a nonce")? },
            1 => Self::Heartbeat { job: heartbeat(&mut from)? },
            2 => {
                let (job, done, of) = (job(&mut from)?, from.u64("progress")?, from.u64("progress")?);
                Self::Progress { job, done, of, stage: from.text("a stage")? }
            }
            3 => Self::Done { job: job(&mut from)?, answer: Answer::decode(&mut from)? },
            4 => {
                let (job, got) = (job(&mut from)?, from.u8("a kind of failure")?);
                let unknown = WireError::Unknown { what: "kind of failure", got: got.into() };
                let kind = FailureKind::ALL.get(usize::from(got)).copied().ok_or(unknown)?;
                Self::Failed { job, failure: Failure { kind, detail: from.text("a failure's detail")? } }
            }
            got => return Err(WireError::Unknown { what: "message to a coordinator", got: got.into() }),
        };
        from.finish()?;
        Ok(message)
    }
}

/// One encoding each: without a job its name is zero.
fn heartbeat(from: &mut Reader<'_>) -> Result<Option<JobId>, WireError> {
    match (from.u8("a heartbeat")?, job(from)?) {
        (0, JobId(0)) => Ok(None),
        (1, job) => Ok(Some(job)),
        (got, _) => Err(WireError::Unknown { what: "heartbeat", got: got.into() }),
    }
}
