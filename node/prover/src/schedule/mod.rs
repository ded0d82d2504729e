//! Who proves what, decided without a clock, a disk or a network: events go in, [`Effect`]s come out.
//!
//! 1. A submitted job is proven in the end, as long as any worker can prove it: whatever fails is asked again, elsewhere if need be.
//! 2. A job is asked of one worker at a time, and a worker that was cut off keeps its lease until it ends; after a restart, workers say what
//!    they are still proving before anything is asked anew. So nothing is proven twice for nothing.
//! 3. A proof is handed on only after a verifier accepted it, for exactly the public values that were expected (SPEC R-6).
//! 4. A job is asked of workers with the program of its version, and of no others (SPEC R-20).
//! 5. A worker that submits a bad proof is not asked again for a while, then longer, then never (SPEC R-7).

mod job;
mod profile;
mod programs;
mod route;
mod standing;
mod worker;

#[cfg(test)]
mod simulation_tests;

use std::collections::BTreeMap;

use ashlar_prover_wire::{
    Answer, Description, Failure, FailureKind, JobId, Measured, ProofKind, Proved, ToCoordinator,
};

use crate::limits::{ATTEMPT_FACTOR, ATTEMPT_MS_MAX, JOBS_MAX, LEASE_MS, RETRY_MS_MAX, RETURN_MS, WORKERS_MAX};

pub use job::{Job, Target};
pub use profile::Profiles;
pub use programs::Programs;
pub use standing::JobState;
pub use worker::WorkerId;

use job::{Entry, Lease, Standing};
use worker::Worker;

/// What the driver must do, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Send a job with its evidence to a worker.
    Ask {
        /// To which.
        worker: WorkerId,
        /// Which job.
        job: JobId,
        /// What kind of proof.
        kind: ProofKind,
    },
    /// Tell a worker that a result is no longer wanted.
    Cancel {
        /// Which worker.
        worker: WorkerId,
        /// Which job.
        job: JobId,
    },
    /// End the connection of a worker, and its process where it is ours.
    Drop {
        /// Which.
        worker: WorkerId,
        /// Why, for the log.
        why: &'static str,
    },
    /// Verify a proof, then say [`Scheduler::verified`].
    Verify {
        /// Of which job.
        job: JobId,
        /// By whom.
        worker: WorkerId,
        /// Made by which system and of which kind.
        target: Target,
        /// What it cost.
        measured: Measured,
        /// What it must say.
        public_values: Vec<u8>,
        /// The proof.
        proof: Vec<u8>,
    },
    /// A worker says that the guest refuses a job's evidence: run it here, then say [`Scheduler::executed`].
    Execute {
        /// Which job.
        job: JobId,
    },
    /// Make a proof durable, then say [`Scheduler::stored`].
    Store {
        /// Of which job.
        job: JobId,
        /// By which system and of which kind.
        target: Target,
        /// The proof.
        proof: Vec<u8>,
    },
    /// A job's evidence proves nothing, and this machine agrees: a person must look.
    Alert {
        /// Which job.
        job: JobId,
        /// What was said.
        detail: String,
    },
}

/// What a verifier says of a proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is right.
    Accepted,
    /// It is wrong, whoever looks at it.
    Rejected,
    /// It could not be looked at now.
    Unknown,
}

/// Why a job is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too many wait: make no more batches for now.
    #[error("{JOBS_MAX} jobs wait already; make no batch until fewer do")]
    Full,
    /// There is such a job.
    #[error("job {0:?} was submitted before")]
    Known(JobId),
}

/// What the batcher and people want to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Backlog {
    /// Jobs without a proof.
    pub jobs: usize,
    /// Their commands.
    pub commands: u64,
    /// Jobs that are being proven.
    pub running: usize,
    /// Workers that can be asked.
    pub workers: usize,
    /// Milliseconds since the oldest job was submitted.
    pub lag_ms: u64,
    /// Commands that all workers together prove in a second, by what was measured; 0 if nothing was.
    pub commands_per_second: u64,
    /// Jobs past their deadline.
    pub late: usize,
}

