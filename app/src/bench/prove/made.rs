//! One real proof by a worker: how long, how much memory, how many bytes, how quickly checked.

use std::io::{Write as _, stderr};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use ashlar_batch::PublicValues;
use ashlar_prover::{Captured, Claim};
use ashlar_prover_wire::{Answer, Question};
use ashlar_types::to_bytes;

use crate::figures::Figure;
use crate::proving::{Backend, Session, verifier_of};

/// Checks of the proof; the median of them is said.
const CHECKS: usize = 9;

/// Has a batch proven.
pub fn by_worker(backend: Backend, worker: &Path, batch: &Captured) -> Result<Vec<Figure>> {
    let mut session = Session::start(worker, &[])?;
    let description = session.description().clone();
    let kind = backend.target().kind;
    let begun = Instant::now();
    let question = Question::Prove { kind, evidence: vec![batch.evidence()] };
    let answer = session.ask(question, |done, of, stage| {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(stderr(), "{stage} {done}/{of}");
    })?;
    let prove_s = begun.elapsed().as_secs_f64();
    session.stop()?;
    let Answer::Proved(proved) = answer else { bail!("the worker answered something else than a proof") };
    let public_values = to_bytes(&PublicValues::of(&batch.header));
    let verifier =
        verifier_of(description.backend, Some(worker)).context("there is no verifier for it in this build")?;
    let claim = Claim { kind, program: description.program, public_values: &public_values, proof: &proved.proof };
    let mut taken = Vec::new();
    for _ in 0..CHECKS {
        let begun = Instant::now();
        verifier.verify(&claim).context("what the worker has made is no proof")?;
        taken.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    taken.sort_unstable_by(f64::total_cmp);
    let commands = batch.answers.len();
    let figure = |metric, value, unit| {
        let figure = Figure::new("prove", metric, value, unit).at("backend", description.backend.to_string());
        figure
            .at("kind", "mixed")
            .at("batch", commands)
            .at("bulk", false)
            .at("proof", format!("{kind:?}").to_lowercase())
    };
    let each = |total: u64| total as f64 / commands.max(1) as f64;
    let mut figures = vec![
        figure("prove_s", prove_s, "s"),
        figure("proof_bytes", proved.proof.len() as f64, "B"),
        figure("verify_ms", taken[CHECKS / 2], "ms"),
    ];
    let measured = proved.measured;
    for (metric, value, unit) in [
        ("peak_rss_bytes", measured.memory_bytes as f64, "B"),
        ("cycles_per_command", each(measured.cycles), "1"),
        ("ie_per_command", each(measured.instruction_equivalents), "1"),
    ] {
        // A zero means that the worker did not measure it.
        if value > 0.0 {
            figures.push(figure(metric, value, unit));
        }
    }
    Ok(figures)
}
