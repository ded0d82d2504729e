//! `ashlar verify-proof` over files with the real proofs of vectors/, and over files that are not quite those.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_prover::{KeptProof, Target};
use ashlar_prover_wire::{BackendName, Measured, ProgramHash, ProofKind};
use ashlar_types::from_bytes;
use serde_json::Value;

/// A committed proof as a file, and the program that it is of.
struct Case {
    kept: KeptProof,
    program: String,
}

/// The proof of a folder of vectors, under its kind's name; its program has another name with each system.
fn case(folder: &str, target: Target, program: &str) -> Case {
    let vectors = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors")).join(folder);
    let name = format!("{:?}", target.kind).to_lowercase();
    let text = fs::read_to_string(vectors.join(format!("{name}.txt"))).expect("the vector's text");
    let digits = |name: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        found.expect("the vector has it").to_owned()
    };
    let bytes = |name: &str| -> Vec<u8> {
        let digits = digits(name);
        let pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("digits"));
        pairs.map(|pair| u8::from_str_radix(pair, 16).expect("digits")).collect()
    };
    let header = from_bytes::<BatchHeader>(&bytes("header")).expect("a header");
    let kept = KeptProof {
        first: header.number,
        last: header.number,
        target,
        program: ProgramHash(bytes(program).try_into().expect("32 bytes")),
        values: from_bytes::<PublicValues>(&bytes("public_values")).expect("public values"),
        header,
        measured: Measured::default(),
        proven_ms: 0,
        worker: "test".to_owned(),
        proof: fs::read(vectors.join(format!("{name}.proof"))).expect("the vector's proof"),
    };
    Case { kept, program: digits(program) }
}

fn cases() -> [Case; 2] {
    [
        case("sp1", Target { backend: BackendName::SP1, kind: ProofKind::Compressed }, "program"),
        case("risc0", Target { backend: BackendName::RISC_ZERO, kind: ProofKind::Succinct }, "image"),
    ]
}

/// What is said of a file: with which code it ends, and its one line.
fn said_of(kept: &KeptProof, name: &str, words: &[&str]) -> (Option<i32>, Value) {
    let file = std::env::temp_dir().join(format!("ashlar-verify-{name}-{}.proof", std::process::id()));
    fs::write(&file, kept.to_bytes()).expect("is written");
    let said = run(&file, words);
    drop(fs::remove_file(&file));
    said
}

fn run(file: &Path, words: &[&str]) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let ran = command.arg("verify-proof").arg(file).arg("--json").args(words).output().expect("runs");
    (ran.status.code(), serde_json::from_slice(&ran.stdout).expect("JSON"))
}

#[test]
fn a_real_proof_of_each_system_holds_and_nothing_that_differs_from_it_does() {
    cases().iter().for_each(|case| hold(case, &[], &["malformed_proof"]));
}

/// OpenVM's verifier is its worker, in a process of its own, here with the key of the vector.
#[test]
fn a_real_proof_by_openvm_holds_and_nothing_that_differs_from_it_does() {
    let Some(worker) = std::env::var_os("ASHLAR_OPENVM_WORKER").map(PathBuf::from) else {
        let why = "ASHLAR_OPENVM_WORKER does not name OpenVM's worker; guests/README.md says how it is built";
        return println!("skipped: openvm-worker: {why}");
    };
    assert!(worker.is_file(), "ASHLAR_OPENVM_WORKER names {}, which is no file", worker.display());
    let key = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/openvm/stark.key"));
    let script = std::env::temp_dir().join(format!("ashlar-verify-openvm-{}", std::process::id()));
    fs::write(&script, format!("#!/bin/sh\nexec '{}' --key '{}' \"$@\"\n", worker.display(), key.display()))
        .and_then(|()| fs::set_permissions(&script, Permissions::from_mode(0o700)))
        .expect("the script is written");
    let case = case("openvm", Target { backend: BackendName::OPENVM, kind: ProofKind::Stark }, "program");
    hold(&case, &["--worker", script.to_str().expect("a path")], &["invalid_proof"]);
    drop(fs::remove_file(&script));
}

/// The proof is accepted, and with anything altered refused; with which word where it is cut, differs.
fn hold(Case { kept, program }: &Case, options: &[&str], cut: &[&str]) {
    let name = kept.target.backend.to_string();
    let said = |kept: &KeptProof, words: &[&str]| said_of(kept, &name, &[options, words].concat());
    let (code, right) = said(kept, &["--program", program]);
    assert_eq!((code, right["ok"].as_bool()), (Some(0), Some(true)), "{name}: {right}");
    assert_eq!(right["backend"].as_str(), Some(name.as_str()));
    assert_eq!(right["program"].as_str(), Some(program.as_str()));
    assert_eq!(right["proof_bytes"].as_u64(), Some(kept.proof.len() as u64));

    let refused = |kept: &KeptProof, words: &[&str], why: &[&str]| {
        let (code, said) = said(kept, words);
        let word = said["error"].as_str().unwrap_or_default().to_owned();
        assert!(code == Some(1) && why.contains(&word.as_str()), "{name}, {why:?}: {said}");
    };
    let by = ["--program", program.as_str()];
    let mut altered = kept.clone();
    altered.proof[kept.proof.len() / 2] ^= 1;
    refused(&altered, &by, &["invalid_proof", "malformed_proof"]);
    let mut altered = kept.clone();
    altered.proof.pop();
    refused(&altered, &by, cut);
    let mut altered = kept.clone();
    altered.values.exchange_id.0[31] ^= 1;
    refused(&altered, &by, &["wrong_public_values"]);
    let last = u8::from_str_radix(&program[63..], 16).expect("a digit");
    let other = format!("{}{:x}", &program[..63], last ^ 1);
    refused(kept, &["--program", &other], &["wrong_program"]);
    refused(kept, &["--program", program, "--header", &"1".repeat(64)], &["wrong_header"]);
}

/// A proof that is given out as one of the other system is none, whichever of the two it is.
#[test]
fn a_proof_is_of_one_system() {
    let [sp1, risc0] = cases();
    for (case, as_of) in [(&sp1, &risc0), (&risc0, &sp1)] {
        let kept = KeptProof { target: as_of.kept.target, ..case.kept.clone() };
        let name = format!("{}-as-{}", case.kept.target.backend, as_of.kept.target.backend);
        // By its own program's name, and by that of the system whose it is said to be.
        for program in [&case.program, &as_of.program] {
            let (code, said) = said_of(&kept, &name, &["--program", program]);
            assert_eq!((code, said["ok"].as_bool()), (Some(1), Some(false)), "{name}: {said}");
        }
    }
}
