//! Trials of workers that prove nothing: one that refuses all that it should, and some that do not. The workers are this program, started by itself.

use std::env;
use std::process::ExitCode;

use ashlar_guest_worker::{Kind, Trial};
use ashlar_prover_evidence::execute;
use ashlar_prover_wire::{
    ADDRESS_VARIABLE, Backend, BackendName, Description, Evidence, Failure, FailureKind, Measured, ProgramHash,
    ProofKind, Proved, Watch, Worker,
};
use ashlar_types::to_bytes;
use sha2::{Digest, Sha256};

const TRIAL: Trial = Trial {
    name: "test",
    kinds: &[ProofKind::Stark],
    of: Some(Kind::Deposit),
    commands: 1,
    apart: &[],
    says: "program",
    preamble: 0,
    refuses: |worker, made| {
        let other = worker.verify(ProofKind::App, &made.proved.public_values, &made.proved.proof)?;
        other.map_or(Ok(()), |_| Err("a proof of another kind".into()))
    },
    lines: |made| Ok(vec![("batch", made.recorded.batch().to_vec())]),
};

/// A worker whose proofs are the hash of their public values and a hash of that.
struct StandIn {
    /// What it does not do as it should.
    wrong: String,
}

impl StandIn {
    fn proof(values: &[u8]) -> Vec<u8> {
        let head = Sha256::digest(values);
        [&head[..], &Sha256::digest(&head[..]).repeat(8)].concat()
    }
}

impl Backend for StandIn {
    fn describe(&self) -> Description {
        Description {
            backend: BackendName::OPENVM,
            program: ProgramHash([7; 32]),
            kinds: vec![ProofKind::Stark],
            cycles_max: 0,
            memory_bytes: 0,
        }
    }

    fn prove(&mut self, _: ProofKind, evidence: &[Evidence], watch: &Watch) -> Result<Proved, Failure> {
        let mut proved = self.execute(evidence, watch)?;
        proved.proof = StandIn::proof(&proved.public_values);
        if self.wrong == "says-else" {
            proved.public_values[0] ^= 1;
        }
        Ok(proved)
    }

    fn execute(&mut self, evidence: &[Evidence], _: &Watch) -> Result<Proved, Failure> {
        match execute(evidence) {
            Err(error) if self.wrong != "takes-evidence" => Err(Failure::new(FailureKind::Refused, error)),
            values => {
                let public_values = values.map_or_else(|_| Vec::new(), |values| to_bytes(&values));
                Ok(Proved { public_values, proof: Vec::new(), measured: Measured::default() })
            }
        }
    }

    fn verify(&mut self, kind: ProofKind, values: &[u8], proof: &[u8]) -> Result<Measured, Failure> {
        let fails = |kind| Err(Failure::new(kind, "it is none"));
        let (right, other) = (StandIn::proof(values), || {
            proof.len() == 288 && proof[32..].chunks(32).all(|part| part == &Sha256::digest(&proof[..32])[..])
        });
        match self.wrong.as_str() {
            "takes-values" if other() => return Ok(Measured::default()),
            "takes-bytes" if proof.len() == right.len() && proof[..100] == right[..100] => {
                return Ok(Measured::default());
            }
            "takes-longer" if proof.starts_with(&right) => return Ok(Measured::default()),
            "is-out-of-luck" if proof.is_empty() => return fails(FailureKind::Backend),
            "takes-kinds" if proof == right => return Ok(Measured::default()),
            _ => {}
        }
        if kind != ProofKind::Stark {
            return fails(FailureKind::Unsupported);
        }
        if proof == right {
            return Ok(Measured::default());
        }
        fails(if other() { FailureKind::WrongPublicValues } else { FailureKind::InvalidProof })
    }
}

fn serve() -> ExitCode {
    let wrong = env::args().nth(1).unwrap_or_default();
    if wrong == "ends" {
        return ExitCode::from(3);
    }
    let worker = Worker::from_environment().expect("a trial says where it is");
    let fails = wrong == "fails";
    worker.serve(StandIn { wrong }).expect("it is told to stop");
    if fails { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn main() -> ExitCode {
    if env::var_os(ADDRESS_VARIABLE).is_some() {
        return serve();
    }
    let itself = env::current_exe().expect("this program is somewhere").display().to_string();
    let kept = env::temp_dir().join(format!("ashlar-trial-{}", std::process::id())).display().to_string();
    let trial = |wrong: &str| {
        let words = [itself.as_str(), "--keep", &kept, "--", wrong];
        TRIAL.run(words.into_iter().map(str::to_owned)).map_err(|error| error.to_string())
    };
    let mut failed = 0;
    let mut say = |what: &str, is_right: bool, outcome: &dyn std::fmt::Debug| {
        println!("test {what} ... {}", if is_right { "ok" } else { "FAILED" });
        if !is_right {
            println!("  {outcome:?}");
            failed += 1;
        }
    };
    let outcome = trial("");
    say("a_right_worker_stands_its_trial", outcome.is_ok(), &outcome);
    let text = std::fs::read_to_string(format!("{kept}/stark.txt")).unwrap_or_default();
    let names: Vec<_> = text.lines().filter_map(|line| line.split('=').next()).collect();
    let is_kept = names == ["program", "public_values", "parent", "header", "batch"]
        && std::fs::read(format!("{kept}/stark.proof")).is_ok_and(|proof| proof.len() == 288);
    say("its_proof_is_kept", is_kept, &text);
    for (wrong, word) in [
        ("ends", "ended before it connected, with exit status: 3"),
        ("takes-evidence", "previous root"),
        ("says-else", "proven and executed differ"),
        ("takes-values", "public values altered in byte 0"),
        ("takes-bytes", "proof altered at"),
        ("takes-longer", "too long"),
        ("is-out-of-luck", "empty"),
        ("takes-kinds", "another kind"),
        ("fails", "the worker ended with exit status: 1"),
    ] {
        let outcome = trial(wrong);
        let is_right = outcome.as_ref().is_err_and(|error| error.contains(word));
        say(&format!("a_worker_that_{}_does_not", wrong.replace('-', "_")), is_right, &outcome);
    }
    // It is in the folder for temporary files.
    let _ = std::fs::remove_dir_all(&kept);
    println!(
        "test result: {}. {} passed; {failed} failed; 0 ignored",
        if failed == 0 { "ok" } else { "FAILED" },
        11 - failed
    );
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
