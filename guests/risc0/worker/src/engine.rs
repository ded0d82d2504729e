//! Proving.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{anyhow, ensure};
use ashlar_light_risc0::Image;
use ashlar_prover_wire::{Failure, FailureKind, ProofKind, Watch};
use risc0_circuit_recursion::control_id::ALLOWED_CONTROL_ROOT;
use risc0_circuit_recursion::prove::{DigestKind, Prover, zkr::get_zkr_m3};
use risc0_circuit_rv32im::execute::Segment;
use risc0_circuit_rv32im::prove::{SegmentContext, segment_prover};

use crate::composite;
use crate::execute::Executed;

/// Rows of the recursion circuit, as a power of two, and the hash of its release's proofs.
const RECURSION_PO2: usize = 18;
const RECURSION_HASH: &str = "poseidon2";
/// Words before a segment's STARK proper: its version and its rows.
const SEAL_HEAD: usize = 2;

/// Rows of the one segment of a succinct proof, as a power of two, where nothing else is asked for.
pub const SUCCINCT_PO2: u32 = 20;

/// What is refused rather than tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Cycles of an execution; 0 if there is no limit.
    pub cycles_max: u64,
    /// Rows of each segment of a composite proof, as a power of two.
    pub segment_po2: u32,
    /// Rows of the segment of a succinct proof, as a power of two.
    pub succinct_po2: u32,
}

impl Limits {
    /// In what segments an execution is cut for a proof of a kind.
    pub const fn po2(&self, kind: ProofKind) -> u32 {
        if matches!(kind, ProofKind::Succinct) { self.succinct_po2 } else { self.segment_po2 }
    }

    /// Whether such a proof of this execution is to be tried.
    pub fn check(&self, kind: ProofKind, executed: &Executed) -> Result<(), Failure> {
        let too_large = |why: String| Err(Failure::new(FailureKind::TooLarge, why));
        let (cycles, max) = (executed.count.total(), self.cycles_max);
        if max != 0 && cycles > max {
            return too_large(format!(
                "{cycles} cycles, where {max} are the most; cut the batch, or start the worker with a larger --cycles-max"
            ));
        }
        let (segments, po2) = (executed.count.segments, self.succinct_po2);
        if kind == ProofKind::Succinct && segments > 1 {
            return too_large(format!(
                "{cycles} cycles are {segments} segments of 2^{po2} rows. Their proofs can be joined only by recursion programs that RISC Zero \
                 publishes as a download and its crates do not hold; so a succinct proof here is of one segment. Cut the batch, start the worker with a \
                 larger --succinct-po2 (22 at most; each step doubles memory and time), or ask for a composite proof"
            ));
        }
        Ok(())
    }
}

/// Proves an execution whose segments were kept, segment by segment, and looks in between whether the proof is still wanted.
pub fn prove(kind: ProofKind, image: Image, executed: &Executed, watch: &Watch) -> Result<Vec<u8>, Failure> {
    let segments = &executed.segments;
    let of = segments.len() as u64 + u64::from(kind == ProofKind::Succinct);
    let mut seals = Vec::new();
    for (done, segment) in (0..).zip(segments) {
        watch.check()?;
        watch.progress(done, of, "segments");
        seals.push(guarded(|| prove_segment(segment)).map_err(backend)?);
    }
    watch.check()?;
    if kind != ProofKind::Succinct {
        return Ok(composite::encode(image, &executed.public_values, seals.iter().map(Vec::as_slice)));
    }
    watch.progress(of - 1, of, "lifting");
    let ([segment], [seal]) = (segments.as_slice(), seals.as_slice()) else {
        return Err(Failure::new(FailureKind::TooLarge, "a succinct proof is of one segment here"));
    };
    let lifted = guarded(|| lift(segment.po2 as usize, seal)).map_err(backend)?;
    Ok(ashlar_light_risc0::encode(image, &executed.public_values, &lifted))
}

/// The STARK of one segment.
fn prove_segment(segment: &Segment) -> anyhow::Result<Vec<u32>> {
    let po2 = segment.po2 as usize;
    // What is prepared refers to the context, which must outlive it.
    let context = SegmentContext::new(segment)?;
    let preflight = context.preflight(po2)?;
    ensure!(preflight.is_final(), "RISC Zero would cut a segment of 2^{po2} rows again");
    segment_prover(po2)?.prove(&preflight)
}

/// A STARK of the recursion circuit that has checked a segment's. Its program is that of RISC Zero's crates for so many rows.
fn lift(po2: usize, seal: &[u32]) -> anyhow::Result<Vec<u32>> {
    let program = get_zkr_m3(&format!("lift_rv32im_m3_{po2}.zkr"), po2, RECURSION_PO2)?;
    let mut prover = Prover::new(program, RECURSION_HASH);
    prover.add_input_digest(&ALLOWED_CONTROL_ROOT, DigestKind::Poseidon2);
    prover.add_input(seal.get(SEAL_HEAD..).unwrap_or_default());
    Ok(prover.run()?.seal)
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
