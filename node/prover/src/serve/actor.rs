//! The task that owns everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, UNIX_EPOCH};

use ashlar_prover_wire::limits::{EVIDENCE_BYTES_MAX, SECTION_BYTES_MAX};
use ashlar_prover_wire::{Description, Evidence, FailureKind, JobId, ProofKind, Question, ToCoordinator, ToWorker};
use ashlar_types::BatchNumber;
use tokio::sync::{broadcast, mpsc, watch};

use super::Runtime;
use super::checks::Check;
use super::config::{ProverConfig, Role, StretchRules};
use super::event::{Event, Order};
use super::handle::{CutOff, Pressure, ProverHandle};
use super::ledger::{Ledger, ProofName};
use super::status::JobProgress;
use crate::error::ProverError;
use crate::limits::{EVENTS_MAX, JOBS_MAX, TICK_MS};
use crate::schedule::{Effect, Scheduler, SubmitError, WorkerId};
use crate::store::{JobRecord, Part, Received, Store, StoredBatch, StoredConduct};

/// A connected worker.
pub(super) struct Connected {
    pub connection: u64,
    pub description: Description,
    pub outbox: mpsc::Sender<ToWorker>,
    /// Of a worker whose role is to verify: what it looks at, and in the check of which number.
    pub checks: Option<(JobId, u64)>,
}

/// The coordinator.
pub(super) struct Coordinator<E> {
    pub context: E,
    pub config: Arc<ProverConfig>,
    pub store: Store<E>,
    pub scheduler: Scheduler,
    pub ledger: Ledger,
    pub connected: BTreeMap<WorkerId, Connected>,
    pub checks: BTreeMap<JobId, Check>,
    next_check: u64,
    /// What signers are asked about.
    pub attesting: BTreeSet<ProofName>,
    /// The first batch from which on a proof is next in turn to be asked about.
    pub attest_from: u64,
    pub events: mpsc::WeakSender<Event>,
    pub progress: BTreeMap<JobId, JobProgress>,
    pub refused: BTreeMap<JobId, String>,
    /// What fits one proof: what the configuration says, or less, once a worker said that it was too much.
    stretch: StretchRules,
    pressure: watch::Sender<Pressure>,
    cut_off: broadcast::Sender<CutOff>,
    pub conduct: StoredConduct,
    pub settled: BatchNumber,
}

/// Starts a coordinator over what an earlier one has kept. Workers come in through [`ProverHandle::listen`].
pub async fn start<E: Runtime>(context: E, config: ProverConfig) -> Result<ProverHandle, ProverError> {
    let mistakes = config.mistakes();
    if !mistakes.is_empty() {
        return Err(ProverError::Config(mistakes.join("; ")));
    }
    let config = Arc::new(config);
    let (events, inbox) = mpsc::channel(EVENTS_MAX);
    let (pressure, seen) = watch::channel(Pressure::default());
    let (failed, failure) = watch::channel(None);
    let (cut_off, _) = broadcast::channel(64);
    let handle = ProverHandle {
        events: events.clone(),
        pressure: seen,
        failed: failure,
        cut_off: cut_off.clone(),
        members: Arc::new(config.members.clone()),
        connections: Arc::new(AtomicUsize::new(0)),
    };
    let store = Store::open(context.child("store"), &config.partition).await?;
    let own = context.child("coordinator");
    let mut coordinator = Coordinator::new(own, config, store, events.downgrade(), pressure, cut_off);
    coordinator.recall().await?;
    context.spawn(move |_| async move {
        if let Err(error) = coordinator.run(inbox).await {
            tracing::error!(%error, "the prover stops");
            failed.send_replace(Some(error));
        }
    });
    Ok(handle)
}

