//! `ashlar prove`: the proof of one batch, by hand, into a file that `ashlar verify-proof` checks.

use std::fs;
use std::io::{Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use ashlar_batch::PublicValues;
use ashlar_prover::{KeptProof, evidence_of, execute};
use ashlar_prover_wire::{Answer, Evidence, Measured, Proved, Question};
use ashlar_sequencer::{Sealed, Shelf};
use ashlar_types::{BatchNumber, to_bytes};
use clap::Args;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use crate::clock::now_ms;
use crate::proving::{Backend, Session, find_worker, verifier_of};

/// The beginning of the names under which `ashlar up` stores.
const PARTITION: &str = "ashlar";

/// Of the proof of one batch.
#[derive(Clone, Debug, Args)]
pub struct ProveArguments {
    /// Which batch
    #[arg(long, value_name = "NUMBER")]
    batch: u64,
    /// The folder of an `ashlar up --data DIR`, in which the batch is
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Which proof system
    #[arg(long, value_enum, default_value_t = Backend::Sp1)]
    backend: Backend,
    /// The proof system's worker, if it is not where it is usually built
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// The file that is written; otherwise batch-NUMBER.proof
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Proves, verifies, writes.
pub fn run(arguments: &ProveArguments) -> Result<()> {
    let number = BatchNumber::new(arguments.batch);
    let worker = match arguments.backend {
        Backend::Execute => None,
        // What is missing is said before anything is read.
        backend => Some(find_worker(backend, arguments.worker.as_deref())?),
    };
    let sealed = fetch(&arguments.data, number)?;
    let input = sealed.input().map_err(|error| anyhow!("batch {}: {error}", number.get()))?;
    let evidence = evidence_of(&input);
    let begun = Instant::now();
    let proved = match worker {
        None => executed(&evidence)?,
        Some(worker) => by_worker(arguments.backend, &worker, evidence)?,
    };
    let prove_s = begun.elapsed().as_secs_f64();
    let proof = kept(arguments.backend, &sealed, proved)?;
    let begun = Instant::now();
    if let Some(verifier) = verifier_of(proof.target.backend, arguments.worker.as_deref()) {
        verifier.verify(&proof.claim(&to_bytes(&proof.values))).context("what the worker has made is no proof")?;
    }
    let verify_ms = begun.elapsed().as_secs_f64() * 1e3;
    let out = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("batch-{}.proof", number.get())));
    fs::write(&out, proof.to_bytes()).with_context(|| format!("{} cannot be written", out.display()))?;
    say(arguments, &proof, &out, prove_s, verify_ms)
}

fn say(arguments: &ProveArguments, proof: &KeptProof, out: &Path, prove_s: f64, verify_ms: f64) -> Result<()> {
    let mut to = stdout().lock();
    let Measured { cycles, memory_bytes, .. } = proof.measured;
    if arguments.json {
        let line = json!({
            "batch": arguments.batch, "backend": proof.target.backend.to_string(), "kind": format!("{:?}", proof.target.kind),
            "program": proof.program.to_string(), "file": out.display().to_string(), "prove_s": prove_s, "verify_ms": verify_ms,
            "proof_bytes": proof.proof.len(), "cycles": cycles, "peak_rss_bytes": memory_bytes,
        });
        return Ok(writeln!(to, "{line}")?);
    }
    match arguments.backend {
        Backend::Execute => writeln!(
            to,
            "batch {} was executed in {prove_s:.3} s and follows its parent; nothing is proven by that. {} says what it came to",
            arguments.batch,
            out.display()
        )?,
        _ => writeln!(
            to,
            "batch {} is proven by program {} in {prove_s:.0} s: {} bytes, verified in {verify_ms:.0} ms, in {}",
            arguments.batch,
            proof.program,
            proof.proof.len(),
            out.display()
        )?,
    }
    Ok(())
}

/// The batch out of a node's folder.
fn fetch(data: &Path, number: BatchNumber) -> Result<Arc<Sealed>> {
    ensure!(data.is_dir(), "{} is no folder; name that of an `ashlar up --data DIR`", data.display());
    let config = runtime::Config::new().with_storage_directory(data).with_worker_threads(1);
    runtime::Runner::new(config).start(|context| async move {
        let shelf = Shelf::new(context.child("shelf"), PARTITION);
        let there = shelf.numbers().await?;
        if !there.contains(&number) {
            match (there.first(), there.last()) {
                (Some(first), Some(last)) => bail!(
                    "batch {} is not in {}, which has {} to {}",
                    number.get(),
                    data.display(),
                    first.get(),
                    last.get()
                ),
                _ => bail!("there are no batches in {}", data.display()),
            }
        }
        let sealed = shelf.get(number).await?;
        sealed.map(Arc::new).with_context(|| format!("batch {} is not whole in {}", number.get(), data.display()))
    })
}

fn executed(evidence: &Evidence) -> Result<Proved> {
    let begun = Instant::now();
    let values = execute(std::slice::from_ref(evidence)).context("the guest refuses the batch")?;
    let millis = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    let measured = Measured { millis, ..Measured::default() };
    Ok(Proved { public_values: to_bytes(&values), proof: Vec::new(), measured })
}

/// Has one batch proven by a worker that is started for it.
fn by_worker(backend: Backend, worker: &Path, evidence: Evidence) -> Result<Proved> {
    let mut session = Session::start(worker, &[])?;
    ensure!(
        session.description().program == backend.program(),
        "the worker proves program {}, and {} is in force; build it from this source",
        session.description().program,
        backend.program()
    );
    let question = Question::Prove { kind: backend.target().kind, evidence: vec![evidence] };
    let answer = session.ask(question, |done, of, stage| {
        // Whoever closed standard error does not want to know.
        let _ = writeln!(stderr(), "{stage} {done}/{of}");
    })?;
    session.stop()?;
    let Answer::Proved(proved) = answer else { bail!("the worker answered something else than a proof") };
    Ok(proved)
}

/// The proof with what it is of; its public values must be those of the batch.
fn kept(backend: Backend, sealed: &Sealed, proved: Proved) -> Result<KeptProof> {
    let header = *sealed.header();
    let values = PublicValues::of(&header);
    ensure!(proved.public_values == to_bytes(&values), "the proof says something else than the batch's header");
    Ok(KeptProof {
        first: header.number,
        last: header.number,
        target: backend.target(),
        program: backend.program(),
        values,
        header,
        measured: proved.measured,
        proven_ms: now_ms(),
        worker: "by hand".to_owned(),
        proof: proved.proof,
    })
}
