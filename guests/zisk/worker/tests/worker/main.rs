//! A worker's process over its socket: executions of the committed program, and proofs by a stand-in for ZisK's tool, whose proofs show nothing.

mod stand_in;

use std::fs;
use std::time::Duration;

use ashlar_prover_evidence::pack;
use ashlar_prover_wire::{Answer, ClientError, Evidence, Failure, FailureKind, ProofKind, Proved, Question};
use ashlar_zisk_meter::prepare;

use crate::stand_in::{KEY, Place, Worker, batch, has_ended, proof, soon};

/// What this machine's own execution says of evidence, and what the guest is given.
fn native(evidence: &Evidence) -> (Vec<u8>, Vec<u8>) {
    let values = ashlar_prover_evidence::execute(std::slice::from_ref(evidence)).expect("right evidence");
    let prepared = prepare(&pack(std::slice::from_ref(evidence)).expect("right evidence")).expect("right evidence");
    (ashlar_types::to_bytes(&values), prepared.input)
}

/// The kind of a failure that says all of this.
fn failed<T: std::fmt::Debug>(outcome: Result<T, Failure>, words: &[&str]) -> FailureKind {
    let failure = outcome.expect_err("it cannot be done");
    for word in words {
        assert!(failure.detail.contains(word), "{failure} has not {word}");
    }
    failure.kind
}

#[test]
fn without_any_tool_the_committed_program_is_executed_and_profiled() {
    let place = Place::new();
    let mut worker = Worker::start(&place, &[]);
    assert_eq!(worker.client.description().backend.as_str(), "zisk");
    assert_eq!(worker.client.description().kinds, [], "nothing is promised that cannot be done");
    let evidence = batch().evidence();
    let Ok(Answer::Proved(executed)) = worker.ask(Question::Execute { evidence: vec![evidence.clone()] }) else {
        panic!("an execution was asked for");
    };
    assert_eq!((executed.public_values, executed.proof), (native(&evidence).0, Vec::new()));
    let steps = executed.measured.cycles;
    let snapshot = include_str!("../../../cycles.json");
    assert!(snapshot.contains(&format!("\"steps\":{steps},")), "{steps} is not in the snapshot");
    let profile = worker.ask(Question::Profile { evidence: vec![evidence.clone()] });
    let Ok(Answer::Profiled { measured, parts }) = profile else { panic!("a profile was asked for: {profile:?}") };
    assert_eq!((measured.cycles, &parts[0]), (steps, &("steps".to_owned(), steps)));
    for (name, count) in parts {
        assert!(snapshot.contains(&format!("\"{name}\":{count}")), "{count} {name}");
    }

    let mut other = evidence.clone();
    other.header[0] ^= 1;
    assert!(matches!(
        worker.ask(Question::Execute { evidence: vec![other] }).expect_err("it is wrong").kind,
        FailureKind::Refused | FailureKind::Malformed
    ));
    let tool = place.at("tool").display().to_string();
    assert_eq!(
        failed(worker.prove(evidence), &[tool.as_str(), "cargo-zisk", "ziskup", "--tool"]),
        FailureKind::Unsupported
    );
    let said = place.read("stderr");
    assert!(said.contains("proves nothing") && said.contains(&tool) && said.contains("ziskup"), "{said}");
}

#[test]
fn without_a_key_it_is_said_where_it_was_looked_for() {
    let place = Place::new();
    place.tool("exit 9", "exit 9");
    fs::remove_file(place.at("key/pilout.globalInfo.json")).expect("it was there");
    let mut worker = Worker::start(&place, &[]);
    let key = place.at("key").display().to_string();
    let failure = worker.prove(batch().evidence());
    assert_eq!(failed(failure, &[key.as_str(), "proving key", "ziskup", "--proving-key"]), FailureKind::Unsupported);
    let said = place.read("stderr");
    assert!(said.contains("proves nothing") && said.contains(&key) && !said.contains("no program"), "{said}");
    assert_eq!(place.read("calls"), "", "nothing was begun");
    // What is installed meanwhile is found.
    fs::write(place.at("key/pilout.globalInfo.json"), "{}").expect("written");
    assert_eq!(failed(worker.prove(batch().evidence()), &["exit status: 9"]), FailureKind::Backend);
}

