//! Signers behind their doors, as a node asks them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, PublicValues};
use ashlar_prover::limits::FILE_BYTES_MAX;
use ashlar_prover::{
    AttestError, Attestation, Attestor, Claim, KeptProof, Quorum, Signer, Target, Verifier, VerifyError,
};
use ashlar_prover_wire::{BackendName, Measured, ProgramHash, ProofKind, Token};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{BatchNumber, ExchangeId, Time, from_bytes};

use super::door::{Door, Serving, listen};
use super::remote::RemoteSigner;
use super::{Backend, load_signers, verifier_of};

const PROGRAM: ProgramHash = ProgramHash([0x5b; 32]);
const EXCHANGE: ExchangeId = ExchangeId([4; 32]);
const SP1: Target = Target { backend: BackendName::SP1, kind: ProofKind::Compressed };

/// Knows the only right proof of these public values.
struct Knowing;

impl Verifier for Knowing {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        match claim.proof.iter().rev().eq(claim.public_values) {
            true => Ok(()),
            false => Err(VerifyError::Invalid { why: "it is not right".to_owned() }),
        }
    }
}

fn proof() -> KeptProof {
    let mut header = BatchHeader::genesis(1, EXCHANGE, Digest::EMPTY, Time::ZERO);
    header.number = BatchNumber::new(7);
    let values = PublicValues { count: 1, ..PublicValues::of(&header) };
    let proof = ashlar_types::to_bytes(&values).into_iter().rev().collect();
    let (first, last) = (header.number, header.number);
    let (measured, worker) = (Measured::default(), "here".to_owned());
    KeptProof { first, last, target: SP1, program: PROGRAM, values, header, measured, proven_ms: 9, worker, proof }
}

fn attestor(key: u8) -> Attestor {
    Attestor::new(WalletSecret::new(&[key; 32]).expect("a secret"), Arc::new(Knowing))
}

fn token(key: u8) -> Token {
    Token::new([key; 32])
}

async fn door(key: u8) -> Serving {
    let door =
        Door { attestor: attestor(key), target: SP1, program: PROGRAM, exchange: Some(EXCHANGE), token: token(key) };
    listen("127.0.0.1:0".parse().expect("an address"), Arc::new(door)).await.expect("listens")
}

/// A file of mode 600 that is gone afterwards.
struct Secret(PathBuf);

