//! The client against reorganisations of the embedded ethrex: real blocks, real pools, real contracts.

mod sequencer;

use std::fs;
use std::time::Duration;

use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider as _};
use alloy::rpc::types::Filter;
use alloy::sol_types::SolCall as _;
use ashlar_batch::BatchHeader;
use ashlar_contracts::abi::{IBridge, IGovernance};
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Orphaned, Tags};
use ashlar_exchange::Genesis;
use ashlar_prover::Capture;
use ashlar_settlement::contract::Addresses;
use ashlar_types::{Address as Owner, Deployment, Time};
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::Value;

use crate::command::{Folder, ashlar};
use crate::world::{ALICE, OPERATOR, address, wallet};
use sequencer::{CHAIN_ID, Journal, Node, done_once};

/// Blocks before the first reorg: more than the deepest one.
const BEFORE: u64 = 72;
/// Blocks after each one at least, in which all must be well again.
const AFTER: u64 = 18;
/// Depths of an ordinary run, each with every fate of what was in the blocks; `ASHLAR_REORGS=all` takes every depth from 1 to 64.
const DEPTHS: [u64; 4] = [1, 2, 7, 32];
const FATES: [Orphaned; 3] = [Orphaned::Dropped, Orphaned::Wait, Orphaned::Reversed];
/// What a transaction may tip at the end, when nobody but this exchange and Alice was ever there to be outbid.
const TIP_MAX: u128 = 5_000_000_000;

/// What the client does meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Client {
    /// It sees it happen.
    Lives,
    /// It is dead, and started again afterwards.
    IsDead,
    /// It dies as soon as it has seen it.
    Dies,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    depth: u64,
    fate: Orphaned,
    client: Client,
}

fn cases() -> Vec<Case> {
    let clients = [Client::Lives, Client::IsDead, Client::Dies];
    let is_long = std::env::var("ASHLAR_REORGS").is_ok_and(|which| which == "all");
    let depths = if is_long { (1..=64).collect() } else { DEPTHS.to_vec() };
    let mut cases = Vec::new();
    for (row, depth) in depths.into_iter().enumerate() {
        for (column, fate) in FATES.into_iter().enumerate() {
            cases.push(Case { depth, fate, client: clients[(row + column) % clients.len()] });
        }
    }
    cases
}

struct Stage {
    devnet: Devnet,
    addresses: Addresses,
    l1: DynProvider,
    alice: DynProvider,
    genesis: BatchHeader,
    deposits: u64,
}

impl Stage {
    /// Deploys through the binary while somebody mines, and lists ether.
    async fn build(folder: &Folder) -> Stage {
        let tags = Tags { safe_behind: 2, finalized_behind: 120 };
        let config = Config { chain_id: CHAIN_ID, tags, ..Config::default() };
        let devnet = Devnet::start(&config).expect("starts");
        let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
        fs::write(folder.join("key"), key).expect("written");
        let (url, path) = (devnet.url(), folder.0.display().to_string());
        let (key, into) = (format!("{path}/key"), path.clone());
        let deployed = tokio::task::spawn_blocking(move || {
            ashlar(["deploy", "--profile", "dev", "--l1", &url, "--key-file", &key, "--into", &into]).done()
        });
        mining(&devnet, deployed).await.expect("deployed");
        let file: Value =
            serde_json::from_slice(&fs::read(folder.join("deployment.json")).expect("read")).expect("JSON");
        let addresses: Addresses = serde_json::from_value(file["deployed"]["addresses"].clone()).expect("addresses");
        let time = Time::new(file["terms"]["genesis_ms"].as_u64().expect("a time")).expect("a time");
        let exchange = Deployment { chain_id: CHAIN_ID, settlement: Owner(addresses.settlement.0.0) };
        let (_, genesis) = Capture::new(exchange, &Genesis { house_owner: Owner(address(OPERATOR).0.0), time });
        let (l1, alice) = (wallet(&devnet.url(), OPERATOR), wallet(&devnet.url(), ALICE));
        let stage = Stage { devnet, addresses, l1, alice, genesis, deposits: 0 };
        stage.list_ether().await;
        stage
    }