impl<E: Runtime> Coordinator<E> {
    /// One that knows of nothing yet.
    pub(super) fn new(
        context: E,
        config: Arc<ProverConfig>,
        store: Store<E>,
        events: mpsc::WeakSender<Event>,
        pressure: watch::Sender<Pressure>,
        cut_off: broadcast::Sender<CutOff>,
    ) -> Coordinator<E> {
        let now_ms = millis(&context);
        Coordinator {
            scheduler: Scheduler::new(config.targets.clone(), config.programs.clone(), [], now_ms),
            context,
            stretch: config.stretch,
            config,
            store,
            ledger: Ledger::default(),
            connected: BTreeMap::new(),
            checks: BTreeMap::new(),
            // A worker may still have an answer that an earlier coordinator asked for: its numbers are not used again.
            next_check: now_ms << 16,
            attesting: BTreeSet::new(),
            attest_from: 0,
            events,
            progress: BTreeMap::new(),
            refused: BTreeMap::new(),
            pressure,
            cut_off,
            conduct: StoredConduct::default(),
            settled: BatchNumber::default(),
        }
    }

    pub(super) fn now_ms(&self) -> u64 {
        millis(&self.context)
    }

    pub(super) fn member(&self, name: &str) -> Option<WorkerId> {
        let place = self.config.members.iter().position(|member| member.name == name)?;
        u32::try_from(place).ok().map(WorkerId)
    }

    pub(super) fn name_of(&self, worker: WorkerId) -> String {
        let member = usize::try_from(worker.0).ok().and_then(|place| self.config.members.get(place));
        member.map_or_else(|| "somebody".to_owned(), |member| member.name.clone())
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Event>) -> Result<(), ProverError> {
        let tick = Duration::from_millis(TICK_MS);
        let mut next = self.context.current() + tick;
        loop {
            let event = tokio::select! {
                biased;
                () = self.context.sleep_until(next) => None,
                event = inbox.recv() => match event {
                    Some(Event::Stop(done)) => return self.end(done).await,
                    Some(event) => Some(event),
                    None => return Ok(()),
                },
            };
            match event {
                Some(event) => self.take(event).await?,
                None => {
                    next = self.context.current() + tick;
                    let effects = self.scheduler.tick(self.now_ms());
                    self.obey(effects).await?;
                    self.start_checks().await?;
                    self.attest_all().await?;
                }
            }
            self.form_jobs().await?;
            self.keep_conduct().await?;
            self.press();
        }
    }

    async fn end(&mut self, done: tokio::sync::oneshot::Sender<()>) -> Result<(), ProverError> {
        for connected in self.connected.values() {
            // One that does not read is told by the end of its connection.
            let _ = connected.outbox.try_send(ToWorker::Stop);
        }
        self.connected.clear();
        // Frames on their way are written by tasks that live as long as this one.
        self.context.sleep(Duration::from_millis(20)).await;
        // Whoever asked may have gone.
        let _ = done.send(());
        Ok(())
    }

    pub(super) async fn take(&mut self, event: Event) -> Result<(), ProverError> {
        match event {
            Event::Submit(order, answer) => {
                let submitted = self.submit(*order).await;
                let failed = durable(&submitted);
                // Whoever asked may have gone; what was submitted stays.
                let _ = answer.send(submitted);
                failed
            }
            Event::Find { first, exactly, answer } => {
                let found = self.find(first, exactly).await;
                let failed = durable(&found);
                // Whoever asked may have gone.
                let _ = answer.send(found.map(|found| found.map(Box::new)));
                failed
            }
            Event::Status(number, answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(Ok(self.status(number)));
                Ok(())
            }
            Event::Connected(answer) => {
                let names = self.connected.keys().map(|worker| self.name_of(*worker)).collect();
                // Whoever asked may have gone.
                let _ = answer.send(Ok(names));
                Ok(())
            }
            Event::Settled(upto, answer) => {
                let settled = self.settle(upto).await;
                let failed = durable(&settled);
                // Whoever asked may have gone.
                let _ = answer.send(settled);
                failed
            }
            Event::Learn(programs, quorums, answer) => {
                let learnt = self.learn(programs, quorums).await;
                let failed = durable(&learnt);
                // Whoever asked may have gone.
                let _ = answer.send(learnt);
                failed
            }
            Event::Measured { target, commands, measured } => {
                self.scheduler.note_profile(target, commands, &measured);
                Ok(())
            }
            Event::Came { worker, connection, description, outbox } => {
                self.came(worker, Connected { connection, description, outbox, checks: None }).await
            }
            Event::Heard { worker, connection, message } => {
                if self.connected.get(&worker).is_none_or(|known| known.connection != connection) {
                    return Ok(());
                }
                self.heard(worker, message).await
            }
            Event::Went { worker, connection } => {
                if self.connected.get(&worker).is_some_and(|known| known.connection == connection) {
                    self.lose(worker);
                }
                Ok(())
            }
            Event::Verified { job, number, result } => self.verified(job, number, result).await,
            Event::Executed { job, is_right } => {
                let effects = self.scheduler.executed(job, is_right, self.now_ms());
                self.obey(effects).await
            }
            Event::Attested { proof, result } => self.attested(proof, result).await,
            Event::Stop(_) => Ok(()),
        }
    }

