//! A coordinator and its workers over real frames, a disk and connections, all of them simulated: whatever is killed when, no batch is
//! lost, none is proven twice for nothing, and no wrong proof is stored.

mod twin;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ashlar_batch::BatchHeader;
use ashlar_prover::{
    Attestor, BatchStatus, Member, Order, Programs, ProofState, ProverConfig, ProverError, ProverHandle, Quorum,
    Quorums, Retention, Role, StretchRules, Target, start,
};
use ashlar_prover_wire::{BackendName, ProgramHash, ProofKind, Token};
use ashlar_types::BatchNumber;
use ashlar_types::sign::{WalletSecret, recover};
use commonware_runtime::{Clock, Handle, Network, Runner, Spawner, Supervisor, deterministic};
use proptest::prelude::*;
use rand::Rng;
use tokio::sync::oneshot;

use twin::{Knowing, NEXT, Nature, PROGRAM, World, chain, evidence, fork, is_right, live};

fn token(number: u8) -> Token {
    Token::new([0x70 + number; 32])
}

fn config(natures: &[Nature]) -> ProverConfig {
    let target = Target { backend: BackendName::SP1, kind: ProofKind::Compressed };
    let mut config = ProverConfig::new(vec![target], BTreeMap::from([(BackendName::SP1, PROGRAM)]));
    config.members = (0..)
        .zip(natures)
        .map(|(number, nature)| Member {
            name: format!("worker-{number}"),
            token: token(number),
            role: if nature.verifies { Role::Verify } else { Role::Prove },
        })
        .collect();
    config.verifiers.insert(BackendName::SP1, Arc::new(Knowing));
    config.stretch = StretchRules { batches_max: 4, commands_max: 1_000 };
    config
}

fn order(header: &BatchHeader) -> Order {
    Order { header: *header, evidence: evidence(header), deadline_ms: 0, priority: 0 }
}

/// A coordinator that can be killed, with everything that it started.
struct Coordinator {
    handle: ProverHandle,
    life: Handle<()>,
}

async fn begin(context: &deterministic::Context, world: &World, config: ProverConfig) -> Coordinator {
    let port = world.port.fetch_add(1, Ordering::Relaxed) + 1;
    let (started, handle) = oneshot::channel();
    let life = context.child("life").spawn(move |context| async move {
        let handle = start(context.child("prover"), config).await.expect("it starts");
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let listener = context.bind(address).await.expect("the port is free");
        let listening = handle.listen(context.child("listener"), listener);
        assert!(started.send(handle).is_ok(), "somebody waits");
        // Until it is aborted, and everything below with it.
        let _ = listening.await;
    });
    Coordinator { handle: handle.await.expect("it has started"), life }
}

async fn proven(handle: &ProverHandle, number: BatchNumber) -> bool {
    matches!(handle.status(number).await, Ok(Some(BatchStatus { state: ProofState::Proven { .. }, .. })))
}

/// What happens in one simulation.
#[derive(Clone, Copy, Debug)]
struct Fate {
    batches: u64,
    coordinator_kills: u32,
    worker_kills: u32,
    natures: [Nature; 4],
}

/// What came of it.
struct Outcome {
    jobs: usize,
    begun: u32,
    asked_of_liars: u32,
    stored: u64,
    wrong: u64,
}

