//! A prover on a thread of its own, where it stays: its chips cannot be passed from one thread to another.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use ashlar_prover_wire::{Failure, FailureKind, ProofKind, Watch};

use crate::join::{Joiner, steps};
use crate::key::{Keys, Program};
use crate::machine::{Executed, Machine, MachineError};
use crate::verify::{encode_joined, encode_segments};

/// Circuits are made by recursion, deeper than a thread's usual stack.
const STACK_BYTES: usize = 256 << 20;

const PANICKED: &str = "OpenVM has panicked; what was printed says where";

type Job = Box<dyn FnOnce(&mut Prover) + Send>;

/// What the thread holds.
struct Prover {
    machine: Machine,
    joiner: Joiner,
}

impl Prover {
    fn new(elf: &[u8], segment_bytes_max: usize) -> Result<Prover, MachineError> {
        let made = catch_unwind(|| -> Result<Prover, MachineError> {
            let machine = Machine::new(elf, segment_bytes_max)?;
            let joiner = Joiner::new(machine.key().clone());
            Ok(Prover { machine, joiner })
        });
        made.unwrap_or_else(|_| Err(MachineError::Start(PANICKED.to_owned())))
    }

    fn prove(&mut self, kind: ProofKind, items: &[Vec<u8>], watch: &Watch) -> Result<Vec<u8>, Failure> {
        let written = |bytes: Result<Vec<u8>, String>| {
            bytes.map_err(|error| Failure::new(FailureKind::Backend, format!("the proof cannot be written: {error}")))
        };
        match kind {
            ProofKind::App => written(encode_segments(&self.machine.prove(items, watch, |segments| segments)?)),
            ProofKind::Stark => {
                let proofs = self.machine.prove(items, watch, |segments| segments + steps(segments))?;
                written(encode_joined(&self.joiner.join(proofs, watch)?))
            }
            other => Err(Failure::new(FailureKind::Unsupported, format!("OpenVM makes no {other:?} proofs"))),
        }
    }
}

/// A program and its prover.
pub struct Engine {
    jobs: Sender<Job>,
    keys: Keys,
}

impl Engine {
    /// Takes some thirty seconds.
    pub fn start(elf: Vec<u8>, segment_bytes_max: usize) -> Result<Engine, MachineError> {
        let (jobs, inbox) = channel::<Job>();
        let (started, ready) = channel();
        let thread = thread::Builder::new().name("openvm".to_owned()).stack_size(STACK_BYTES);
        let spawned = thread.spawn(move || {
            let start = || -> Result<(Prover, Keys), MachineError> {
                let prover = Prover::new(&elf, segment_bytes_max)?;
                let keys = Keys::new(&prover.machine, &prover.joiner)?;
                Ok((prover, keys))
            };
            let mut prover = match start() {
                Ok((prover, keys)) => {
                    // If nobody waits for it, nobody asks either.
                    let _ = started.send(Ok(keys));
                    Some(prover)
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                    return;
                }
            };
            for job in inbox {
                // Of one that has panicked it is not known what it was in the middle of. It is gone before another one is made: memory is not held twice.
                let mut made = match prover.take().map_or_else(|| Prover::new(&elf, segment_bytes_max), Ok) {
                    Ok(made) => made,
                    Err(error) => {
                        // Whoever asked hears that the job is gone, and the next one may ask again.
                        eprintln!("error: {error}");
                        continue;
                    }
                };
                if catch_unwind(AssertUnwindSafe(|| job(&mut made))).is_ok() {
                    prover = Some(made);
                }
            }
        });
        spawned.map_err(|error| MachineError::Start(error.to_string()))?;
        let keys = ready.recv().map_err(|_| MachineError::Start(PANICKED.to_owned()))??;
        Ok(Engine { jobs, keys })
    }

    /// The program's name.
    pub const fn program(&self) -> Program {
        self.keys.program()
    }

    /// With what proofs are checked, by any thread.
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    fn ask<T: Send + 'static>(&self, job: impl FnOnce(&mut Prover) -> T + Send + 'static) -> Result<T, Failure> {
        let failed = || Failure::new(FailureKind::Backend, PANICKED);
        let (answer, answered) = channel();
        let job: Job = Box::new(move |prover| {
            // Whoever asked waits.
            let _ = answer.send(job(prover));
        });
        self.jobs.send(job).map_err(|_| failed())?;
        answered.recv().map_err(|_| failed())
    }

    /// Runs the program over these items of input.
    pub fn execute(&self, items: Vec<Vec<u8>>) -> Result<Executed, Failure> {
        let outcome = self.ask(move |prover| prover.machine.execute(&items))?;
        outcome.map_err(|error| Failure::new(FailureKind::Backend, error))
    }

    /// The bytes of a proof of one execution.
    pub fn prove(&self, kind: ProofKind, items: Vec<Vec<u8>>, watch: &Watch) -> Result<Vec<u8>, Failure> {
        let watch = watch.clone();
        self.ask(move |prover| prover.prove(kind, &items, &watch))?
    }
}
