//! Whole lives of a coordinator and its workers from a seed: messages take time, workers crash, lie, fail and are cut off, the coordinator
//! forgets everything but what was durable. Each job must be proven, no bad proof stored, and nothing proven twice for nothing.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_prover_wire::{BackendName, ProgramHash};
use proptest::prelude::*;

use super::*;

const BACKEND: BackendName = BackendName::SP1;
const TARGETS: [Target; 2] = [
    Target { backend: BACKEND, kind: ProofKind::Compressed },
    Target { backend: BackendName::NATIVE, kind: ProofKind::Execution },
];

fn programs() -> BTreeMap<BackendName, ProgramHash> {
    [(BACKEND, ProgramHash([1; 32])), (BackendName::NATIVE, ProgramHash([2; 32]))].into()
}

fn description(backend: BackendName) -> Description {
    let (program, kind) = match backend {
        BACKEND => (ProgramHash([1; 32]), ProofKind::Compressed),
        _ => (ProgramHash([2; 32]), ProofKind::Execution),
    };
    Description { backend, program, kinds: vec![kind], cycles_max: 0, memory_bytes: 0 }
}

fn job(number: u64) -> Job {
    Job {
        id: JobId(number),
        version: 1,
        public_values: number.to_le_bytes().to_vec(),
        commands: 100 + number,
        deadline_ms: 60_000 * (1 + number % 3),
        priority: 0,
    }
}

fn good(job: JobId) -> Vec<u8> {
    [&b"right"[..], &job.0.to_le_bytes()].concat()
}

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn permille(&mut self, chance: u64) -> bool {
        self.below(1_000) < chance
    }
}

/// How bad the world is, in thousandths of each chance.
#[derive(Clone, Copy, Debug)]
struct World {
    crash: u64,
    cut: u64,
    fail: u64,
    restart: u64,
    liars: usize,
    workers: usize,
}

/// A worker's process.
#[derive(Clone, Debug)]
struct Process {
    backend: BackendName,
    lies: bool,
    is_connected: bool,
    /// What runs and when it ends.
    running: Option<(JobId, u64)>,
    /// Said, but not heard while it is cut off.
    unsaid: Option<ToCoordinator>,
    next_beat_ms: u64,
}

#[derive(Debug)]
enum Mail {
    Ask(JobId, ProofKind),
    Cancel(JobId),
}

struct Simulation {
    dice: Dice,
    world: World,
    now_ms: u64,
    scheduler: Scheduler,
    processes: Vec<Process>,
    /// To workers: when it arrives, to whom, what.
    mail: Vec<(u64, usize, Mail)>,
    durable: BTreeMap<JobId, Job>,
    proven: BTreeMap<JobId, Vec<u8>>,
    /// Attempts that were begun, and those that came to nothing by somebody's fault.
    begun: BTreeMap<JobId, u32>,
    lost: u32,
    bad_accepted: u32,
    asked_of_liars: BTreeMap<usize, u32>,
}

impl Simulation {
    fn new(seed: u64, world: World) -> Simulation {
        let process = |number: usize| Process {
            // The last one only executes, and never lies: there is always a way.
            backend: if number + 1 == world.workers { BackendName::NATIVE } else { BACKEND },
            lies: number < world.liars,
            is_connected: false,
            running: None,
            unsaid: None,
            next_beat_ms: 0,
        };
        Simulation {
            dice: Dice(seed),
            world,
            now_ms: 0,
            scheduler: Scheduler::new(TARGETS.to_vec(), programs(), [], 0),
            processes: (0..world.workers).map(process).collect(),
            mail: Vec::new(),
            durable: BTreeMap::new(),
            proven: BTreeMap::new(),
            begun: BTreeMap::new(),
            lost: 0,
            bad_accepted: 0,
            asked_of_liars: BTreeMap::new(),
        }
    }

