//! A worker's twin in simulated time, with the wire's real frames, and a proof system of which it is known what is right.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash, PublicValues};
use ashlar_prover::{Claim, KeptProof, Verifier, VerifyError};
use ashlar_prover_wire::limits::HEARTBEAT_MS;
use ashlar_prover_wire::{
    Answer, BackendName, Description, Established, Evidence, Failure, FailureKind, FrameHeader, HEADER_BYTES, JobId,
    Measured, ProgramHash, ProofKind, Proved, Question, ToCoordinator, ToWorker, Token,
};
use ashlar_types::{Domain, ExchangeId, Time, from_bytes, to_bytes};
use commonware_runtime::{Clock, Network, Sink, Spawner, Stream, Supervisor, deterministic};
use rand::Rng;
use tokio::sync::mpsc;

pub const PROGRAM: ProgramHash = ProgramHash([1; 32]);
/// What proves from this version on.
pub const NEXT: (u32, ProgramHash) = (2, ProgramHash([2; 32]));

/// Headers that follow each other.
pub fn chain(count: u64) -> Vec<BatchHeader> {
    fork(&BatchHeader::genesis(1, ExchangeId([4; 32]), Digest::EMPTY, Time::ZERO), count, 0)
}

/// So many headers after another one; a different mark gives different ones.
pub fn fork(after: &BatchHeader, count: u64, mark: u8) -> Vec<BatchHeader> {
    let mut last = *after;
    let mut headers = Vec::new();
    for _ in 0..count {
        last = BatchHeader {
            number: last.number.next(),
            parent_hash: last.hash(),
            first_sequence: last.next_sequence,
            next_sequence: ashlar_types::Sequence::new(last.next_sequence.get() + 10),
            da_commitment: Hash([mark; 32]),
            ..last
        };
        headers.push(last);
    }
    headers
}

pub fn evidence(header: &BatchHeader) -> Evidence {
    Evidence { header: to_bytes(header), batch: vec![7; 100], ..Evidence::default() }
}

fn values_of(evidence: &[Evidence]) -> PublicValues {
    let each = evidence.iter().map(|batch| {
        let header: BatchHeader = from_bytes(&batch.header).expect("a header");
        PublicValues::of(&header)
    });
    each.reduce(|before, next| before.join(&next).expect("they follow each other")).expect("one at least")
}

/// The only right proof of these public values.
pub fn right(public_values: &[u8]) -> Vec<u8> {
    Domain::ATTESTATION.hash(&[b"stands for a proof", public_values]).to_vec()
}

/// Knows what is right.
pub struct Knowing;

impl Verifier for Knowing {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        let values: PublicValues = from_bytes(claim.public_values).map_err(|_| VerifyError::WrongPublicValues)?;
        let expected = if values.version < NEXT.0 { PROGRAM } else { NEXT.1 };
        if claim.program != expected {
            return Err(VerifyError::WrongProgram { expected, got: claim.program });
        }
        if claim.proof == right(claim.public_values) {
            Ok(())
        } else {
            Err(VerifyError::Invalid { why: "it is not right".to_owned() })
        }
    }
}

pub fn is_right(proof: &KeptProof) -> bool {
    Knowing.verify(&proof.claim(&to_bytes(&proof.values))).is_ok()
}

/// What one worker is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nature {
    pub lies: bool,
    /// It has the program of the next version, and no other.
    pub is_next: bool,
    /// It only verifies.
    pub verifies: bool,
    /// More batches are too large for it; 0 if none are.
    pub batches_max: usize,
}

/// What the world knows of its workers, whatever becomes of them.
#[derive(Debug, Default)]
pub struct World {
    /// Where the coordinator of the moment listens.
    pub port: AtomicU16,
    /// Proofs that were begun, by job.
    pub begun: Mutex<BTreeMap<JobId, u32>>,
    pub asked_of_liars: Mutex<u32>,
}

/// A worker's process: what it would lose if it were killed.
#[derive(Default)]
struct Process {
    running: Option<(JobId, u64, ToCoordinator)>,
    kept: Option<(JobId, ToCoordinator)>,
}

/// Lives until it is aborted.
pub async fn live(context: deterministic::Context, world: Arc<World>, token: Token, nature: Nature) {
    let mut process = Process::default();
    let mut context = context;
    loop {
        // A connection that cannot be made or is lost is made anew.
        let _ = connect(&mut context, &world, &token, nature, &mut process).await;
        context.sleep(Duration::from_millis(500)).await;
    }
}

fn millis(context: &impl Clock) -> u64 {
    context.current().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis() as u64
}