#[test]
fn a_proof_is_what_the_tool_leaves_once_it_says_what_was_executed_and_the_tool_accepts_it() {
    let place = Place::new();
    let evidence = batch().evidence();
    let (values, input) = native(&evidence);
    let made = proof(&values);
    fs::write(place.at("made"), &made).expect("written");
    let keep = "cp \"$3\" \"$here/elf\"; cp \"$5\" \"$here/input\"; echo proving it; sleep 1; cp \"$here/made\" \"$7\"";
    place.tool(keep, "cmp \"$3\" \"$here/made\"");
    let mut worker = Worker::start(&place, &["--program-key", KEY, "--", "--minimal-memory"]);
    assert_eq!(worker.client.description().kinds, [ProofKind::Stark]);
    let mut stages = Vec::new();
    let question = Question::Prove { kind: ProofKind::Stark, evidence: vec![evidence.clone()] };
    let answer = worker.ask_while(question, |stage| {
        stages.push(stage.to_owned());
        true
    });
    let Ok(Answer::Proved(Proved { public_values, proof, measured })) = answer else { panic!("{answer:?}") };
    assert_eq!((&public_values, &proof), (&values, &made));
    assert!(measured.cycles > 0 && measured.millis >= 1000);
    assert!(
        stages.contains(&"executing".to_owned()) && stages.contains(&"proving: proving it".to_owned()),
        "{stages:?}"
    );
    assert_eq!(fs::read(place.at("elf")).expect("kept"), include_bytes!("../../../program.elf"));
    assert_eq!(fs::read(place.at("input")).expect("kept"), input);
    let calls = place.read("calls");
    let [prove, verify] =
        calls.lines().map(|line| line.split(' ').collect::<Vec<_>>()).collect::<Vec<_>>().try_into().expect("two");
    let key = place.at("key").display().to_string();
    let options = [0, 1, 3, 5, 7, 9].map(|at| prove[at]);
    assert_eq!(options, ["prove", "--elf", "--inputs", "--output", "--proving-key", "--minimal-memory"]);
    assert_eq!((prove[8], &verify[..2]), (key.as_str(), &["verify", "--proof"][..]));
    assert_eq!(place.left(), 0, "its files are gone");
    assert!(place.read("stderr").contains("ready to prove"));
    assert!(worker.verify(&values, &made).is_ok());

    // Proofs of other values, of another program, of nothing, and none at all.
    for (at, word) in [(7, "public values"), (3, "--program-key"), (1, "begin no STARK")] {
        let mut other = made.clone();
        other[8 * at] ^= 1;
        fs::write(place.at("made"), other).expect("written");
        assert_eq!(failed(worker.prove(evidence.clone()), &[word]), FailureKind::Backend);
    }
    fs::write(place.at("made"), &made).expect("written");
    place.tool(keep, "echo it is none >&2; exit 1");
    assert_eq!(failed(worker.prove(evidence.clone()), &["it is none"]), FailureKind::Backend);
    place.tool("echo nothing to do", "");
    assert_eq!(failed(worker.prove(evidence.clone()), &["left no proof", "nothing to do"]), FailureKind::Backend);
    place.tool("dd if=/dev/null of=\"$7\" bs=1 seek=67108865", "");
    assert_eq!(failed(worker.prove(evidence), &["67108864"]), FailureKind::TooLarge);
    assert_eq!(place.left(), 0);
    let Worker { mut process, client } = worker;
    client.stop().expect("heard");
    let ended = process.wait(Duration::from_secs(60)).expect("it can be waited for");
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}