fn simulate(seed: u64, fate: Fate) -> Outcome {
    let config_of_runtime =
        deterministic::Config::new().with_seed(seed).with_timeout(Some(Duration::from_secs(48 * 3_600)));
    deterministic::Runner::new(config_of_runtime).start(|mut context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let headers = chain(fate.batches);
        let mut coordinator = begin(&context, &world, config(&fate.natures)).await;
        let mut workers: Vec<Handle<()>> = Vec::new();
        let spawn = |context: &deterministic::Context, number: usize| {
            let (world, nature) = (world.clone(), fate.natures[number]);
            context.child("worker").spawn(move |context| live(context, world, token(number as u8), nature))
        };
        for number in 0..fate.natures.len() {
            workers.push(spawn(&context, number));
        }
        let (mut coordinator_kills, mut worker_kills) = (fate.coordinator_kills, fate.worker_kills);
        let mut submitted = 0;
        loop {
            rest(&mut context, 3_000).await;
            if submitted < headers.len() && coordinator.handle.submit(order(&headers[submitted])).await.is_ok() {
                submitted += 1;
            }
            if coordinator_kills > 0 && context.next_u32() % 12 == 0 {
                coordinator_kills -= 1;
                coordinator.life.abort();
                rest(&mut context, 20_000).await;
                coordinator = begin(&context, &world, config(&fate.natures)).await;
                // Whoever hands batches in does not know what was acknowledged, and begins anew.
                submitted = 0;
            }
            if worker_kills > 0 && context.next_u32() % 8 == 0 {
                worker_kills -= 1;
                let number = context.next_u32() as usize % workers.len();
                workers[number].abort();
                workers[number] = spawn(&context, number);
            }
            let last = headers[headers.len() - 1].number;
            if submitted == headers.len() && all_proven(&coordinator.handle, last).await {
                break;
            }
        }
        let (stored, wrong) = look(&coordinator.handle, fate.batches).await;
        let begun = world.begun.lock().unwrap();
        let asked_of_liars = *world.asked_of_liars.lock().unwrap();
        Outcome { jobs: begun.len(), begun: begun.values().sum(), asked_of_liars, stored, wrong }
    })
}

/// For a while of chance.
async fn rest(context: &mut deterministic::Context, below_ms: u32) {
    let wait = Duration::from_millis(u64::from(context.next_u32() % below_ms));
    context.sleep(wait).await;
}

async fn all_proven(handle: &ProverHandle, last: BatchNumber) -> bool {
    for number in 1..=last.get() {
        if !proven(handle, BatchNumber::new(number)).await {
            return false;
        }
    }
    true
}

/// Walks over all stored proofs, which must follow each other without a gap.
async fn look(handle: &ProverHandle, batches: u64) -> (u64, u64) {
    let (mut next, mut wrong) = (1, 0);
    while next <= batches {
        let found = handle.proof(BatchNumber::new(next)).await.expect("it runs").expect("a proof begins here");
        wrong += u64::from(!is_right(&found.proof));
        next = found.proof.last.get() + 1;
    }
    (next - 1, wrong)
}

const HONEST: Nature = Nature { lies: false, is_next: false, verifies: false, batches_max: 0 };
const LIAR: Nature = Nature { lies: true, ..HONEST };

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_is_killed_every_batch_is_proven_and_no_lie_is_stored(
        seed: u64, coordinator_kills in 0..6_u32, worker_kills in 0..10_u32,
    ) {
        let fate = Fate { batches: 14, coordinator_kills, worker_kills, natures: [HONEST, LIAR, HONEST, HONEST] };
        let outcome = simulate(seed, fate);
        prop_assert_eq!((outcome.stored, outcome.wrong), (14, 0));
        // Each attempt beyond the first was lost with a worker, or was a lie.
        let lost = worker_kills + outcome.asked_of_liars;
        prop_assert!(outcome.begun <= outcome.jobs as u32 + lost, "{} begun, {} jobs, {lost} lost", outcome.begun, outcome.jobs);
    }

    /// The coordinator is killed at any moment, and no proof is begun twice: workers come back with what they have done meanwhile.
    #[test]
    fn a_killed_coordinator_costs_no_proof(seed: u64, coordinator_kills in 1..8_u32) {
        let fate = Fate { batches: 14, coordinator_kills, worker_kills: 0, natures: [HONEST; 4] };
        let outcome = simulate(seed, fate);
        prop_assert_eq!((outcome.stored, outcome.wrong), (14, 0));
        prop_assert_eq!(outcome.begun, outcome.jobs as u32);
    }
}