    fn obey(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask { worker, job, kind } => self.send(worker, Mail::Ask(job, kind)),
                Effect::Cancel { worker, job } => self.send(worker, Mail::Cancel(job)),
                Effect::Drop { worker, .. } => {
                    let process = &mut self.processes[worker.0 as usize];
                    process.is_connected = false;
                    self.lost += u32::from(process.running.take().is_some());
                    process.unsaid = None;
                    self.scheduler.went(worker);
                }
                Effect::Verify { job, proof, .. } => {
                    let verdict = match proof == good(job) {
                        _ if self.dice.permille(50) => Verdict::Unknown,
                        true => Verdict::Accepted,
                        false => Verdict::Rejected,
                    };
                    let effects = self.scheduler.verified(job, verdict, proof, self.now_ms);
                    self.obey(effects);
                }
                Effect::Execute { job } => {
                    let effects = self.scheduler.executed(job, true, self.now_ms);
                    self.obey(effects);
                }
                Effect::Store { job, proof, .. } => {
                    self.bad_accepted += u32::from(proof != good(job));
                    assert!(self.proven.insert(job, proof).is_none(), "{job:?} is stored twice");
                    let effects = self.scheduler.stored(job, self.now_ms);
                    self.obey(effects);
                }
                Effect::Alert { job, .. } => panic!("{job:?} can be proven"),
            }
        }
    }

    fn send(&mut self, worker: WorkerId, mail: Mail) {
        // A connection keeps the order of what is said on it.
        let before = self.mail.iter().filter(|(_, to, _)| *to == worker.0 as usize).map(|(at, ..)| *at).max();
        let arrives = (self.now_ms + 1 + self.dice.below(200)).max(before.unwrap_or(0));
        self.mail.push((arrives, worker.0 as usize, mail));
    }

    fn deliver(&mut self) {
        let (due, later) = std::mem::take(&mut self.mail).into_iter().partition(|(at, ..)| *at <= self.now_ms);
        self.mail = later;
        let due: Vec<_> = due;
        for (_, number, mail) in due {
            let takes = 1_000 + self.dice.below(20_000);
            let process = &mut self.processes[number];
            if !process.is_connected {
                continue;
            }
            match mail {
                Mail::Ask(job, kind) => {
                    assert!(description(process.backend).kinds.contains(&kind));
                    assert!(process.running.is_none(), "a worker has one job at a time");
                    process.running = Some((job, self.now_ms + takes));
                    *self.begun.entry(job).or_default() += 1;
                    if process.lies {
                        *self.asked_of_liars.entry(number).or_default() += 1;
                    }
                }
                Mail::Cancel(job) => {
                    if process.running.is_some_and(|(running, _)| running == job) {
                        process.running = None;
                    }
                    if matches!(&process.unsaid, Some(ToCoordinator::Done { job: said, .. }) if *said == job) {
                        process.unsaid = None;
                    }
                }
            }
        }
    }

    fn live(&mut self, number: usize) {
        let id = WorkerId(number as u32);
        if self.dice.permille(self.world.crash) {
            let process = &mut self.processes[number];
            self.lost += u32::from(process.running.take().is_some() || process.unsaid.take().is_some());
            (process.is_connected, process.unsaid) = (false, None);
            self.mail.retain(|(_, to, _)| *to != number);
            self.scheduler.went(id);
        } else if self.dice.permille(self.world.cut) {
            self.processes[number].is_connected = false;
            self.lost +=
                self.mail.iter().filter(|(_, to, mail)| *to == number && matches!(mail, Mail::Ask(..))).count() as u32;
            self.mail.retain(|(_, to, _)| *to != number);
            self.scheduler.went(id);
        } else if !self.processes[number].is_connected && self.dice.permille(300) {
            self.connect(number);
        }
        self.work(number);
        self.speak(number);
    }

    fn connect(&mut self, number: usize) {
        let description = description(self.processes[number].backend);
        let effects = self.scheduler.came(WorkerId(number as u32), description, self.now_ms);
        self.processes[number].is_connected = effects.is_empty();
        self.processes[number].next_beat_ms = self.now_ms;
    }

    fn work(&mut self, number: usize) {
        let Some((job, ends)) = self.processes[number].running else { return };
        if self.now_ms < ends {
            return;
        }
        let fails = self.dice.permille(self.world.fail);
        let lie = self.dice.below(4);
        self.lost += u32::from(fails || self.processes[number].lies);
        let process = &mut self.processes[number];
        process.running = None;
        let measured = Measured { millis: 5_000, ..Measured::default() };
        let right = job.0.to_le_bytes().to_vec();
        let done = |public_values: Vec<u8>, proof: Vec<u8>| {
            let answer = Answer::Proved(Proved { public_values, proof, measured });
            ToCoordinator::Done { job, answer }
        };
        process.unsaid = Some(match (process.lies, lie) {
            (true, 0) => done(vec![9], good(job)),
            (true, 1) => done(right, b"wrong".to_vec()),
            (true, 2) => done(right, good(JobId(job.0 + 1))),
            (true, _) => ToCoordinator::Failed { job, failure: Failure::new(FailureKind::Refused, "a lie") },
            (false, _) if fails => {
                ToCoordinator::Failed { job, failure: Failure::new(FailureKind::Backend, "out of luck") }
            }
            (false, _) => done(right, good(job)),
        });
    }

    fn speak(&mut self, number: usize) {
        let process = &mut self.processes[number];
        if !process.is_connected {
            return;
        }
        let mut said = Vec::new();
        if self.now_ms >= process.next_beat_ms {
            process.next_beat_ms = self.now_ms + 2_000;
            let unsaid = process.unsaid.as_ref().and_then(|message| match message {
                ToCoordinator::Done { job, .. } | ToCoordinator::Failed { job, .. } => Some(*job),
                _ => None,
            });
            said.push(ToCoordinator::Heartbeat { job: process.running.map(|(job, _)| job).or(unsaid) });
        }
        said.extend(process.unsaid.take());
        for message in said {
            let effects = self.scheduler.heard(WorkerId(number as u32), message, self.now_ms);
            self.obey(effects);
        }
    }

    fn restart(&mut self) {
        let found = self.durable.values().filter(|job| !self.proven.contains_key(&job.id)).cloned();
        self.scheduler = Scheduler::new(TARGETS.to_vec(), programs(), found, self.now_ms);
        // Questions that were on their way, with the connections.
        self.lost += self.mail.iter().filter(|(.., mail)| matches!(mail, Mail::Ask(..))).count() as u32;
        self.mail.clear();
        self.processes.iter_mut().for_each(|process| process.is_connected = false);
    }

    fn run(mut self, jobs: u64) -> Simulation {
        while (self.proven.len() as u64) < jobs {
            self.now_ms += 100;
            assert!(self.now_ms < 48 * 3_600_000, "{} of {jobs} proven: {:#?}", self.proven.len(), self.scheduler);
            let next = self.durable.len() as u64;
            if next < jobs && self.dice.permille(100) {
                let job = job(next);
                self.durable.insert(job.id, job.clone());
                let effects = self.scheduler.submit(job, self.now_ms).expect("there is room");
                self.obey(effects);
            }
            if self.dice.permille(self.world.restart) {
                self.restart();
            }
            self.deliver();
            (0..self.processes.len()).for_each(|number| self.live(number));
            let effects = self.scheduler.tick(self.now_ms);
            self.obey(effects);
        }
        self
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_job_is_proven_whatever_happens_and_no_bad_proof_is_stored(
        seed: u64, crash in 0..8_u64, cut in 0..20_u64, fail in 0..300_u64, restart in 0..6_u64, liars in 0..3_usize,
    ) {
        let world = World { crash, cut, fail, restart, liars, workers: 5 };
        let after = Simulation::new(seed, world).run(20);
        prop_assert_eq!(after.bad_accepted, 0);
        let numbers: BTreeSet<_> = after.proven.keys().map(|id| id.0).collect();
        prop_assert_eq!(numbers, (0..20).collect());
    }

    /// Cut connections and restarts alone cost nothing that was begun: a worker comes back to its job.
    #[test]
    fn nothing_is_proven_twice_for_nothing(seed: u64, cut in 0..20_u64, restart in 0..6_u64) {
        let world = World { crash: 0, cut, fail: 0, restart, liars: 0, workers: 4 };
        let after = Simulation::new(seed, world).run(20);
        let begun: u32 = after.begun.values().sum();
        prop_assert!(begun <= 20 + after.lost, "{} begun, {} lost", begun, after.lost);
        prop_assert!(after.begun.values().all(|times| *times >= 1));
    }

    #[test]
    fn a_liar_is_asked_a_few_times_only(seed: u64) {
        let world = World { crash: 0, cut: 0, fail: 0, restart: 0, liars: 2, workers: 4 };
        let after = Simulation::new(seed, world).run(60);
        prop_assert_eq!(after.bad_accepted, 0);
        prop_assert!(after.asked_of_liars.values().all(|times| *times <= crate::limits::BAD_PROOFS_MAX));
    }
}