#[test]
fn what_the_tool_says_of_its_failure_is_passed_on() {
    let place = Place::new();
    place.tool("echo setting up; echo 'Error: no GPU' >&2; exit 3", "");
    let mut worker = Worker::start(&place, &[]);
    let failure = worker.prove(batch().evidence());
    assert_eq!(
        failed(failure, &["cargo-zisk prove", "exit status: 3", "Error: no GPU", "setting up"]),
        FailureKind::Backend
    );
    place.tool("kill -KILL $$", "");
    assert_eq!(failed(worker.prove(batch().evidence()), &["memory"]), FailureKind::TooLarge);
    assert_eq!(place.left(), 0);
    for kind in [ProofKind::Groth16, ProofKind::Plonk, ProofKind::Compressed] {
        let question = Question::Prove { kind, evidence: vec![batch().evidence()] };
        assert_eq!(failed(worker.ask(question), &["proofs"]), FailureKind::Unsupported);
    }
    let mut small = Worker::start(&place, &["--cycles-max", "1000"]);
    assert_eq!(failed(small.prove(batch().evidence()), &["1000", "--cycles-max"]), FailureKind::TooLarge);
}

/// Hangs, as does what it has started, whose number it leaves.
const HANG: &str = "sleep 600 & echo $! > \"$here/child\"; echo hanging; wait";

#[test]
fn a_proof_that_is_no_longer_wanted_is_given_up_with_all_that_makes_it() {
    let place = Place::new();
    place.tool(HANG, "");
    let mut worker = Worker::start(&place, &[]);
    for _ in 0..2 {
        let question = Question::Prove { kind: ProofKind::Stark, evidence: vec![batch().evidence()] };
        let outcome = worker.ask_while(question, |stage| !stage.contains("hanging"));
        assert_eq!(failed(outcome, &["no longer wanted"]), FailureKind::Cancelled);
        assert!(soon(|| has_ended(&place.at("child"))));
        assert_eq!(place.left(), 0);
    }
    assert!(worker.ask(Question::Execute { evidence: vec![batch().evidence()] }).is_ok(), "it goes on");
}

#[test]
fn nothing_outlives_a_worker_that_is_killed() {
    let place = Place::new();
    place.tool(HANG, "");
    let mut worker = Worker::start(&place, &[]);
    let question = Question::Prove { kind: ProofKind::Stark, evidence: vec![batch().evidence()] };
    let lost = worker.client.ask(question, |_, _, stage| {
        if stage.contains("hanging") {
            worker.process.kill().expect("killed");
        }
    });
    assert!(matches!(lost, Err(ClientError::Connection(_))), "{lost:?}");
    assert!(soon(|| has_ended(&place.at("child")) && place.left() == 0));
}

#[test]
fn proofs_of_others_are_verified_where_the_program_is_known() {
    let place = Place::new();
    let values = native(&batch().evidence()).0;
    let good = proof(&values);
    place.tool("exit 9", "exit 0");
    let mut nameless = Worker::start(&place, &[]);
    assert_eq!(failed(nameless.verify(&values, &good), &["--program-key"]), FailureKind::Unsupported);
    drop(nameless);

    fs::remove_dir_all(place.at("key")).expect("a key is not needed for it");
    let mut worker = Worker::start(&place, &["--program-key", KEY]);
    assert_eq!(worker.client.description().program.to_string(), KEY);
    assert!(worker.verify(&values, &good).is_ok());
    for at in [0, 1, values.len() - 1] {
        let mut other = values.clone();
        other[at] ^= 1;
        assert_eq!(failed(worker.verify(&other, &good), &[]), FailureKind::WrongPublicValues);
    }
    let mut other = good.clone();
    other[8 * 4] ^= 1;
    assert_eq!(failed(worker.verify(&values, &other), &[KEY]), FailureKind::WrongProgram);
    for wrong in [&good[..good.len() - 1], &good[..8 * 40], &[]] {
        assert_eq!(failed(worker.verify(&values, wrong), &[]), FailureKind::InvalidProof);
    }
    place.tool("", "echo 'Zisk Proof was not verified' >&2; exit 1");
    assert_eq!(failed(worker.verify(&values, &good), &["was not verified"]), FailureKind::InvalidProof);
    // What is no verdict refuses no proof.
    place.tool("", "exit 101");
    assert_eq!(failed(worker.verify(&values, &good), &["101"]), FailureKind::Backend);
    fs::remove_file(place.at("tool")).expect("it was there");
    assert_eq!(failed(worker.verify(&values, &good), &["cargo-zisk"]), FailureKind::Unsupported);
    assert_eq!(place.left(), 0);
}