/// The decisions.
#[derive(Debug)]
pub struct Scheduler {
    /// In order of preference.
    targets: Vec<Target>,
    programs: Programs,
    jobs: BTreeMap<JobId, Entry>,
    workers: BTreeMap<WorkerId, Worker>,
    profiles: Profiles,
    /// Until then workers that were cut off may come back to their jobs.
    asks_from_ms: u64,
}

impl Scheduler {
    /// Begins with the jobs that a restart has found without a proof.
    pub fn new(
        targets: Vec<Target>,
        programs: impl Into<Programs>,
        found: impl IntoIterator<Item = Job>,
        now_ms: u64,
    ) -> Scheduler {
        let programs = programs.into();
        let jobs: BTreeMap<_, _> = found.into_iter().map(|job| (job.id, Entry::new(job, now_ms))).collect();
        let asks_from_ms = if jobs.is_empty() { now_ms } else { now_ms.saturating_add(RETURN_MS) };
        let (workers, profiles) = (BTreeMap::new(), Profiles::default());
        Scheduler { targets, programs, jobs, workers, profiles, asks_from_ms }
    }

    /// Takes a job whose evidence is durable already.
    pub fn submit(&mut self, job: Job, now_ms: u64) -> Result<Vec<Effect>, SubmitError> {
        if self.jobs.contains_key(&job.id) {
            return Err(SubmitError::Known(job.id));
        }
        if self.jobs.len() >= JOBS_MAX {
            return Err(SubmitError::Full);
        }
        self.jobs.insert(job.id, Entry::new(job, now_ms));
        Ok(self.assign(now_ms))
    }

    /// A worker has connected and is who it says.
    pub fn came(&mut self, worker: WorkerId, description: Description, now_ms: u64) -> Vec<Effect> {
        let drop = |why| vec![Effect::Drop { worker, why }];
        if !self.programs.knows(description.backend, description.program) {
            return drop("it proves another program than any in force");
        }
        if !self.workers.contains_key(&worker) && self.workers.len() >= WORKERS_MAX {
            return drop("there are too many workers");
        }
        let known = self.workers.entry(worker).or_default();
        if known.is_quarantined(now_ms) {
            return drop("it has submitted a bad proof");
        }
        known.connect(description);
        Vec::new()
    }

    /// Other programs are in force: who has none of them is cut off.
    pub fn learn(&mut self, programs: Programs, now_ms: u64) -> Vec<Effect> {
        self.programs = programs;
        let is_of_others =
            |worker: &Worker| worker.program().is_some_and(|(of, program)| !self.programs.knows(of, program));
        let of_others = self.workers.iter().filter(|(_, worker)| is_of_others(worker)).map(|(id, _)| *id);
        let why = "it proves another program than any in force";
        let mut effects: Vec<_> = of_others.map(|worker| Effect::Drop { worker, why }).collect();
        effects.extend(self.assign(now_ms));
        effects
    }

    /// A connection has ended. The lease goes on: the worker may still be proving, and come back.
    pub fn went(&mut self, worker: WorkerId) {
        if let Some(worker) = self.workers.get_mut(&worker) {
            worker.disconnect();
        }
    }

    /// A worker said something.
    pub fn heard(&mut self, worker: WorkerId, message: ToCoordinator, now_ms: u64) -> Vec<Effect> {
        if !self.workers.get(&worker).is_some_and(Worker::is_connected) {
            return Vec::new();
        }
        let mut effects = match message {
            ToCoordinator::Heartbeat { job } => self.beat(worker, job, now_ms),
            ToCoordinator::Progress { job, .. } => self.beat(worker, Some(job), now_ms),
            ToCoordinator::Done { job, answer: Answer::Proved(proved) } => self.done(worker, job, proved, now_ms),
            ToCoordinator::Failed { job, failure } => self.failed(worker, job, failure, now_ms),
            ToCoordinator::Done { .. } | ToCoordinator::Hello { .. } => {
                self.quarantine(worker, now_ms, "it answers what it was not asked")
            }
        };
        effects.extend(self.assign(now_ms));
        effects
    }