    async fn list_ether(&self) {
        let (target, value, salt) = (self.addresses.bridge, U256::ZERO, B256::ZERO);
        let data = IBridge::listAssetCall { asset: 0, token: Address::ZERO, scaleDigits: 9, totalMax: u64::MAX >> 2 };
        let data: alloy::primitives::Bytes = data.abi_encode().into();
        let governance = IGovernance::new(self.addresses.governance, &self.l1);
        let sent = governance.schedule(target, value, data.clone(), salt).gas(500_000).send().await;
        drop(sent.expect("sent"));
        self.devnet.mine().await.expect("mines");
        let sent = governance.execute(target, value, data, salt).gas(500_000).send().await;
        drop(sent.expect("sent"));
        self.devnet.mine().await.expect("mines");
        let bridge = IBridge::new(target, &self.l1);
        assert!(bridge.asset(0).call().await.expect("answers").listed);
    }

    /// Alice sends a deposit that nobody has mined yet.
    async fn deposit(&mut self) {
        self.deposits += 1;
        let wei = U256::from(self.deposits) * U256::from(1_000_000_000);
        let bridge = IBridge::new(self.addresses.bridge, &self.alice);
        let sent = bridge.deposit(0, address(ALICE), u32::MAX, wei).value(wei).gas(300_000).send().await;
        drop(sent.expect("sent"));
    }

    /// One block later: mined, heard of, and what is missing asked for.
    async fn block(&self, node: &mut Node) {
        self.devnet.mine().await.expect("mines");
        node.catch_up(&self.devnet).await;
        node.ask().await;
    }
}

/// Mines until something is done.
async fn mining<T>(devnet: &Devnet, work: impl Future<Output = T>) -> T {
    let mining = async {
        loop {
            devnet.mine().await.expect("mines");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        done = work => done,
        never = mining => never,
    }
}

async fn story(context: runtime::Context, folder: &Folder) {
    let mut stage = Stage::build(folder).await;
    let url = stage.devnet.url();
    let mut node = Node::start(&context, &url, stage.addresses, Journal::new(stage.genesis)).await;
    for number in 0..BEFORE {
        if number % 3 != 2 {
            stage.deposit().await;
        }
        stage.block(&mut node).await;
        if number % 4 == 3 {
            node.journal.build();
            node.ask().await;
        }
    }
    let mut rolled_back = 0;
    for (at, case) in cases().into_iter().enumerate() {
        let (what, seen) = (format!("{case:?}"), node.reorgs.len());
        if case.client == Client::IsDead {
            rolled_back += node.rolled_back;
            node = revived(&context, &stage, node, case).await;
        } else {
            stage.devnet.reorganise(case.depth, 1 + at as u64 % 2, case.fate).await.expect("reorganises");
            node.catch_up(&stage.devnet).await;
            assert_eq!(node.reorgs[seen..], [case.depth], "{what}: one reorg is seen, whole");
            if case.client == Client::Dies {
                rolled_back += node.rolled_back;
                node = Node::start(&context, &url, stage.addresses, node.kill()).await;
            }
        }
        // As many blocks as were left at least: otherwise deep reorgs in a row would come to what is final.
        for number in 0..AFTER.max(case.depth) {
            // The pool first has to know again which nonces are used.
            if (3..6).contains(&number) {
                stage.deposit().await;
            }
            stage.block(&mut node).await;
            if number == 9 {
                node.journal.build();
                node.ask().await;
            }
        }
        node.check(&stage.l1, &stage.addresses, &what).await;
        done_once(&stage.l1, stage.addresses.settlement, &what).await;
    }
    rolled_back += node.rolled_back;
    assert!(rolled_back > 2, "deep reorgs took back consumed entries: {rolled_back} times");
    nobody_outbid_themselves(&stage).await;
}

/// The newest transaction of the settlement contract.
async fn nobody_outbid_themselves(stage: &Stage) {
    let logs = Filter::new().address(stage.addresses.settlement).from_block(0);
    let logs = stage.l1.get_logs(&logs).await.expect("answers");
    let newest = logs.last().and_then(|log| log.transaction_hash).expect("something was done");
    let newest = stage.l1.get_transaction_by_hash(newest).await.expect("answers").expect("mined");
    let tip = newest.max_priority_fee_per_gas().expect("it has a tip");
    assert!(tip < TIP_MAX, "a tip of {tip} wei where nobody else is");
}

async fn revived(context: &runtime::Context, stage: &Stage, node: Node, case: Case) -> Node {
    let journal = node.kill();
    stage.devnet.reorganise(case.depth, 1, case.fate).await.expect("reorganises");
    let mut node = Node::start(context, &stage.devnet.url(), stage.addresses, journal).await;
    node.catch_up(&stage.devnet).await;
    node
}

#[test]
fn after_real_reorgs_everything_agrees_with_the_new_chain() {
    let folder = Folder::new("reorgs");
    let storage = folder.join("client");
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    runtime::Runner::new(config).start(async |context| story(context, &folder).await);
}