fn run<F: Future<Output = ()>>(seed: u64, test: impl FnOnce(deterministic::Context) -> F) {
    let config = deterministic::Config::new().with_seed(seed).with_timeout(Some(Duration::from_secs(48 * 3_600)));
    deterministic::Runner::new(config).start(test);
}

async fn until_proven(context: &deterministic::Context, handle: &ProverHandle, last: u64) {
    while !all_proven(handle, BatchNumber::new(last)).await {
        context.sleep(Duration::from_millis(500)).await;
    }
}

#[test]
fn a_liar_stays_cut_off_over_restarts() {
    run(3, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let natures = [LIAR, HONEST];
        let liar = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), LIAR)
        });
        let mut asked = 0;
        for life in 0..6_u64 {
            let coordinator = begin(&context, &world, config(&natures)).await;
            coordinator.handle.submit(order(&chain(1)[0])).await.unwrap();
            context.sleep(Duration::from_secs(60)).await;
            let now = *world.asked_of_liars.lock().unwrap();
            assert!(life == 0 || now == asked, "it was asked again in life {life}");
            asked = now;
            let status = coordinator.handle.status(BatchNumber::new(1)).await.unwrap().expect("it is known");
            assert_eq!(status.state, ProofState::Waiting, "the lie was thrown away");
            coordinator.life.abort();
        }
        assert_eq!(asked, 1);
        liar.abort();
    });
}

#[test]
fn without_a_verifier_here_a_proof_waits_for_a_worker_that_verifies() {
    run(4, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let natures = [HONEST, Nature { verifies: true, ..HONEST }];
        let without = ProverConfig { verifiers: BTreeMap::new(), ..config(&natures) };
        let coordinator = begin(&context, &world, without.clone()).await;
        let spawn = |number: usize| {
            let (world, nature) = (world.clone(), natures[number]);
            context.child("worker").spawn(move |context| live(context, world, token(number as u8), nature))
        };
        let _prover = spawn(0);
        coordinator.handle.submit(order(&chain(1)[0])).await.unwrap();
        context.sleep(Duration::from_secs(60)).await;
        let state = |status: Option<BatchStatus>| status.expect("it is known").state;
        let number = BatchNumber::new(1);
        assert!(matches!(state(coordinator.handle.status(number).await.unwrap()), ProofState::Verifying { .. }));
        // What waits to be verified survives the coordinator, and is not proven again.
        coordinator.life.abort();
        let coordinator = begin(&context, &world, without).await;
        assert!(matches!(state(coordinator.handle.status(number).await.unwrap()), ProofState::Verifying { .. }));
        let _verifier = spawn(1);
        until_proven(&context, &coordinator.handle, 1).await;
        assert_eq!(world.begun.lock().unwrap().values().sum::<u32>(), 1);
    });
}

#[test]
fn another_way_of_the_chain_takes_the_place_of_the_old_one() {
    run(5, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let coordinator = begin(&context, &world, config(&[HONEST])).await;
        let old = chain(6);
        for header in &old {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        let worker = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), HONEST)
        });
        until_proven(&context, &coordinator.handle, 6).await;
        let new = fork(&old[2], 4, 9);
        for header in &new {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        until_proven(&context, &coordinator.handle, 7).await;
        let mut hashes = Vec::new();
        for number in 1..=7 {
            let found = coordinator.handle.proof_of(BatchNumber::new(number)).await.unwrap().expect("it is proven");
            assert!(is_right(&found.proof));
            hashes.push(found.proof.values.last_hash);
        }
        assert_eq!(hashes[6], new[3].hash());
        assert!(!hashes.contains(&old[5].hash()));
        worker.abort();
    });
}