fn scheduler(kinds: &[BackendName]) -> Scheduler {
    let mut scheduler = Scheduler::new(TARGETS.to_vec(), programs(), [], 0);
    for (number, backend) in (0..).zip(kinds) {
        assert_eq!(scheduler.came(WorkerId(number), description(*backend), 0), []);
        assert_eq!(scheduler.heard(WorkerId(number), ToCoordinator::Heartbeat { job: None }, 0), []);
    }
    scheduler
}

fn asked(effects: &[Effect]) -> Vec<(u32, u64)> {
    let ask = |effect: &Effect| match effect {
        Effect::Ask { worker, job, .. } => Some((worker.0, job.0)),
        _ => None,
    };
    effects.iter().filter_map(ask).collect()
}

#[test]
fn the_preferred_kind_is_asked_while_it_is_in_time() {
    let slow = Measured { millis: 100_000, ..Measured::default() };
    let fast = Measured { millis: 10, ..Measured::default() };
    let mut router = scheduler(&[BackendName::NATIVE, BACKEND]);
    router.note_profile(TARGETS[0], 100, &slow);
    router.note_profile(TARGETS[1], 100, &fast);
    let in_time = Job { deadline_ms: 200_000, commands: 100, ..job(0) };
    assert_eq!(asked(&router.submit(in_time.clone(), 0).unwrap()), [(1, 0)]);
    let mut router = scheduler(&[BackendName::NATIVE, BACKEND]);
    router.note_profile(TARGETS[0], 100, &slow);
    router.note_profile(TARGETS[1], 100, &fast);
    assert_eq!(asked(&router.submit(Job { deadline_ms: 50_000, ..in_time }, 0).unwrap()), [(0, 0)]);
    let backlog = router.backlog(60_000);
    assert_eq!((backlog.jobs, backlog.running, backlog.late, backlog.lag_ms), (1, 1, 1, 60_000));
    assert_eq!(backlog.commands_per_second, 10_000 + 1);
}

