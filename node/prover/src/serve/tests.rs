//! A coordinator whose events are taken when a test says so, and not when they come.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ashlar_batch::merkle::Digest;
use ashlar_batch::{BatchHeader, Hash, PublicValues};
use ashlar_prover_wire::{
    Answer, BackendName, Description, Evidence, Failure, FailureKind, JobId, Measured, ProgramHash, ProofKind, Proved,
    ToCoordinator, ToWorker, Token,
};
use ashlar_types::sign::WalletSecret;
use ashlar_types::{Address, BatchNumber, ExchangeId, Sequence, Time, to_bytes};
use commonware_runtime::{Clock as _, Runner as _, Supervisor as _, deterministic};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::actor::Coordinator;
use super::config::{Member, ProverConfig, Role};
use super::event::{Event, Order};
use super::handle::Pressure;
use super::ledger::ProofHead;
use crate::attest::{ATTESTATION_BYTES, AttestError, Attestor, Quorum, Quorums, Signer};
use crate::kept::KeptProof;
use crate::limits::{ATTESTATIONS_MAX, EVENTS_MAX, FRAMES_MAX};
use crate::schedule::{Programs, Target, WorkerId};
use crate::store::{Part, Store};
use crate::verify::{Claim, Verifier, VerifyError};

const SP1: Target = Target { backend: BackendName::SP1, kind: ProofKind::Compressed };
const OLD: ProgramHash = ProgramHash([1; 32]);
const NEW: ProgramHash = ProgramHash([2; 32]);
/// Right under no program.
const LIE: u8 = 9;

/// The only right proof is the first byte of the program's name.
struct Knowing;

impl Verifier for Knowing {
    fn verify(&self, claim: &Claim<'_>) -> Result<(), VerifyError> {
        match claim.proof.first() == claim.program.0.first() {
            true => Ok(()),
            false => Err(VerifyError::Invalid { why: "it is not right".to_owned() }),
        }
    }
}

fn programs(program: ProgramHash) -> Programs {
    Programs::from(BTreeMap::from([(BackendName::SP1, program)]))
}

fn config(roles: &[Role]) -> ProverConfig {
    let mut config = ProverConfig::new(vec![SP1], programs(OLD));
    let member = |(key, role): (u8, &Role)| {
        let (name, token) = (format!("worker-{key}"), Token::new([0x70 + key; 32]));
        Member { name, token, role: *role }
    };
    config.members = (0..).zip(roles).map(member).collect();
    config
}

fn header() -> BatchHeader {
    let genesis = BatchHeader::genesis(1, ExchangeId([4; 32]), Digest::EMPTY, Time::ZERO);
    let (number, parent_hash) = (genesis.number.next(), genesis.hash());
    BatchHeader { number, parent_hash, next_sequence: Sequence::new(10), ..genesis }
}

/// What a worker says of its job, which is of the one batch.
fn proved(job: JobId, proof: u8) -> ToCoordinator {
    let public_values = to_bytes(&PublicValues::of(&header()));
    let proved = Proved { public_values, proof: vec![proof], measured: Measured::default() };
    ToCoordinator::Done { job, answer: Answer::Proved(proved) }
}

/// The next thing that a worker is asked.
fn asked(told: &mut mpsc::Receiver<ToWorker>) -> JobId {
    loop {
        if let ToWorker::Ask { job, .. } = told.try_recv().expect("it is asked something") {
            return job;
        }
    }
}

/// A proof of one batch; another mark makes it one of another batch of that number.
fn kept(number: u64, mark: u8) -> KeptProof {
    let header = BatchHeader { number: BatchNumber::new(number), da_commitment: Hash([mark; 32]), ..header() };
    KeptProof {
        first: header.number,
        last: header.number,
        target: SP1,
        program: OLD,
        values: PublicValues::of(&header),
        header,
        measured: Measured::default(),
        proven_ms: 0,
        worker: "somebody".to_owned(),
        proof: vec![OLD.0[0]],
    }
}

struct Bench {
    coordinator: Coordinator<deterministic::Context>,
    inbox: mpsc::Receiver<Event>,
    /// Without it nobody hears what is computed apart.
    _events: mpsc::Sender<Event>,
}

impl Bench {
    async fn open(context: &deterministic::Context, config: ProverConfig) -> Bench {
        let (events, inbox) = mpsc::channel(EVENTS_MAX);
        let store = Store::open(context.child("store"), &config.partition).await.expect("it opens");
        let (pressure, cut_off) = (watch::channel(Pressure::default()).0, broadcast::channel(1).0);
        let own = context.child("coordinator");
        let coordinator = Coordinator::new(own, Arc::new(config), store, events.downgrade(), pressure, cut_off);
        Bench { coordinator, inbox, _events: events }
    }