/// Batches in flight are proven by the program of their version, whatever comes after them, and those of the next one wait for a worker that has its program.
#[test]
fn a_version_is_proven_by_its_own_program() {
    run(10, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let natures = [HONEST, Nature { is_next: true, ..HONEST }];
        let mut config = config(&natures);
        config.programs = config.programs.since(NEXT.0, BTreeMap::from([(BackendName::SP1, NEXT.1)]));
        let spawn = |number: usize| {
            let (world, nature) = (world.clone(), natures[number]);
            context.child("worker").spawn(move |context| live(context, world, token(number as u8), nature))
        };
        let coordinator = begin(&context, &world, config.clone()).await;
        let _old = spawn(0);
        let before = chain(3);
        let mut after = fork(&BatchHeader { version: NEXT.0, ..before[2] }, 5, 1);
        let mut parent = before[2].hash();
        for header in &mut after {
            header.parent_hash = parent;
            parent = header.hash();
        }
        for header in before.iter().chain(&after) {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        until_proven(&context, &coordinator.handle, 3).await;
        context.sleep(Duration::from_secs(600)).await;
        let found = coordinator.handle.proof_of(BatchNumber::new(3)).await.unwrap().expect("it is proven");
        assert_eq!((found.proof.program, found.proof.last.get()), (PROGRAM, 3), "no proof is of two versions");
        assert!(!proven(&coordinator.handle, BatchNumber::new(4)).await, "nobody here has the program");
        // Nor after a restart, until one comes who has.
        coordinator.life.abort();
        let coordinator = begin(&context, &world, config).await;
        context.sleep(Duration::from_secs(600)).await;
        assert!(!proven(&coordinator.handle, BatchNumber::new(4)).await);
        let _new = spawn(1);
        until_proven(&context, &coordinator.handle, 8).await;
        for number in 4..=8 {
            let found = coordinator.handle.proof_of(BatchNumber::new(number)).await.unwrap().expect("it is proven");
            assert_eq!((found.proof.values.version, found.proof.program), NEXT);
            assert!(is_right(&found.proof));
        }
    });
}