    async fn came(&mut self, worker: WorkerId, came: Connected) -> Result<(), ProverError> {
        let role = usize::try_from(worker.0).ok().and_then(|place| self.config.members.get(place));
        let is_prover = role.is_some_and(|member| member.role == Role::Prove);
        tracing::info!(worker = self.name_of(worker), backend = %came.description.backend, "a worker has connected");
        let description = came.description.clone();
        if self.connected.contains_key(&worker) {
            tracing::warn!(
                worker = self.name_of(worker),
                "a worker has connected again; its older connection is closed"
            );
            self.lose(worker);
        }
        self.connected.insert(worker, came);
        if is_prover {
            let effects = self.scheduler.came(worker, description, self.now_ms());
            return self.obey(effects).await;
        }
        if !self.config.programs.knows(description.backend, description.program) {
            return self
                .obey(vec![Effect::Drop { worker, why: "it verifies another program than any in force" }])
                .await;
        }
        self.start_checks().await
    }

    async fn heard(&mut self, worker: WorkerId, message: ToCoordinator) -> Result<(), ProverError> {
        let is_checker = self.config.members.get(worker.0 as usize).is_some_and(|member| member.role == Role::Verify);
        if is_checker {
            return self.checked(worker, message).await;
        }
        if let ToCoordinator::Progress { job, done, of, stage } = &message {
            let progress = JobProgress { done: *done, of: *of, stage: stage.clone() };
            self.progress.insert(*job, progress);
        }
        let answered = match &message {
            ToCoordinator::Done { job, .. } | ToCoordinator::Failed { job, .. } => Some(*job),
            _ => None,
        };
        if let ToCoordinator::Failed { job, failure } = &message {
            tracing::warn!(worker = self.name_of(worker), job = job.0, %failure, "a job has failed");
            if failure.kind == FailureKind::TooLarge {
                self.cut(*job).await?;
            }
        }
        let effects = self.scheduler.heard(worker, message, self.now_ms());
        self.obey(effects).await?;
        if let Some(job) = answered {
            self.progress.remove(&job);
            // It is written down, or of no use: the worker need not keep it any longer.
            self.tell(worker, ToWorker::Cancel { job });
        }
        Ok(())
    }

    /// A job is too large for a worker: if it is of several batches, they are proven in two parts, and later ones in no larger.
    async fn cut(&mut self, job: JobId) -> Result<(), ProverError> {
        let record = self.ledger.jobs.get(&job).filter(|record| record.last > record.first).copied();
        let Some((record, whole)) = record.and_then(|record| Some((record, self.ledger.job(&record)?))) else {
            return Ok(());
        };
        let batches = usize::try_from(record.last.get() - record.first.get() + 1).unwrap_or(usize::MAX);
        self.stretch = StretchRules { batches_max: batches.div_ceil(2), commands_max: whole.commands.div_ceil(2) };
        self.withdraw(job).await
    }