    fn beat(&mut self, worker: WorkerId, running: Option<JobId>, now_ms: u64) -> Vec<Effect> {
        let Some(known) = self.workers.get_mut(&worker) else { return Vec::new() };
        known.beat(running);
        let Some(job) = running else {
            // It is idle, so whatever it was lent it has lost, unless the question is still on its way.
            let mut lent = None;
            for (id, entry) in self.jobs.iter_mut().filter(|(_, entry)| entry.is_leased_to(worker)) {
                entry.end_idle_lease(now_ms);
                lent = lent.or(entry.is_leased_to(worker).then_some(*id));
            }
            known.beat(lent);
            return Vec::new();
        };
        let version = self.jobs.get(&job).map_or(0, |entry| entry.job.version);
        let targets = known.targets_of(version, &self.targets, &self.programs);
        match self.jobs.get_mut(&job).map(|entry| (entry.standing.clone(), entry)) {
            Some((Standing::Leased(lease), entry)) if lease.worker == worker => {
                entry.standing = Standing::Leased(Lease { until_ms: now_ms + LEASE_MS, confirmed: true, ..lease });
                Vec::new()
            }
            // It comes back to what it was proving before this side was started anew.
            Some((Standing::Waiting { .. }, entry)) if !targets.is_empty() => {
                entry.lend(worker, targets[0], now_ms, ATTEMPT_MS_MAX);
                Vec::new()
            }
            _ => vec![Effect::Cancel { worker, job }],
        }
    }

    fn done(&mut self, worker: WorkerId, job: JobId, proved: Proved, now_ms: u64) -> Vec<Effect> {
        if let Some(known) = self.workers.get_mut(&worker) {
            known.beat(None);
        }
        let Some(entry) = self.jobs.get_mut(&job) else { return Vec::new() };
        let target = match &entry.standing {
            Standing::Leased(lease) if lease.worker == worker => lease.target,
            // Somebody else's turn, or it is proven: the work is lost, and nobody is to blame.
            _ => return Vec::new(),
        };
        if proved.public_values != entry.job.public_values {
            entry.retry(now_ms);
            return self.quarantine(worker, now_ms, "its proof says something else than it was asked to prove");
        }
        self.profiles.note(target, entry.job.commands, &proved.measured);
        let Proved { public_values, proof, measured } = proved;
        entry.standing = Standing::Verifying { worker, target, measured };
        vec![Effect::Verify { job, worker, target, measured, public_values, proof }]
    }

    fn failed(&mut self, worker: WorkerId, job: JobId, failure: Failure, now_ms: u64) -> Vec<Effect> {
        if let Some(known) = self.workers.get_mut(&worker) {
            known.beat(None);
        }
        let Some(entry) = self.jobs.get_mut(&job).filter(|entry| entry.is_leased_to(worker)) else {
            return Vec::new();
        };
        match failure.kind {
            FailureKind::Refused => {
                entry.standing = Standing::Disputed { worker, detail: failure.detail };
                return vec![Effect::Execute { job }];
            }
            FailureKind::Unsupported | FailureKind::TooLarge => entry.exclude_target(now_ms),
            _ => entry.retry(now_ms),
        }
        Vec::new()
    }

    /// What this machine says of evidence that a worker says its guest refuses.
    pub fn executed(&mut self, job: JobId, is_right: bool, now_ms: u64) -> Vec<Effect> {
        let Some(entry) = self.jobs.get_mut(&job) else { return Vec::new() };
        let Standing::Disputed { worker, detail } = entry.standing.clone() else { return Vec::new() };
        let mut effects = if is_right {
            entry.retry(now_ms);
            self.quarantine(worker, now_ms, "it refuses evidence that is right")
        } else {
            entry.standing = Standing::Impossible;
            vec![Effect::Alert { job, detail }]
        };
        effects.extend(self.assign(now_ms));
        effects
    }