/// A version is announced, taken back and announced with another program while the coordinator runs; then it begins, and signers of its own sign for it.
#[test]
fn versions_are_learnt_while_it_runs() {
    run(12, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let secret = |byte| WalletSecret::new(&[byte; 32]).unwrap();
        let quorum = |bytes: &[u8]| {
            let signer = |byte: &u8| Attestor::new(secret(*byte), Arc::new(Knowing));
            Some(Quorum::new(bytes.iter().map(signer).collect(), bytes.len()))
        };
        let natures = [HONEST, Nature { is_next: true, ..HONEST }];
        let first = Programs::from(BTreeMap::from([(BackendName::SP1, PROGRAM)]));
        let old_signers = Quorums::default().since(0, quorum(&[1]));
        let with = ProverConfig { quorums: old_signers.clone(), ..config(&natures) };
        let coordinator = begin(&context, &world, with).await;
        let handle = &coordinator.handle;
        let _workers: Vec<_> = natures
            .into_iter()
            .enumerate()
            .map(|(number, nature)| {
                let world = world.clone();
                context.child("worker").spawn(move |context| live(context, world, token(number as u8), nature))
            })
            .collect();
        context.sleep(Duration::from_secs(60)).await;
        assert_eq!(handle.connected().await.unwrap(), ["worker-0"], "nobody has named the other's program");

        let since = |program| first.clone().since(NEXT.0, BTreeMap::from([(BackendName::SP1, program)]));
        let signers = old_signers.clone().since(NEXT.0, quorum(&[2, 3]));
        handle.learn(since(NEXT.1), signers.clone()).await.unwrap();
        context.sleep(Duration::from_secs(60)).await;
        assert_eq!(handle.connected().await.unwrap(), ["worker-0", "worker-1"]);
        handle.learn(since(ProgramHash([7; 32])), signers.clone()).await.unwrap();
        context.sleep(Duration::from_secs(60)).await;
        assert_eq!(handle.connected().await.unwrap(), ["worker-0"], "the version was announced with another program");

        let before = chain(2);
        let mut after = fork(&BatchHeader { version: NEXT.0, ..before[1] }, 2, 1);
        let mut parent = before[1].hash();
        for header in &mut after {
            header.parent_hash = parent;
            parent = header.hash();
        }
        for header in before.iter().chain(&after) {
            handle.submit(order(header)).await.unwrap();
        }
        until_proven(&context, handle, 2).await;
        context.sleep(Duration::from_secs(300)).await;
        let third = handle.status(BatchNumber::new(3)).await.unwrap().expect("it is known");
        assert_eq!((third.version, third.state), (NEXT.0, ProofState::Waiting), "nobody has its program");
        handle.learn(since(NEXT.1), signers).await.unwrap();
        until_proven(&context, handle, 4).await;
        context.sleep(Duration::from_secs(5)).await;
        for (number, signed_by) in [(1, &[1][..]), (3, &[2, 3])] {
            let found = handle.proof(BatchNumber::new(number)).await.unwrap().expect("it is proven and signed");
            let mut expected: Vec<_> = signed_by.iter().map(|byte| secret(*byte).address()).collect();
            expected.sort_unstable_by_key(|address| address.0);
            assert_eq!(found.attestation.expect("it is signed").signers(), expected, "batch {number}");
        }

        // L1 has left the blocks in which it named them: what was made under them is made anew.
        handle.learn(since(NEXT.1), old_signers).await.unwrap();
        assert_eq!(handle.proof(BatchNumber::new(3)).await.unwrap(), None);
        context.sleep(Duration::from_secs(5)).await;
        let again = handle.proof(BatchNumber::new(3)).await.unwrap().expect("it is signed by others");
        assert_eq!(again.attestation.expect("it is signed").signers(), [secret(1).address()]);
        let nobody = handle.learn(Programs::default(), Quorums::default()).await;
        assert!(matches!(nobody, Err(ProverError::Config(_))), "{nobody:?}");
    });
}

#[test]
fn what_is_final_is_kept_as_long_as_the_policy_says_and_what_is_not_always() {
    run(6, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let mut config = config(&[HONEST]);
        config.stretch.batches_max = 1;
        config.retention = Retention { evidence_batches: 1, proof_batches: 3 };
        let coordinator = begin(&context, &world, config.clone()).await;
        let headers = chain(9);
        for header in &headers[..8] {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        let worker = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), HONEST)
        });
        until_proven(&context, &coordinator.handle, 8).await;
        coordinator.handle.settled(BatchNumber::new(6)).await.unwrap();
        let there = |handle: ProverHandle| async move {
            let mut there = Vec::new();
            for number in 1..=8 {
                if handle.proof(BatchNumber::new(number)).await.unwrap().is_some() {
                    there.push(number);
                }
            }
            there
        };
        assert_eq!(there(coordinator.handle.clone()).await, [4, 5, 6, 7, 8]);
        coordinator.life.abort();
        let coordinator = begin(&context, &world, config).await;
        assert_eq!(there(coordinator.handle.clone()).await, [4, 5, 6, 7, 8], "and so it is after a restart");
        let begun = world.begun.lock().unwrap().len();
        for header in &headers {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        until_proven(&context, &coordinator.handle, 9).await;
        assert!(world.begun.lock().unwrap().len() > begun);
        worker.abort();
    });
}

