//! A version begins on real contracts, announced through the timelock, while a whole node commits, proves and finalizes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::sol_types::SolCall as _;
use ashlar_api::door::{Refusal, Stage};
use ashlar_batch::PublicValues;
use ashlar_contracts::abi::{IGovernance, ISettlement, IVerifierRegistry};
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use ashlar_exchange::Genesis;
use ashlar_guest::{NativePlatform, check};
use ashlar_sequencer::{
    Asked, Config, Node, NodeHandle, NodeKey, OutsideError, Parts, Pricing, Proof, Proving, Sealed, Settled,
};
use ashlar_settlement::fees::Urgency;
use ashlar_settlement::gas::GasModel;
use ashlar_settlement::outbox::{GasLimit, Intent, IntentId, IntentStatus, Outcome};
use ashlar_settlement::rpc::{Endpoint, PoolConfig, RpcL1};
use ashlar_settlement::signer::{LocalKey, Signer as _};
use ashlar_settlement::{Config as SettlementConfig, Handle, Settlement};
use ashlar_types::{Address as Owner, BatchNumber, Deployment, MarketId, SystemCommand, Time, to_bytes};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use sha2::{Digest as _, Sha256};

use crate::chain::Chain;
use crate::world::{OPERATOR, World};

const PATIENCE: Duration = Duration::from_secs(240);
/// How long before its time a version holds batches, and how long before it is announced, in seconds: longer than anything takes until the clock is
/// moved.
const MARGIN_S: u64 = 1_200;
const AHEAD_S: u64 = 2_400;

/// The key of the program of a version, as the development verifier knows it.
fn key_of(version: u32) -> [u8; 32] {
    match version {
        1 => Sha256::digest(b"ashlar development key: execute-only program").into(),
        later => Sha256::digest(format!("the program of version {later}")).into(),
    }
}

/// Executes each batch and vouches for it under its version's program.
#[derive(Default)]
struct Vouching(Mutex<BTreeMap<BatchNumber, PublicValues>>);

impl Proving for Vouching {
    fn submit(&self, sealed: Arc<Sealed>) -> Asked<()> {
        let input = sealed.input().expect("whole");
        let values = check(&input, &mut NativePlatform::default()).expect("the guest accepts it");
        self.0.lock().unwrap().insert(sealed.header().number, values);
        Box::pin(std::future::ready(Ok::<_, OutsideError>(())))
    }

    fn proof(&self, first: BatchNumber) -> Asked<Option<Proof>> {
        let proof = self.0.lock().unwrap().get(&first).map(|values| {
            let mut vouch = Sha256::new();
            vouch.update(key_of(values.version));
            vouch.update(to_bytes(values));
            let kind = "execute-only".to_owned();
            Proof { first, last: first, kind, proof_type: 0, bytes: vouch.finalize().to_vec() }
        });
        Box::pin(std::future::ready(Ok(proof)))
    }
}

struct Stand {
    node: NodeHandle,
    client: Handle,
    /// What the node asks L1 through.
    tasks: [tokio::task::JoinHandle<()>; 2],
}

async fn start(context: &runtime::Context, world: &World) -> Stand {
    let endpoint = Endpoint::new(&world.chain.url(), Duration::from_secs(10)).expect("a URL");
    let l1 = RpcL1::new(vec![endpoint], PoolConfig { chain_id: 31_337, quorum: 1 });
    let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
    let key = LocalKey::from_hex(&key, "the development account").expect("a key");
    let payer = key.address();
    let config =
        SettlementConfig { poll_every: Duration::from_millis(25), ..SettlementConfig::new(31_337, world.addresses) };
    let started = Settlement::start(context.child("settlement"), l1.clone(), key, config).await.expect("starts");
    let client = started.handle.clone();
    let model = GasModel { age_max: Duration::ZERO, ..GasModel::default() };
    let pricing = Pricing::new(model, Arc::new(SystemTime::now));
    let (settled, listening) = Settled::new(started.handle, started.events, l1, Some(payer), world.addresses, pricing);
    let task = started.task;
    let tasks = [tokio::spawn(listening), tokio::spawn(async move { drop(task.await) })];
    let prover = Arc::new(Vouching::default());
    let parts = Parts { availability: None, layer1: Some(Arc::new(settled)), prover: Some(prover), reports: None };
    let genesis = Genesis { house_owner: Owner(world.house.0.0), time: Time::new(world.genesis_ms).expect("a time") };
    let settlement = Owner(world.addresses.settlement.0.0);
    let node_key = NodeKey::new(&[0x77; 32]).expect("a key");
    let mut config = Config::new(Deployment { chain_id: 31_337, settlement }, genesis, node_key);
    config.limits.batches.age_ms_max = 300;
    config.limits.batches.version_margin_ms = MARGIN_S * 1_000;
    config.checkpoint_commands = 4;
    let node = Node::start(context.child("node"), config, parts).await.expect("a node starts");
    Stand { node, client, tasks }
}