    /// What a verifier says of a job's proof, which the driver gives again to be stored.
    pub fn verified(&mut self, job: JobId, verdict: Verdict, proof: Vec<u8>, now_ms: u64) -> Vec<Effect> {
        let Some(entry) = self.jobs.get_mut(&job) else { return Vec::new() };
        let Standing::Verifying { worker, target, measured } = entry.standing.clone() else { return Vec::new() };
        let mut effects = match verdict {
            Verdict::Accepted => {
                entry.standing = Standing::Storing { target };
                vec![Effect::Store { job, target, proof }]
            }
            Verdict::Rejected => {
                entry.retry(now_ms);
                self.quarantine(worker, now_ms, "its proof is wrong")
            }
            // The proof is kept and looked at again: it has cost more than a verifier will.
            Verdict::Unknown => {
                let public_values = entry.job.public_values.clone();
                vec![Effect::Verify { job, worker, target, measured, public_values, proof }]
            }
        };
        effects.extend(self.assign(now_ms));
        effects
    }

    /// A proof is durable: the job is done with.
    pub fn stored(&mut self, job: JobId, now_ms: u64) -> Vec<Effect> {
        self.jobs.remove(&job);
        self.assign(now_ms)
    }

    /// Time has passed: ends leases, and asks what has waited. Call it about once a second.
    pub fn tick(&mut self, now_ms: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (id, entry) in &mut self.jobs {
            let Standing::Leased(lease) = &entry.standing else { continue };
            let worker = lease.worker;
            if now_ms >= lease.ends_ms {
                effects.push(Effect::Cancel { worker, job: *id });
                effects.push(Effect::Drop { worker, why: "an attempt took too long" });
                entry.exclude_target(now_ms);
            } else if now_ms >= lease.until_ms {
                effects.push(Effect::Drop { worker, why: "it was silent for too long" });
                entry.retry(now_ms);
            } else {
                continue;
            }
            if let Some(worker) = self.workers.get_mut(&worker) {
                worker.disconnect();
            }
        }
        effects.extend(self.assign(now_ms));
        effects
    }

    fn quarantine(&mut self, worker: WorkerId, now_ms: u64, why: &'static str) -> Vec<Effect> {
        if let Some(known) = self.workers.get_mut(&worker) {
            known.quarantine(now_ms);
        }
        for entry in self.jobs.values_mut().filter(|entry| entry.is_leased_to(worker)) {
            entry.retry(now_ms);
        }
        vec![Effect::Drop { worker, why }]
    }

    /// Gives idle workers what is most urgent and can be proven by them.
    fn assign(&mut self, now_ms: u64) -> Vec<Effect> {
        if now_ms < self.asks_from_ms || !self.workers.values().any(|worker| worker.is_idle(now_ms)) {
            return Vec::new();
        }
        let mut waiting: Vec<_> = self.jobs.values().filter(|entry| entry.waits(now_ms)).map(Entry::urgency).collect();
        waiting.sort_unstable();
        let mut effects = Vec::new();
        for (.., id) in waiting {
            let idle = self.workers.iter().filter(|(_, worker)| worker.is_idle(now_ms));
            let Some(entry) = self.jobs.get_mut(&id) else { continue };
            if self.targets.iter().all(|target| entry.is_excluded(*target)) {
                // Everything was tried. It must be proven all the same, so all of it is tried again, after a while.
                entry.forgive(now_ms + RETRY_MS_MAX);
                continue;
            }
            let Some((worker, target)) =
                route::choose(entry, idle, (&self.targets, &self.programs), &self.profiles, now_ms)
            else {
                continue;
            };
            let expected = self.profiles.estimate_ms(target, entry.job.commands);
            let allowed = expected.map_or(ATTEMPT_MS_MAX, |ms| (ms * ATTEMPT_FACTOR).clamp(LEASE_MS, ATTEMPT_MS_MAX));
            entry.lend(worker, target, now_ms, allowed);
            if let Some(known) = self.workers.get_mut(&worker) {
                known.beat(Some(id));
            }
            effects.push(Effect::Ask { worker, job: id, kind: target.kind });
        }
        effects
    }

