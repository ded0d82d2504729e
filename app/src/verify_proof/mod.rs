//! `ashlar verify-proof`: whether a file is a proof, of which program, and of what.

use std::fs::File;
use std::io::{Read as _, Write as _, stdout};
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use ashlar_prover::limits::FILE_BYTES_MAX;
use ashlar_prover::{Claim, FileError, KeptProof, VerifyError};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind};
use ashlar_types::to_bytes;
use clap::Args;
use serde_json::{Value, json};

use crate::proving::{Backend, verifier_of};

/// Of a proof in a file.
#[derive(Clone, Debug, Args)]
pub struct VerifyProofArguments {
    /// The file: what `ashlar prove` writes, and what a node gives at /v1/batches/NUMBER/proof/file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The program that must have run, as 64 hexadecimal digits; otherwise the one of this release
    #[arg(long, value_name = "HASH", value_parser = program)]
    program: Option<ProgramHash>,
    /// The hash that the last batch's header must have, as 64 hexadecimal digits: what L1 has committed
    #[arg(long, value_name = "HASH", value_parser = program)]
    header: Option<ProgramHash>,
    /// The proof system's worker, if it is not where it is usually built: OpenVM's proofs are checked by it
    #[arg(long, value_name = "PATH")]
    worker: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl VerifyProofArguments {
    /// The program that must have run: that of this release for the proof system that the file names. Of a system that nobody can name no proof is accepted,
    /// whatever its program.
    fn expected(&self, backend: BackendName) -> ProgramHash {
        self.program.unwrap_or_else(|| Backend::named(backend).map(Backend::program).unwrap_or_default())
    }
}

/// Why a file does not show what it should.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("it is no file of a proof: {0}")]
    File(#[from] FileError),
    #[error("{0}")]
    Proof(#[from] VerifyError),
    #[error("it ends at header {got}, not at {expected}")]
    Header { expected: ProgramHash, got: ProgramHash },
    #[error(
        "it is an execution, which shows nothing to whoever was not there; run the batches again with `ashlar verify`"
    )]
    Execution,
    #[error("there is no verifier for {backend} here; ask its worker")]
    NoVerifier { backend: BackendName },
}

impl Refused {
    /// The word by which a script tells them apart.
    const fn word(&self) -> &'static str {
        match self {
            Refused::File(_) => "no_file_of_a_proof",
            Refused::Proof(VerifyError::WrongProgram { .. }) => "wrong_program",
            Refused::Proof(VerifyError::WrongPublicValues) => "wrong_public_values",
            Refused::Proof(VerifyError::Malformed { .. }) => "malformed_proof",
            Refused::Proof(VerifyError::Invalid { .. }) => "invalid_proof",
            Refused::Proof(VerifyError::Unsupported { .. }) => "unsupported_kind",
            Refused::Header { .. } => "wrong_header",
            Refused::Execution => "execution_only",
            Refused::NoVerifier { .. } | Refused::Proof(VerifyError::Unavailable { .. }) => "no_verifier",
        }
    }
}

/// Checks, and says what was found.
pub fn run(arguments: &VerifyProofArguments) -> Result<()> {
    let mut bytes = Vec::new();
    let file = File::open(&arguments.file).with_context(|| format!("{} cannot be read", arguments.file.display()))?;
    file.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    let checked = KeptProof::from_bytes(&bytes).map_err(Refused::from).and_then(|proof| {
        let verify_ms = check(arguments, &proof)?;
        Ok((proof, verify_ms))
    });
    match checked {
        // Which program a file names is its writer's word; which one it was checked for is not.
        Ok((proof, verify_ms)) => {
            let program = arguments.expected(proof.target.backend);
            say(arguments, &KeptProof { program, ..proof }, verify_ms)
        }
        Err(refused) => {
            if arguments.json {
                let line = json!({ "ok": false, "error": refused.word(), "why": refused.to_string() });
                writeln!(stdout().lock(), "{line}")?;
            }
            bail!("{}: {refused}", arguments.file.display())
        }
    }
}

fn check(arguments: &VerifyProofArguments, proof: &KeptProof) -> Result<f64, Refused> {
    let backend = proof.target.backend;
    if proof.target.kind == ProofKind::Execution {
        return Err(Refused::Execution);
    }
    let got = ProgramHash(proof.values.last_hash.0);
    if let Some(expected) = arguments.header.filter(|expected| *expected != got) {
        return Err(Refused::Header { expected, got });
    }
    let verifier = verifier_of(backend, arguments.worker.as_deref()).ok_or(Refused::NoVerifier { backend })?;
    let values = to_bytes(&proof.values);
    let claim = Claim { program: arguments.expected(backend), ..proof.claim(&values) };
    let begun = Instant::now();
    verifier.verify(&claim)?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

fn say(arguments: &VerifyProofArguments, proof: &KeptProof, verify_ms: f64) -> Result<()> {
    let mut to = stdout().lock();
    let hex = |bytes: &[u8; 32]| ProgramHash(*bytes).to_string();
    if arguments.json {
        let line: Value = json!({
            "ok": true, "first": proof.first.get(), "last": proof.last.get(), "backend": proof.target.backend.to_string(),
            "kind": format!("{:?}", proof.target.kind).to_lowercase(), "program": proof.program.to_string(),
            "exchange": hex(&proof.values.exchange_id.0), "parent_hash": hex(&proof.values.parent_hash.0),
            "last_hash": hex(&proof.values.last_hash.0), "state_root": hex(&proof.header.state_root_after.to_word()),
            "proof_bytes": proof.proof.len(), "verify_ms": verify_ms,
        });
        return Ok(writeln!(to, "{line}")?);
    }
    writeln!(
        to,
        "it holds: batches {} to {} were executed by program {} of {}, checked in {verify_ms:.0} ms",
        proof.first.get(),
        proof.last.get(),
        proof.program,
        proof.target.backend
    )?;
    writeln!(to, "exchange     {}", hex(&proof.values.exchange_id.0))?;
    writeln!(to, "from header  {}", hex(&proof.values.parent_hash.0))?;
    writeln!(to, "to header    {}", hex(&proof.values.last_hash.0))?;
    writeln!(to, "state root   {}", hex(&proof.header.state_root_after.to_word()))?;
    Ok(())
}

fn program(text: &str) -> Result<ProgramHash, String> {
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("0x").unwrap_or(text);
    alloy::hex::decode_to_slice(digits, &mut bytes).map_err(|_| "it must be 64 hexadecimal digits".to_owned())?;
    Ok(ProgramHash(bytes))
}