    async fn take(&mut self, event: Event) {
        self.coordinator.take(event).await.expect("the disk works");
        self.coordinator.form_jobs().await.expect("the disk works");
    }

    /// What comes of something that is computed apart.
    async fn next(&mut self) -> Event {
        self.inbox.recv().await.expect("the other end is held")
    }

    async fn says(&mut self, worker: u32, message: ToCoordinator) {
        self.take(Event::Heard { worker: WorkerId(worker), connection: 1, message }).await;
    }

    /// A worker connects and has nothing to do. Gives what it is told from then on.
    async fn came(&mut self, worker: u32, program: ProgramHash) -> mpsc::Receiver<ToWorker> {
        let (outbox, told) = mpsc::channel(FRAMES_MAX);
        let kinds = vec![ProofKind::Compressed];
        let description = Description { backend: BackendName::SP1, program, kinds, cycles_max: 0, memory_bytes: 0 };
        self.take(Event::Came { worker: WorkerId(worker), connection: 1, description, outbox }).await;
        self.says(worker, ToCoordinator::Heartbeat { job: None }).await;
        told
    }

    async fn submit(&mut self) {
        let (answer, taken) = oneshot::channel();
        let evidence = Evidence { header: to_bytes(&header()), batch: vec![7], ..Evidence::default() };
        let order = Order { header: header(), evidence, deadline_ms: 0, priority: 0 };
        self.take(Event::Submit(Box::new(order), answer)).await;
        taken.await.expect("it answers").expect("it is taken");
    }

    async fn learn(&mut self, programs: Programs, quorums: Quorums) {
        let (answer, learnt) = oneshot::channel();
        self.take(Event::Learn(programs, quorums, answer)).await;
        learnt.await.expect("it answers").expect("it makes sense");
    }

    /// A proof that nobody has signed.
    async fn keep(&mut self, proof: &KeptProof) {
        let first = proof.first.get();
        self.coordinator.store.put(Part::Proof, first, &proof.to_bytes()).await.expect("the disk works");
        self.coordinator.ledger.proofs.insert(first, ProofHead::of(proof, None));
    }

    fn signers(&self, first: u64) -> Option<usize> {
        self.coordinator.ledger.proofs.get(&first)?.signers.as_ref().map(Vec::len)
    }
}

/// A worker has proven the one batch, and another one, whose role is to verify, is asked about it. Gives what both are told from then on, the name of the
/// job, and the name by which the other one is asked.
async fn asked_to_verify(context: &deterministic::Context) -> (Bench, [mpsc::Receiver<ToWorker>; 2], JobId, JobId) {
    let mut bench = Bench::open(context, config(&[Role::Prove, Role::Verify])).await;
    let (mut prover, mut verifier) = (bench.came(0, OLD).await, bench.came(1, OLD).await);
    bench.submit().await;
    let job = asked(&mut prover);
    bench.says(0, proved(job, OLD.0[0])).await;
    let name = asked(&mut verifier);
    (bench, [prover, verifier], job, name)
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(deterministic::Context) -> F) {
    deterministic::Runner::default().start(test);
}

/// Its version has another program while a proof is looked at, so the job of that name is another one when the verdict comes.
#[test]
fn a_verdict_on_a_proof_that_was_withdrawn_says_nothing_of_the_one_in_its_place() {
    run(|context| async move {
        let mut with = config(&[Role::Prove, Role::Prove]);
        with.verifiers.insert(BackendName::SP1, Arc::new(Knowing));
        let mut bench = Bench::open(&context, with).await;
        let mut old = bench.came(0, OLD).await;
        bench.submit().await;
        let job = asked(&mut old);
        bench.says(0, proved(job, OLD.0[0])).await;
        let late = bench.next().await;
        assert!(matches!(&late, Event::Verified { result: Some(Ok(())), .. }), "{late:?}");

        bench.learn(programs(NEW), Quorums::default()).await;
        let mut new = bench.came(1, NEW).await;
        assert_eq!(asked(&mut new), job, "the same batches have the same name");
        bench.says(1, proved(job, LIE)).await;
        let verdict = bench.next().await;
        bench.take(late).await;
        assert!(bench.coordinator.ledger.proofs.is_empty(), "nobody has looked at it yet");
        bench.take(verdict).await;
        assert!(bench.coordinator.ledger.proofs.is_empty() && bench.coordinator.checks.is_empty(), "it is wrong");
    });
}