#[test]
fn the_most_urgent_goes_first_and_the_other_waits_its_turn() {
    let mut scheduler = scheduler(&[]);
    scheduler.submit(Job { deadline_ms: 9, ..job(1) }, 0).unwrap();
    scheduler.submit(Job { deadline_ms: 5, ..job(2) }, 0).unwrap();
    assert_eq!(scheduler.submit(job(2), 0), Err(SubmitError::Known(JobId(2))));
    scheduler.came(WorkerId(0), description(BACKEND), 0);
    assert_eq!(asked(&scheduler.tick(0)), [], "it has not said yet that it is idle");
    assert_eq!(asked(&scheduler.heard(WorkerId(0), ToCoordinator::Heartbeat { job: None }, 0)), [(0, 2)]);
    let failure = Failure::new(FailureKind::TooLarge, "too large");
    let effects = scheduler.heard(WorkerId(0), ToCoordinator::Failed { job: JobId(2), failure }, 0);
    assert_eq!(asked(&effects), [(0, 1)], "what is too large here waits for another backend");
}

#[test]
fn another_program_is_not_asked() {
    let mut scheduler = scheduler(&[]);
    let other = Description { program: ProgramHash([3; 32]), ..description(BACKEND) };
    assert!(matches!(scheduler.came(WorkerId(0), other, 0)[..], [Effect::Drop { .. }]));
    assert_eq!(asked(&scheduler.submit(job(0), 0).unwrap()), []);
}

#[test]
fn a_job_is_asked_of_the_program_of_its_version() {
    let next = ProgramHash([3; 32]);
    let both = Programs::from(programs()).since(2, BTreeMap::from([(BACKEND, next)]));
    let mut scheduler = Scheduler::new(TARGETS.to_vec(), both, [], 0);
    let idle = |scheduler: &mut Scheduler, number, description| {
        assert_eq!(scheduler.came(WorkerId(number), description, 0), []);
        scheduler.heard(WorkerId(number), ToCoordinator::Heartbeat { job: None }, 0)
    };
    assert_eq!(asked(&idle(&mut scheduler, 0, description(BACKEND))), []);
    assert_eq!(asked(&scheduler.submit(Job { version: 2, ..job(1) }, 0).unwrap()), [], "it has the old program");
    assert!(scheduler.has_room(1, 0) && !scheduler.has_room(2, 0), "what waits for another program is in nobody's way");
    assert_eq!(asked(&scheduler.submit(job(2), 0).unwrap()), [(0, 2)]);
    let newer = Description { program: next, ..description(BACKEND) };
    assert_eq!(asked(&idle(&mut scheduler, 1, newer)), [(1, 1)]);
    // A worker that comes back and says that it proves what its program does not is told to stop.
    let effects = scheduler.heard(WorkerId(0), ToCoordinator::Heartbeat { job: Some(JobId(1)) }, 1);
    assert_eq!(effects, [Effect::Cancel { worker: WorkerId(0), job: JobId(1) }]);
}

#[test]
fn evidence_that_this_machine_refuses_too_raises_an_alert() {
    let mut scheduler = scheduler(&[BACKEND]);
    scheduler.submit(job(0), 0).unwrap();
    let failure = Failure::new(FailureKind::Refused, "a wrong leaf");
    let effects = scheduler.heard(WorkerId(0), ToCoordinator::Failed { job: JobId(0), failure }, 1);
    assert_eq!(effects, [Effect::Execute { job: JobId(0) }]);
    let effects = scheduler.executed(JobId(0), false, 2);
    assert_eq!(effects, [Effect::Alert { job: JobId(0), detail: "a wrong leaf".to_owned() }]);
    assert_eq!(scheduler.tick(1_000_000), [], "it is not asked again");
}