impl Secret {
    fn new(name: &str, text: &str) -> Secret {
        let path = std::env::temp_dir().join(format!("ashlar-signers-{name}-{}", std::process::id()));
        fs::write(&path, text).expect("is written");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("is set");
        Secret(path)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn line(key: u8, place: &Serving, token: &Token) -> String {
    let address = alloy::hex::encode_prefixed(attestor(key).address().0);
    format!("{address} http://{} {}\n", place.address, token.to_hex())
}

fn named(name: &str, lines: &[String]) -> Vec<Arc<RemoteSigner>> {
    let file = Secret::new(name, &format!("# ours\n\n{}", lines.concat()));
    load_signers(&file.0).expect("reads")
}

async fn attest(
    here: Vec<Attestor>,
    elsewhere: Vec<Arc<RemoteSigner>>,
    proof: KeptProof,
) -> Result<Attestation, AttestError> {
    let elsewhere = elsewhere.into_iter().map(|signer| signer as Arc<dyn Signer>).collect();
    let quorum = Quorum::new(here, 2).and(elsewhere);
    tokio::task::spawn_blocking(move || quorum.attest(&proof)).await.expect("asks")
}

/// Why the only signer of this line does not sign.
async fn refusal(line: String, proof: KeptProof) -> String {
    let [signer] = <[_; 1]>::try_from(named("refusal", &[line])).ok().expect("one");
    let asked = tokio::task::spawn_blocking(move || signer.attest(&proof)).await.expect("asks");
    asked.expect_err("it does not sign").to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_three_on_other_machines_are_enough_whatever_the_third_does() {
    let (first, second, third) = (door(1).await, door(2).await, door(3).await);
    let lines = [line(1, &first, &token(1)), line(2, &second, &token(2)), line(3, &third, &token(3))];
    // Whichever two are the first: nobody waits for the third.
    let two = attest(Vec::new(), named("all", &lines), proof()).await.expect("two sign");
    let members: Vec<_> = (1..=3).map(|key| attestor(key).address()).collect();
    assert_eq!(two.signers().len(), 2);
    assert!(two.signers().iter().all(|signer| members.contains(signer)), "{two:?}");
    assert_eq!(Attestation::from_bytes(&two.to_bytes(), &PROGRAM.0, &proof().values), Some(two));
    // One is dead, then one of the others is another than it is said to be, then it is here.
    third.task.abort();
    drop(third.task.await);
    let some = attest(Vec::new(), named("dead", &lines), proof()).await.expect("two sign");
    assert_eq!(some.signers().len(), 2);
    let lies = [line(1, &first, &token(1)), line(3, &second, &token(2))];
    let error = attest(Vec::new(), named("lies", &lies), proof()).await.expect_err("one is not who it is said to be");
    assert!(error.to_string().contains("1 of the 2") && error.to_string().contains("not its signature"), "{error}");
    let with_ours = attest(vec![attestor(3)], named("ours", &lines[..1]), proof()).await.expect("two sign");
    assert_eq!(with_ours.signers().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signer_signs_for_nothing_that_it_did_not_verify_and_for_nobody_it_does_not_know() {
    let place = door(1).await;
    let right = line(1, &place, &token(1));
    let mut wrong = proof();
    wrong.proof[0] ^= 1;
    let other_program = KeptProof { program: ProgramHash([9; 32]), ..proof() };
    let mut other_exchange = proof();
    other_exchange.values.exchange_id = ExchangeId([5; 32]);
    other_exchange.proof = ashlar_types::to_bytes(&other_exchange.values).into_iter().rev().collect();
    let other_kind = KeptProof { target: Target { kind: ProofKind::Core, ..SP1 }, ..proof() };
    for (line, proof, word) in [
        (right.clone(), wrong, "it is not right"),
        (right.clone(), other_program, "both have to be of one release"),
        (right.clone(), other_exchange, "another exchange"),
        (right.clone(), other_kind, "this signer verifies"),
        (line(1, &place, &token(2)), proof(), "send the signer's token"),
    ] {
        let why = refusal(line, proof).await;
        assert!(why.contains(word) && why.contains("127.0.0.1"), "{why} has not {word}");
        assert!(!why.contains(&token(1).to_hex()) && !why.contains(&token(2).to_hex()), "no token in {why}");
    }
    let who = named("who", &[right])[0].clone();
    tokio::task::spawn_blocking(move || who.who()).await.expect("asks").expect("it is who it is said to be");
    let other = named("other", &[line(2, &place, &token(1))])[0].clone();
    let error = tokio::task::spawn_blocking(move || other.who()).await.expect("asks").expect_err("another");
    assert!(error.to_string().contains("signs as"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_of_a_proof_is_refused_by_its_code_and_a_stranger_before_his_bytes_are_read() {
    let place = door(1).await;
    let client = alloy::transports::http::reqwest::Client::new();
    let ask = |bearer: String, body: Vec<u8>| {
        let url = format!("http://{}/v1/attestations", place.address);
        let request = client.post(url).header("authorization", format!("Bearer {bearer}")).body(body);
        async move {
            let answer = request.send().await.expect("answers");
            let status = answer.status().as_u16();
            let value: serde_json::Value = serde_json::from_slice(&answer.bytes().await.expect("bytes")).expect("JSON");
            (status, value["code"].as_str().unwrap_or_default().to_owned())
        }
    };
    let known = token(1).to_hex();
    assert_eq!(ask(known.clone(), b"nothing".to_vec()).await, (400, "no_file_of_a_proof".to_owned()));
    assert_eq!(ask(known, vec![0; FILE_BYTES_MAX + 1]).await.1, "too_long");
    assert_eq!(ask("00".repeat(32), proof().to_bytes()).await, (401, "token".to_owned()));
    assert_eq!(ask("no token".to_owned(), Vec::new()).await, (401, "token".to_owned()));
}

#[test]
fn a_line_that_names_no_signer_is_told_with_its_number() {
    let address = alloy::hex::encode_prefixed([7; 20]);
    let token = token(9).to_hex();
    for (text, word) in [
        (format!("{address} http://127.0.0.1:1 {token}\n{address} http://127.0.0.1:1\n"), "signer 2"),
        (format!("0x12 http://127.0.0.1:1 {token}"), "0x12 is no address"),
        (format!("{address} nowhere {token}"), "nowhere is no URL"),
        (format!("{address} https://signer.example {token}"), "proxy"),
        (format!("{address} http://127.0.0.1:1 1234"), "64 hexadecimal digits"),
    ] {
        let file = Secret::new("lines", &text);
        let error = format!("{:#}", load_signers(&file.0).err().expect("it is refused"));
        assert!(error.contains(word) && error.contains("signer "), "{error} has not {word}");
    }
    let open = Secret::new("exposed", "");
    fs::set_permissions(&open.0, Permissions::from_mode(0o644)).expect("is set");
    let error = format!("{:#}", load_signers(&open.0).err().expect("it is refused"));
    assert!(error.contains("chmod 600"), "{error}");
}

/// The committed proof of SP1, as a node keeps it.
fn real() -> KeptProof {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/sp1");
    let text = fs::read_to_string(folder.join("compressed.txt")).expect("reads");
    let value = |name: &str| {
        let digits = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).expect("a line");
        alloy::hex::decode(digits).expect("digits")
    };
    let header: BatchHeader = from_bytes(&value("header")).expect("a header");
    let values: PublicValues = from_bytes(&value("public_values")).expect("public values");
    let first = BatchNumber::new(header.number.get() + 1 - values.count);
    KeptProof {
        first,
        last: header.number,
        target: SP1,
        program: ProgramHash(value("program").try_into().expect("a hash")),
        values,
        header,
        measured: Measured::default(),
        proven_ms: 0,
        worker: "vectors".to_owned(),
        proof: fs::read(folder.join("compressed.proof")).expect("reads"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_proof_is_signed_for_and_an_altered_one_is_not() {
    let proof = real();
    assert_eq!(proof.program, Backend::Sp1.program(), "the committed proof is of this release's program");
    let verifier = verifier_of(BackendName::SP1, None).expect("a verifier");
    let secret = WalletSecret::new(&[8; 32]).expect("a secret");
    let attestor = Attestor::new(secret, verifier);
    let address = alloy::hex::encode_prefixed(attestor.address().0);
    let door = Door { attestor, target: SP1, program: Backend::Sp1.program(), exchange: None, token: token(8) };
    let place = listen("127.0.0.1:0".parse().expect("an address"), Arc::new(door)).await.expect("listens");
    let line = format!("{address} http://{} {}\n", place.address, token(8).to_hex());
    let signer = named("real", std::slice::from_ref(&line))[0].clone();
    let asked = proof.clone();
    let signed = tokio::task::spawn_blocking(move || signer.attest(&asked)).await.expect("asks").expect("it signs");
    let attestation = Attestation::from_bytes(&signed, &proof.program.0, &proof.values).expect("a signature");
    assert_eq!(alloy::hex::encode_prefixed(attestation.signers()[0].0), address);
    let mut altered = proof;
    let middle = altered.proof.len() / 2;
    altered.proof[middle] ^= 1;
    let why = refusal(line, altered).await;
    assert!(why.contains("refuses"), "{why}");
}
