//! How long a trader waits for an answer while the same machine proves, and while it does not: both in one run, in turns.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use ashlar_prover_wire::{Evidence, Question};
use ashlar_sequencer::{Pace, paced};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};

use super::day::Day;
use super::{EXECUTED, ProveBenchArguments, sealed_mixed};
use crate::bench::node::measured_config;
use crate::figures::Figure;
use crate::proving::{Backend, Session, find_worker};

/// Turns with a prover, and as many without.
const TURNS: u32 = 5;
/// Clients that send.
const CLIENTS: u32 = 8;

/// Measures both.
pub fn run(arguments: &ProveBenchArguments) -> Result<Vec<Figure>> {
    let backend = arguments.backend.unwrap_or(Backend::Execute);
    let mut provers = Provers::start(backend, arguments)?;
    let turn = Duration::from_secs_f64((arguments.seconds / f64::from(2 * TURNS)).max(0.5));
    let pace = Pace { clients: CLIENTS, per_second: arguments.rate, turn, turns: 2 * TURNS, seed: 1 };
    let folder = std::env::temp_dir().join(format!("ashlar-bench-prove-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&folder).with_worker_threads(2);
    let switch = provers.switch();
    let measured = runtime::Runner::new(config).start(|context| async move {
        // Without the prover first, then with it, in turns.
        let paced =
            paced(context.child("bench"), measured_config()?, pace, move |turn| switch.set(turn % 2 == 1)).await;
        paced.map_err(|error| anyhow!("the load was not carried: {error}"))
    });
    let answered = provers.stop();
    // What cannot be removed now is in a folder that the system empties.
    let _ = std::fs::remove_dir_all(&folder);
    let (answered, turns) = (answered?, measured?);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for (number, waits) in turns.into_iter().enumerate() {
        if number % 2 == 1 { with.extend(waits) } else { without.extend(waits) }
    }
    Ok(figures(arguments, backend, &mut without, &mut with, answered))
}

fn figures(
    arguments: &ProveBenchArguments,
    backend: Backend,
    without: &mut [u64],
    with: &mut [u64],
    answered: u64,
) -> Vec<Figure> {
    without.sort_unstable();
    with.sort_unstable();
    let at = |figure: Figure, proving: bool| {
        let figure = figure.at("proving", proving).at("backend", if proving { backend.word() } else { "none" });
        figure.at("rate", arguments.rate).at("messages", if proving { with.len() } else { without.len() })
    };
    let of = |waits: &[u64], permille: usize| waits.get(waits.len() * permille / 1_000).copied().unwrap_or(0) as f64;
    let mut figures = Vec::new();
    for (metric, permille) in [("ack_p50_us", 500), ("ack_p99_us", 990), ("ack_p999_us", 999)] {
        let (off, on) = (of(without, permille), of(with, permille));
        figures.push(at(Figure::new("prove", metric, off, "us"), false));
        let beside = "without a prover, plus a tenth";
        figures.push(at(Figure::new("prove", metric, on, "us").limit(off * 1.1, beside), true));
    }
    figures.push(at(Figure::new("prove", "jobs_meanwhile", answered as f64, "1"), true));
    figures
}

/// Processes that prove without end, while they are let.
struct Provers {
    switch: Switch,
    ends: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Result<()>>>,
}

/// Lets processes go on or stand still.
#[derive(Clone)]
struct Switch(Arc<Vec<u32>>);

impl Switch {
    /// A process that stands still takes nothing of the processors, whatever it was doing.
    fn set(&self, on: bool) {
        for process in &*self.0 {
            let signal = if on { "-CONT" } else { "-STOP" };
            // A process that has ended takes nothing either; its thread says why it did.
            let _ = Command::new("kill").arg(signal).arg(process.to_string()).status();
        }
    }
}

impl Provers {
    fn start(backend: Backend, arguments: &ProveBenchArguments) -> Result<Provers> {
        let (program, words, count): (PathBuf, Vec<&str>, usize) = match backend {
            // As many as there are processors: a prover takes what it is given.
            Backend::Execute => {
                let itself = std::env::current_exe().context("this program does not know where it is")?;
                (itself, vec!["prover", "--backend", "execute"], crate::threads::available())
            }
            _ => (find_worker(backend, arguments.worker.as_deref())?, Vec::new(), 1),
        };
        let commands = if backend.is_proving() { arguments.commands as usize } else { EXECUTED };
        let mut day = Day::mixed(4, 200, 2_000)?;
        let evidence: Evidence = sealed_mixed(&mut day, commands)?.evidence();
        let (ends, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (mut threads, mut processes) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut session = Session::start(&program, &words)?;
            processes.push(session.process());
            let (evidence, ends, answered) = (evidence.clone(), ends.clone(), answered.clone());
            threads.push(std::thread::spawn(move || {
                while !ends.load(Ordering::Relaxed) {
                    let evidence = vec![evidence.clone()];
                    let question = match backend {
                        Backend::Execute => Question::Execute { evidence },
                        _ => Question::Prove { kind: backend.target().kind, evidence },
                    };
                    match session.ask(question, |_, _, _| {}) {
                        Ok(_) => answered.fetch_add(1, Ordering::Relaxed),
                        // It was ended in the middle of a proof that nobody needs.
                        Err(_) if ends.load(Ordering::Relaxed) => return Ok(()),
                        Err(error) => return Err(error),
                    };
                }
                session.stop()
            }));
        }
        Ok(Provers { switch: Switch(Arc::new(processes)), ends, answered, threads })
    }

    fn switch(&self) -> Switch {
        self.switch.clone()
    }

    /// Ends them, and says how many jobs they did.
    fn stop(&mut self) -> Result<u64> {
        self.switch.set(true);
        self.ends.store(true, Ordering::Relaxed);
        if self.answered.load(Ordering::Relaxed) == 0 {
            // In the middle of its first proof, which may take minutes more.
            for process in &*self.switch.0 {
                // One that has ended by itself is as good.
                let _ = Command::new("kill").arg(process.to_string()).status();
            }
        }
        for thread in self.threads.drain(..) {
            let ended = thread.join().map_err(|_| anyhow!("the thread of a prover has panicked"))?;
            ended.context("a prover has failed while latency was measured")?;
        }
        let answered = self.answered.load(Ordering::Relaxed);
        ensure!(!self.switch.0.is_empty(), "no prover was started");
        Ok(answered)
    }
}