#[test]
fn signers_sign_what_their_own_verifier_accepts_and_a_proof_is_given_with_enough_of_them() {
    run(7, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let secrets: Vec<_> = (1..=3).map(|byte| WalletSecret::new(&[byte; 32]).unwrap()).collect();
        let signers = secrets.iter().map(|secret| Attestor::new(secret.clone(), Arc::new(Knowing))).collect();
        let quorum = Quorum::new(signers, 2);
        let members = quorum.members();
        let with = ProverConfig { quorums: quorum.into(), ..config(&[HONEST]) };
        let coordinator = begin(&context, &world, with.clone()).await;
        let worker = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), HONEST)
        });
        for header in &chain(2) {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        until_proven(&context, &coordinator.handle, 2).await;
        context.sleep(Duration::from_secs(2)).await;
        let found = coordinator.handle.proof(BatchNumber::new(1)).await.unwrap().expect("it is proven and signed");
        let attestation = found.attestation.expect("it is signed");
        assert_eq!(attestation.signers(), members, "ascending");
        let digest = ashlar_prover::attestation_digest(&PROGRAM.0, &found.proof.values);
        let bytes = attestation.to_bytes();
        let each: Vec<_> = bytes.as_chunks::<65>().0.iter().map(|one| recover(&digest, one).unwrap()).collect();
        assert_eq!(each, members);
        coordinator.life.abort();
        let coordinator = begin(&context, &world, with).await;
        let again = coordinator.handle.proof(BatchNumber::new(1)).await.unwrap().expect("still");
        assert_eq!(again.attestation, Some(attestation));
        worker.abort();
    });
}

#[test]
fn a_job_that_is_too_large_is_cut() {
    run(9, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let small = Nature { batches_max: 2, ..HONEST };
        let coordinator = begin(&context, &world, config(&[small])).await;
        for header in &chain(9) {
            coordinator.handle.submit(order(header)).await.unwrap();
        }
        let worker = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), small)
        });
        until_proven(&context, &coordinator.handle, 9).await;
        assert_eq!(look(&coordinator.handle, 9).await, (9, 0));
        worker.abort();
    });
}

/// Batches 2 and 3 of a stretch of four have reached L1 by somebody else, so a proof from batch 4 on is what is needed; then L1 takes that
/// back, and the others are handed in again.
#[test]
fn a_proof_from_the_middle_of_a_stretch_is_made_from_there() {
    run(11, |context| async move {
        let world = Arc::new(World::default());
        world.port.store(4_000, Ordering::Relaxed);
        let coordinator = begin(&context, &world, config(&[HONEST])).await;
        let (handle, headers) = (&coordinator.handle, chain(5));
        for header in &headers {
            handle.submit(order(header)).await.unwrap();
        }
        let worker = context.child("worker").spawn({
            let world = world.clone();
            move |context| live(context, world, token(0), HONEST)
        });
        until_proven(&context, handle, 5).await;
        let whole = handle.proof(BatchNumber::new(2)).await.unwrap().expect("it is there").proof;
        assert_eq!(whole.last, BatchNumber::new(5));

        let proof_from = async |first: u64| loop {
            match handle.proof(BatchNumber::new(first)).await.unwrap() {
                Some(found) => break found.proof,
                None => context.sleep(Duration::from_millis(500)).await,
            }
        };
        assert_eq!(handle.proof(BatchNumber::new(4)).await.unwrap(), None);
        let rest = proof_from(4).await;
        assert_eq!((rest.first, rest.last), (BatchNumber::new(4), BatchNumber::new(5)));
        assert!(is_right(&rest));
        assert_eq!(handle.proof(BatchNumber::new(2)).await.unwrap(), None, "nobody asked for it again");

        for header in &headers[1..3] {
            handle.submit(order(header)).await.unwrap();
        }
        for number in [2, 3] {
            let again = proof_from(number).await;
            assert_eq!((again.first, again.last), (BatchNumber::new(number), BatchNumber::new(number)));
        }
        worker.abort();
    });
}

#[test]
fn a_configuration_that_makes_no_sense_is_refused_in_words() {
    run(8, |context| async move {
        let wrong = ProverConfig { programs: Programs::default(), ..config(&[HONEST]) };
        let error = start(context.child("prover"), wrong).await.expect_err("no program is in force");
        assert!(matches!(&error, ProverError::Config(why) if why.contains("no program")), "{error}");
    });
}