impl Stand {
    /// Gives it something to do until something holds.
    async fn busy_until(&self, what: &str, mut holds: impl AsyncFnMut(&NodeHandle) -> bool) {
        let begun = Instant::now();
        while !holds(&self.node).await {
            assert!(begun.elapsed() < PATIENCE, "waited for: {what}; {:?}", self.node.door().health());
            // A market that is not there: a receipt, and nothing else; and not even that while batches are built anew.
            match self.node.system(SystemCommand::Halt(MarketId::FIRST)).await {
                Ok(_) | Err(Refusal::Closed { .. }) => {}
                Err(refusal) => panic!("it is executed: {refusal:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn stop(self) {
        self.node.stop().await.expect("stops");
        // The client ends once nobody can ask it any more.
        drop(self.client);
        for task in self.tasks {
            task.await.expect("ends");
        }
    }

    fn last(&self, stage: Stage) -> u64 {
        self.node.books().last_at(stage).map_or(0, BatchNumber::get)
    }

    /// Announces a call to the timelock and makes it.
    async fn govern(&mut self, world: &World, call: Vec<u8>, salt: u8) {
        let (target, value, salt) = (world.addresses.registry, U256::ZERO, B256::repeat_byte(salt));
        let data = Bytes::from(call);
        let schedule = IGovernance::scheduleCall { target, value, data: data.clone(), salt }.abi_encode();
        let execute = IGovernance::executeCall { target, value, data, salt }.abi_encode();
        let mut last = None;
        for input in [schedule, execute] {
            let id = IntentId(keccak256(&input));
            last = Some(id);
            let intent = Intent {
                id,
                label: "govern".into(),
                to: Some(world.addresses.governance),
                value,
                input: input.into(),
                blob_content: Bytes::new(),
                gas: GasLimit::Fixed(1_000_000),
                urgency: Urgency::NextBlock,
            };
            self.client.send(intent).await.expect("taken");
        }
        let begun = Instant::now();
        loop {
            match self.client.intent(last.expect("two")).await.expect("runs").expect("known") {
                IntentStatus::Mined { succeeded: true, .. } | IntentStatus::Ended(Outcome::Succeeded { .. }) => return,
                IntentStatus::Queued | IntentStatus::Sent { .. } => {}
                other => panic!("governance: {other:?}"),
            }
            assert!(begun.elapsed() < PATIENCE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Whether a batch of this number has come so far.
fn has_come(node: &NodeHandle, stage: Stage, number: u64) -> bool {
    node.books().last_at(stage).is_some_and(|last| last.get() >= number)
}

fn announcement(verifier: alloy::primitives::Address, from_batch: u64, not_before: u64) -> Vec<u8> {
    let program = IVerifierRegistry::Program {
        proofType: 0,
        programHash: B256::from(key_of(2)),
        verifier,
        key: B256::from(key_of(2)),
    };
    IVerifierRegistry::scheduleVersionCall {
        version: 2,
        fromBatch: from_batch,
        notBefore: alloy::primitives::Uint::from(not_before),
        required: U256::from(1),
        programs: vec![program],
    }
    .abi_encode()
}

/// Announced, held, begun; a restart in the hold; every batch is what the contracts ask for, and final.
#[test]
fn a_version_begins_on_real_contracts() {
    let storage = std::env::temp_dir().join(format!("ashlar-l1-upgrade-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    runtime::Runner::new(config).start(|context| async move {
        let world = World::build("upgrade", Chain::ethrex_in_step()).await;
        let l1 = world.l1();
        let registry = IVerifierRegistry::new(world.addresses.registry, &l1);
        let first = registry.program(1, 0).call().await.expect("answers");
        assert_eq!(first.key.0, key_of(1));
        let mut stand = start(&context, &world).await;
        stand.busy_until("something is final", async |node| node.books().last_at(Stage::Final).is_some()).await;

        let begins = world.chain.time().await + AHEAD_S;
        let from = stand.last(Stage::Built) + 5;
        stand.govern(&world, announcement(first.verifier, from, begins), 1).await;
        stand.busy_until("batches are built as before", async |node| has_come(node, Stage::Built, from)).await;
        assert_eq!(stand.node.books().upgrade(), None, "far before its time nothing waits");
        world.chain.hurry(AHEAD_S - MARGIN_S).await;
        stand.busy_until("building waits", async |node| node.books().upgrade().is_some()).await;
        // Another start in the hold finds it again.
        let next = stand.node.door().tip().await.expect("known").next;
        let books = stand.node.books().clone();
        stand.stop().await;
        // What was cut before the hold is built by now.
        let built = books.last_at(Stage::Built).map_or(0, BatchNumber::get);
        drop(books);
        let stand = start(&context, &world).await;
        assert_eq!(stand.node.door().tip().await.expect("known").next, next, "nothing is lost");
        let waits =
            async |node: &NodeHandle| has_come(node, Stage::Committed, built) && node.books().upgrade().is_some();
        stand.busy_until("building waits, and what was built is on L1", waits).await;
        assert!(world.chain.time().await < begins);
        world.chain.hurry(MARGIN_S).await;
        let is_new = async |node: &NodeHandle| has_come(node, Stage::Final, built + 3);
        stand.busy_until("batches of the new version are final", is_new).await;

        let settlement = ISettlement::new(world.addresses.settlement, &l1);
        let last = stand.last(Stage::Final);
        let mut versions = Vec::new();
        for number in 1..=last {
            let header = stand.node.books().header(BatchNumber::new(number)).expect("it is known");
            let hash: B256 = settlement.headerHash(number).call().await.expect("answers");
            assert_eq!(hash.0, header.hash().0, "batch {number}");
            versions.push(header.version);
        }
        let expected: Vec<u32> = (1..=last).map(|number| if number <= built { 1 } else { 2 }).collect();
        assert_eq!(versions, expected);
        assert_eq!(
            (registry.versionFor(last).call().await.expect("answers"), stand.node.metrics().rebuilt.get()),
            (2, 0)
        );
        assert_eq!(stand.node.books().divergence(), None);
        stand.stop().await;
    });
    drop(std::fs::remove_dir_all(storage));
}