    /// A job is no longer wanted: what it would prove is not part of the chain any more.
    pub fn withdraw(&mut self, job: JobId, now_ms: u64) -> Vec<Effect> {
        let Some(entry) = self.jobs.remove(&job) else { return Vec::new() };
        let mut effects = match entry.standing {
            Standing::Leased(lease) => vec![Effect::Cancel { worker: lease.worker, job }],
            _ => Vec::new(),
        };
        effects.extend(self.assign(now_ms));
        effects
    }

    /// A restart has found a proof that was received and not verified yet.
    pub fn received(
        &mut self,
        job: JobId,
        worker: WorkerId,
        target: Target,
        measured: Measured,
        proof: Vec<u8>,
    ) -> Vec<Effect> {
        let Some(entry) = self.jobs.get_mut(&job).filter(|entry| entry.is_waiting()) else { return Vec::new() };
        entry.standing = Standing::Verifying { worker, target, measured };
        let public_values = entry.job.public_values.clone();
        vec![Effect::Verify { job, worker, target, measured, public_values, proof }]
    }

    /// Whether another job of this version would be asked soon: no more of it wait than there are workers for it that are idle, and one in reserve. What
    /// waits for a worker with another version's program is in nobody's way.
    pub fn has_room(&self, version: u32, now_ms: u64) -> bool {
        let waiting = self.jobs.values().filter(|entry| entry.job.version == version && entry.is_waiting()).count();
        let proves = |worker: &&Worker| !worker.targets_of(version, &self.targets, &self.programs).is_empty();
        waiting < self.workers.values().filter(|worker| worker.is_idle(now_ms)).filter(proves).count().max(1)
    }

    /// Who has submitted bad proofs, how many, and until when each is not asked.
    pub fn conduct(&self) -> Vec<(WorkerId, u32, u64)> {
        let known = self.workers.iter().map(|(id, worker)| {
            let (bad_proofs, until_ms) = worker.conduct();
            (*id, bad_proofs, until_ms)
        });
        known.filter(|(_, bad_proofs, _)| *bad_proofs > 0).collect()
    }

    /// What an earlier run has seen of a worker.
    pub fn note_conduct(&mut self, worker: WorkerId, bad_proofs: u32, until_ms: u64) {
        self.workers.entry(worker).or_default().note_conduct(bad_proofs, until_ms);
    }

    /// How far behind proving is.
    pub fn backlog(&self, now_ms: u64) -> Backlog {
        let mut backlog = Backlog::default();
        for entry in self.jobs.values() {
            backlog.jobs += 1;
            backlog.commands = backlog.commands.saturating_add(entry.job.commands);
            backlog.running += usize::from(!entry.is_waiting());
            backlog.lag_ms = backlog.lag_ms.max(now_ms.saturating_sub(entry.submitted_ms));
            backlog.late += usize::from(now_ms > entry.job.deadline_ms);
        }
        for worker in self.workers.values().filter(|worker| worker.is_usable(now_ms)) {
            backlog.workers += 1;
            let rates = worker.targets(&self.targets).into_iter().map(|target| self.profiles.rate(target));
            backlog.commands_per_second += rates.max().unwrap_or(0);
        }
        backlog
    }

    /// What was measured so far.
    pub const fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// What was measured so far, to take over what an earlier run has measured.
    pub(crate) const fn profiles_mut(&mut self) -> &mut Profiles {
        &mut self.profiles
    }

    /// Takes over a measurement of a `profile` command.
    pub fn note_profile(&mut self, target: Target, commands: u64, measured: &Measured) {
        self.profiles.note(target, commands, measured);
    }
}