/// The same where a worker looks at proofs, which says again what it has said until it is asked something else.
#[test]
fn a_worker_that_verifies_is_asked_about_each_proof_by_a_name_of_its_own() {
    run(|context| async move {
        let (mut bench, [mut prover, mut verifier], job, first) = asked_to_verify(&context).await;
        bench.coordinator.withdraw(job).await.expect("the disk works");
        bench.coordinator.form_jobs().await.expect("the disk works");
        assert_eq!(asked(&mut prover), job);
        bench.says(0, proved(job, LIE)).await;

        let right = |job| ToCoordinator::Done { job, answer: Answer::Verified { measured: Measured::default() } };
        bench.says(1, right(first)).await;
        bench.coordinator.start_checks().await.expect("the disk works");
        let second = asked(&mut verifier);
        assert_ne!(first, second);
        bench.says(1, right(first)).await;
        assert!(bench.coordinator.ledger.proofs.is_empty(), "what was right is not this proof");
        assert_eq!(bench.coordinator.checks.len(), 1);
        let failure = Failure::new(FailureKind::InvalidProof, "it is not right");
        bench.says(1, ToCoordinator::Failed { job: second, failure }).await;
        assert!(bench.coordinator.ledger.proofs.is_empty() && bench.coordinator.checks.is_empty());
    });
}

/// A worker that verifies connects again before the end of its older connection was seen: what it was looking at is asked again.
#[test]
fn what_a_worker_looked_at_when_it_connected_again_is_looked_at() {
    run(|context| async move {
        let (mut bench, _older, _, name) = asked_to_verify(&context).await;
        let mut verifier = bench.came(1, OLD).await;
        assert_eq!(asked(&mut verifier), name);
    });
}

/// Counts how often it is asked, and signs.
struct Counting {
    attestor: Attestor,
    asked: AtomicUsize,
}

impl Signer for Counting {
    fn address(&self) -> Address {
        self.attestor.address()
    }

    fn attest(&self, proof: &KeptProof) -> Result<[u8; ATTESTATION_BYTES], AttestError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.attestor.attest(proof)
    }
}

fn counting() -> Arc<Counting> {
    let secret = WalletSecret::new(&[3; 32]).expect("a secret");
    Arc::new(Counting { attestor: Attestor::new(secret, Arc::new(Knowing)), asked: AtomicUsize::new(0) })
}

fn signed_by(signer: Arc<dyn Signer>) -> ProverConfig {
    ProverConfig { quorums: Quorum::new(Vec::new(), 1).and(vec![signer]).into(), ..config(&[]) }
}

#[test]
fn signers_are_asked_about_a_proof_once_at_a_time_and_about_so_many_at_once() {
    run(|context| async move {
        let signer = counting();
        let mut bench = Bench::open(&context, signed_by(signer.clone())).await;
        let proofs = ATTESTATIONS_MAX as u64 + 3;
        for number in 1..=proofs {
            bench.keep(&kept(number, 0)).await;
        }
        // As often as the clock says, before what came of it is heard.
        for _ in 0..3 {
            bench.coordinator.attest_all().await.expect("the disk works");
            context.sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(signer.asked.load(Ordering::Relaxed), ATTESTATIONS_MAX);
        for _ in 0..ATTESTATIONS_MAX {
            let signed = bench.next().await;
            bench.take(signed).await;
        }
        for _ in 0..3 {
            bench.coordinator.attest_all().await.expect("the disk works");
        }
        for _ in 0..3 {
            let signed = bench.next().await;
            bench.take(signed).await;
        }
        assert_eq!(signer.asked.load(Ordering::Relaxed), ATTESTATIONS_MAX + 3);
        assert!((1..=proofs).all(|number| bench.signers(number) == Some(1)), "all are signed");
    });
}

#[test]
fn signatures_are_kept_under_the_proof_that_they_are_of_and_only_of_those_who_sign_now() {
    run(|context| async move {
        let mut bench = Bench::open(&context, signed_by(counting())).await;
        bench.keep(&kept(6, 0)).await;
        bench.coordinator.attest_all().await.expect("the disk works");
        let late = bench.next().await;
        bench.keep(&kept(6, 1)).await;
        bench.take(late).await;
        assert_eq!(bench.signers(6), None, "they are of the proof before");
        let stored = bench.coordinator.store.get(Part::Attestation, 6).await.expect("the disk works");
        assert_eq!(stored, None);

        bench.coordinator.attest_all().await.expect("the disk works");
        let late = bench.next().await;
        let other = Attestor::new(WalletSecret::new(&[4; 32]).expect("a secret"), Arc::new(Knowing));
        bench.learn(programs(OLD), Quorum::new(vec![other], 1).into()).await;
        bench.take(late).await;
        assert_eq!(bench.signers(6), None, "others sign by now");
        bench.coordinator.attest_all().await.expect("the disk works");
        let signed = bench.next().await;
        bench.take(signed).await;
        assert_eq!(bench.signers(6), Some(1));
    });
}
