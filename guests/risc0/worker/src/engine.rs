//! Proving.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::anyhow;
use ashlar_guest_worker::check_cycles;
use ashlar_light_risc0::Image;
use ashlar_prover_wire::{Failure, FailureKind, ProofKind, Watch};
use risc0_circuit_rv32im::execute::Segment;
use risc0_circuit_rv32im::prove::{SegmentContext, segment_prover};

use crate::composite;
use crate::execute::Executed;
use crate::recursion::{Joiner, Proven, lift};

/// What is refused rather than tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Cycles of an execution; 0 if there is no limit.
    pub cycles_max: u64,
    /// Rows of each segment at most, as a power of two.
    pub segment_po2: u32,
}

impl Limits {
    /// Whether a proof of this execution is to be tried.
    pub fn check(&self, executed: &Executed) -> Result<(), Failure> {
        check_cycles(executed.count.total(), self.cycles_max)
    }
}

/// Proves an execution whose segments were kept, segment by segment, and looks in between whether the proof is still wanted.
pub fn prove(kind: ProofKind, image: Image, executed: &Executed, watch: &Watch) -> Result<Vec<u8>, Failure> {
    let segments = &executed.segments;
    let of = segments.len() as u64;
    let mut seals = Vec::new();
    for (done, segment) in (0..).zip(segments) {
        watch.check()?;
        watch.progress(done, of, "segments");
        seals.extend(guarded(|| prove_segment(segment)).map_err(backend)?);
    }
    if kind != ProofKind::Succinct {
        return Ok(composite::encode(image, &executed.public_values, seals.iter().map(Vec::as_slice)));
    }
    let one = join(&seals, watch)?;
    Ok(ashlar_light_risc0::encode(image, &executed.public_values, &one.seal))
}

/// The STARKs of one segment: one, or more if the circuit holds less of it than was counted.
fn prove_segment(segment: &Segment) -> anyhow::Result<Vec<Vec<u32>>> {
    let po2 = segment.po2 as usize;
    // What is prepared refers to the context, which must outlive it.
    let context = SegmentContext::new(segment)?;
    let mut seals = Vec::new();
    loop {
        let preflight = context.preflight(po2)?;
        let is_last = preflight.is_final();
        seals.push(segment_prover(po2)?.prove(&preflight)?);
        if is_last {
            return Ok(seals);
        }
    }
}

/// One STARK of all of a run's: each lifted, and neighbours joined until one is left.
fn join(seals: &[Vec<u32>], watch: &Watch) -> Result<Proven, Failure> {
    let of = (2 * seals.len() as u64).saturating_sub(1);
    let mut done = 0..of;
    let mut next = |stage: &str| -> Result<(), Failure> {
        watch.check()?;
        watch.progress(done.next().unwrap_or(of), of, stage);
        Ok(())
    };
    let mut level = Vec::new();
    for seal in seals {
        next("lifting")?;
        level.push(guarded(|| lift(seal)).map_err(backend)?);
    }
    if level.len() > 1 {
        let joiner = guarded(Joiner::new).map_err(backend)?;
        while level.len() > 1 {
            let mut pairs = std::mem::take(&mut level).into_iter();
            while let Some(first) = pairs.next() {
                level.push(match pairs.next() {
                    Some(second) => {
                        next("joining")?;
                        guarded(|| joiner.join(&first, &second)).map_err(backend)?
                    }
                    None => first,
                });
            }
        }
    }
    level.pop().ok_or_else(|| Failure::new(FailureKind::Backend, "the run has no segments"))
}

fn backend(error: anyhow::Error) -> Failure {
    Failure::new(FailureKind::Backend, format!("{error:#}"))
}

/// RISC Zero's code panics where it finds something wrong; here that is an error like others.
pub fn guarded<T>(run: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(anyhow!("RISC Zero has panicked: {}", text(&panic))))
}

fn text(panic: &Box<dyn Any + Send>) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}