async fn connect(
    context: &mut deterministic::Context,
    world: &World,
    token: &Token,
    nature: Nature,
    process: &mut Process,
) -> Option<()> {
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), world.port.load(Ordering::Relaxed));
    let (mut sink, mut stream) = context.dial(address).await.ok()?;
    let mut nonce = [0; 32];
    context.fill_bytes(&mut nonce);
    let kinds = vec![ProofKind::Compressed];
    let description = Description {
        backend: BackendName::SP1,
        program: if nature.is_next { NEXT.1 } else { PROGRAM },
        kinds,
        cycles_max: 0,
        memory_bytes: 0,
    };
    let challenge = read(&mut stream).await?;
    let (Established { mut sealer, mut opener }, hello) =
        Established::of_worker(token, &challenge, description, nonce).ok()?;
    sink.send(hello).await.ok()?;
    let welcome = read(&mut stream).await?;
    (opener.from_coordinator(&welcome).ok()? == ToWorker::Welcome).then_some(())?;
    let (heard, mut hear) = mpsc::channel(16);
    let reader = context.child("reader").spawn(move |_| async move {
        while let Some(payload) = read(&mut stream).await {
            let Ok(message) = opener.from_coordinator(&payload) else { return };
            if heard.send(message).await.is_err() {
                return;
            }
        }
    });
    let current = process.running.as_ref().map(|(job, ..)| *job).or(process.kept.as_ref().map(|(job, _)| *job));
    let mut say = vec![ToCoordinator::Heartbeat { job: current }];
    say.extend(process.kept.as_ref().map(|(_, answer)| answer.clone()));
    let mut beat_ms = millis(context) + HEARTBEAT_MS;
    loop {
        for message in say.drain(..) {
            sink.send(sealer.to_coordinator(&message).expect("short")).await.ok()?;
        }
        let ends_ms = process.running.as_ref().map_or(u64::MAX, |(_, ends, _)| *ends);
        let wait = ends_ms.min(beat_ms).saturating_sub(millis(context));
        tokio::select! {
            biased;
            message = hear.recv() => match message {
                Some(ToWorker::Ask { job, question }) => begin(context, world, nature, process, job, question),
                Some(ToWorker::Cancel { job }) => {
                    process.running = process.running.take().filter(|(running, ..)| *running != job);
                    process.kept = process.kept.take().filter(|(kept, _)| *kept != job);
                }
                Some(ToWorker::Stop) | None => {
                    reader.abort();
                    return None;
                }
                Some(_) => panic!("a question was expected"),
            },
            () = context.sleep(Duration::from_millis(wait)) => {}
        }
        let now_ms = millis(context);
        if let Some((job, _, answer)) = process.running.take_if(|(_, ends, _)| *ends <= now_ms) {
            process.kept = Some((job, answer.clone()));
            say.push(answer);
        }
        if now_ms >= beat_ms {
            beat_ms = now_ms + HEARTBEAT_MS;
            say.push(ToCoordinator::Heartbeat { job: process.running.as_ref().map(|(job, ..)| *job) });
        }
    }
}

fn begin(
    context: &mut deterministic::Context,
    world: &World,
    nature: Nature,
    process: &mut Process,
    job: JobId,
    question: Question,
) {
    assert!(process.running.is_none(), "a worker has one job at a time");
    let takes = 2_000 + u64::from(context.next_u32() % 15_000);
    let answer = match question {
        Question::Verify { public_values, proof, .. } => match proof == right(&public_values) {
            true => ToCoordinator::Done { job, answer: Answer::Verified { measured: Measured::default() } },
            false => ToCoordinator::Failed { job, failure: Failure::new(FailureKind::InvalidProof, "it is not right") },
        },
        Question::Prove { evidence, .. } if nature.batches_max > 0 && evidence.len() > nature.batches_max => {
            ToCoordinator::Failed { job, failure: Failure::new(FailureKind::TooLarge, "too many cycles") }
        }
        Question::Prove { evidence, .. } if !nature.verifies => {
            *world.begun.lock().unwrap().entry(job).or_default() += 1;
            let public_values = to_bytes(&values_of(&evidence));
            let mut proof = right(&public_values);
            if nature.lies {
                *world.asked_of_liars.lock().unwrap() += 1;
                proof[0] ^= 1;
            }
            let measured = Measured { millis: takes, ..Measured::default() };
            ToCoordinator::Done { job, answer: Answer::Proved(Proved { public_values, proof, measured }) }
        }
        other => panic!("nobody asks this of it: {other:?}"),
    };
    process.kept = None;
    process.running = Some((job, millis(context) + takes, answer));
}

async fn read<In: Stream>(stream: &mut In) -> Option<Vec<u8>> {
    let header = stream.recv(HEADER_BYTES).await.ok()?.coalesce();
    let length = FrameHeader::read(header.as_ref().first_chunk()?, 1 << 20).ok()?.length;
    Some(stream.recv(length).await.ok()?.coalesce().as_ref().to_vec())
}