    /// Does what was decided, in its order.
    pub(super) async fn obey(&mut self, effects: Vec<Effect>) -> Result<(), ProverError> {
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Ask { worker, job, kind } => self.ask(worker, job, kind).await?,
                Effect::Cancel { worker, job } => self.tell(worker, ToWorker::Cancel { job }),
                Effect::Drop { worker, why } => self.drop_worker(worker, why),
                Effect::Verify { job, worker, target, measured, proof, public_values } => {
                    let worker = self.name_of(worker);
                    let received = Received { worker, target, measured, proof };
                    self.store.put(Part::Received, job.0, &received.to_bytes()).await?;
                    self.checks.insert(job, Check::new(self.next_check, received, public_values));
                    self.next_check += 1;
                    self.start_checks().await?;
                }
                Effect::Execute { job } => self.execute(job).await?,
                Effect::Store { job, proof, .. } => {
                    self.store_proof(job, proof).await?;
                    queue.extend(self.scheduler.stored(job, self.now_ms()));
                }
                Effect::Alert { job, detail } => {
                    tracing::error!(job = job.0, detail, "a batch cannot be proven: the guest refuses it here too");
                    self.refused.insert(job, detail);
                }
            }
        }
        Ok(())
    }

    async fn ask(&mut self, worker: WorkerId, job: JobId, kind: ProofKind) -> Result<(), ProverError> {
        let Some(record) = self.ledger.jobs.get(&job).copied() else { return Ok(()) };
        let evidence = self.evidence(&record).await?;
        self.tell(worker, ToWorker::Ask { job, question: Question::Prove { kind, evidence } });
        Ok(())
    }

    /// The evidence of a job's batches.
    pub(super) async fn evidence(&self, record: &JobRecord) -> Result<Vec<Evidence>, ProverError> {
        let mut all = Vec::new();
        for number in record.first.get()..=record.last.get() {
            let found = self.store.get(Part::Evidence, number).await?;
            let found = found.and_then(|bytes| Evidence::from_bytes(&bytes).ok());
            all.push(found.ok_or(ProverError::Lost { what: "the evidence of batch", number })?);
        }
        Ok(all)
    }

    /// A worker that reads nothing is cut off.
    pub(super) fn tell(&mut self, worker: WorkerId, message: ToWorker) {
        let Some(connected) = self.connected.get(&worker) else { return };
        if connected.outbox.try_send(message).is_err() {
            self.drop_worker(worker, "it does not read what it is told");
        }
    }

    fn drop_worker(&mut self, worker: WorkerId, why: &'static str) {
        let name = self.name_of(worker);
        tracing::warn!(worker = name, why, "a worker is cut off");
        self.lose(worker);
        // Nobody may have started it from here.
        let _ = self.cut_off.send(CutOff { worker: name, why });
    }

    fn lose(&mut self, worker: WorkerId) {
        if let Some(Connected { checks: Some((job, number)), .. }) = self.connected.remove(&worker)
            && let Some(check) = self.checks.get_mut(&job).filter(|check| check.number == number)
        {
            check.is_running = false;
        }
        self.scheduler.went(worker);
    }

    async fn submit(&mut self, order: Order) -> Result<(), ProverError> {
        let Order { header, evidence, deadline_ms, priority } = order;
        let (number, hash) = (header.number.get(), header.hash());
        match self.ledger.batches.get(&number) {
            Some(known) if known.hash == hash => {
                self.ledger.want(header.number);
                return Ok(());
            }
            Some(_) => self.withdraw_from(number).await?,
            None => {}
        }
        if self.ledger.proof_of(header.number).is_some_and(|(_, head)| number < head.last || head.last_hash == hash) {
            return Ok(());
        }
        if self.ledger.batches.len() >= JOBS_MAX + self.ledger.proofs.len() {
            return Err(SubmitError::Full.into());
        }
        let bytes = evidence.to_bytes();
        let longest = [&evidence.batch, &evidence.signatures, &evidence.witness, &evidence.lists];
        let longest = longest.into_iter().map(Vec::len).max().unwrap_or(0);
        for (got, max) in [(longest, SECTION_BYTES_MAX), (bytes.len(), EVIDENCE_BYTES_MAX)] {
            if got > max {
                return Err(ProverError::TooLarge { number, max, got });
            }
        }
        self.store.put(Part::Evidence, number, &bytes).await?;
        let commands = header.next_sequence.get().saturating_sub(header.first_sequence.get());
        let evidence_bytes = bytes.len() as u64;
        let batch = StoredBatch { header, hash, commands, evidence_bytes, deadline_ms, priority };
        self.store.put(Part::Batch, number, &batch.to_bytes()).await?;
        self.ledger.enter(batch);
        Ok(())
    }

    /// The chain goes another way from this batch on: what was to be proven of the old way, and what was proven of it, is of no use.
    async fn withdraw_from(&mut self, number: u64) -> Result<(), ProverError> {
        let jobs: Vec<_> = self.ledger.jobs.values().filter(|job| job.last.get() >= number).map(|job| job.id).collect();
        for job in jobs {
            self.withdraw(job).await?;
        }
        let proofs: Vec<_> =
            self.ledger.proofs.iter().filter(|(_, head)| head.last >= number).map(|(first, _)| *first).collect();
        for first in proofs {
            self.store.remove(Part::Proof, first).await?;
            self.store.remove(Part::Attestation, first).await?;
            self.ledger.forget_proof(first);
        }
        let batches: Vec<_> = self.ledger.batches.range(number..).map(|(number, _)| *number).collect();
        for number in batches {
            self.forget_batch(number).await?;
        }
        Ok(())
    }

    /// Somebody else has proven the beginning of what is proven together here, and a proof is needed from this batch on: the rest
    /// is proven anew, and the beginning only if it is handed in again.
    pub(super) async fn begin_at(&mut self, first: BatchNumber) -> Result<(), ProverError> {
        if let Some(begin) = self.ledger.proof_of(first).map(|(begin, _)| begin).filter(|begin| *begin < first) {
            self.store.remove(Part::Proof, begin.get()).await?;
            self.store.remove(Part::Attestation, begin.get()).await?;
            self.ledger.forget_proof(begin.get());
            self.ledger.leave_out(begin, first);
        }
        if let Some(job) = self.ledger.job_of(first).filter(|job| job.first < first).copied() {
            self.withdraw(job.id).await?;
            self.ledger.leave_out(job.first, first);
        }
        Ok(())
    }

    pub(super) async fn withdraw(&mut self, job: JobId) -> Result<(), ProverError> {
        self.checks.remove(&job);
        self.progress.remove(&job);
        self.refused.remove(&job);
        self.store.remove(Part::Job, job.0).await?;
        self.store.remove(Part::Received, job.0).await?;
        self.ledger.reopen(job);
        let effects = self.scheduler.withdraw(job, self.now_ms());
        Box::pin(self.obey(effects)).await
    }

    pub(super) async fn forget_batch(&mut self, number: u64) -> Result<(), ProverError> {
        // In this order: what says that evidence is there goes first.
        self.store.remove(Part::Batch, number).await?;
        self.store.remove(Part::Evidence, number).await?;
        self.ledger.forget_batch(number);
        Ok(())
    }

    /// Makes jobs of open batches: of as many as fit one proof if that many are there, else of those there are once nothing else waits.
    pub(super) async fn form_jobs(&mut self) -> Result<(), ProverError> {
        while let Some((record, is_full)) = self.ledger.stretch(&self.stretch) {
            let Some(job) = self.ledger.job(&record) else { return Ok(()) };
            if !is_full && !self.scheduler.has_room(job.version, self.now_ms()) {
                return Ok(());
            }
            self.store.put(Part::Job, record.id.0, &record.to_bytes()).await?;
            self.ledger.begin(record);
            match self.scheduler.submit(job, self.now_ms()) {
                Ok(effects) => self.obey(effects).await?,
                Err(SubmitError::Known(_)) => {}
                Err(SubmitError::Full) => {
                    self.store.remove(Part::Job, record.id.0).await?;
                    self.ledger.reopen(record.id);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn press(&self) {
        let backlog = self.scheduler.backlog(self.now_ms());
        let is_high = backlog.jobs.saturating_sub(backlog.running) > self.config.waiting_jobs_high;
        self.pressure.send_if_modified(|pressure| {
            let now = Pressure { backlog, is_high };
            let differs = *pressure != now;
            *pressure = now;
            differs
        });
    }
}

/// A failure of the disk ends the coordinator; anything else is only for whoever asked.
fn durable<T>(result: &Result<T, ProverError>) -> Result<(), ProverError> {
    match result {
        Err(error @ ProverError::Durable { .. }) => Err(error.clone()),
        _ => Ok(()),
    }
}

pub(super) fn millis(clock: &impl commonware_runtime::Clock) -> u64 {
    let since = clock.current().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
