//! In, trade and out with nothing left out: SP1 proves the batch, two of three signers verify the proof and sign, L1 counts them, and what was
//! withdrawn is paid.
//!
//! Each part is what an operator runs: the binary as node, SP1's worker as its prover, and the binary again for everybody's money. The worker is
//! not built here and takes minutes and most of a machine's memory for each chain, so `.ci/extended` runs this.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use alloy::consensus::Transaction as _;
use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider as _;
use alloy::sol_types::SolCall as _;
use ashlar_contracts::abi::ISettlement;
use ashlar_prover::ATTESTATION_BYTES;
use ashlar_types::Side;
use ashlar_types::sign::WalletSecret;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::anvil::anvil;
use crate::chain::Chain;
use crate::command::ashlar;
use crate::node::{Node, Place, secret};
use crate::stories::{CENT, MILLI, held_is_what_came_less_what_went, sum};
use crate::traders::Trader;
use crate::venue::ENTRIES;
use crate::world::{ALICE, BOB, World, address};

/// The clocks of these chains run no faster than the world's, however long a proof takes.
const BLOCK: Duration = Duration::from_secs(1);
/// Longer than a proof of so small a batch has ever taken, on two cores that others used too.
const PROOF: Duration = Duration::from_secs(2 * 3_600);
/// What the contracts call attested STARKs of SP1, and how many of the signers must sign.
const TYPE: u8 = 1;
const THRESHOLD: usize = 2;
const SIGNERS: [u8; 3] = [0x71, 0x72, 0x73];
/// All that happens before the money leaves: listings, two deposits, two orders, two withdrawals.
const COMMANDS: u64 = ENTRIES + 2 + 2 + 2;

/// One prover at a time is as much as a machine holds.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn in_trade_proven_by_sp1_and_out() {
    if let Some(worker) = worker("sp1-worker-ethrex") {
        told("proven", Chain::ethrex_in_step, &worker);
    }
}

#[test]
fn anvil_in_trade_proven_by_sp1_and_out() {
    let Some(worker) = worker("sp1-worker-anvil") else { return };
    // Looked for first, so that what is missing is said.
    if let Some(chain) = anvil("anvil_in_trade_proven_by_sp1_and_out", BLOCK) {
        told("anvil-proven", || chain, &worker);
    }
}

/// The program that `ASHLAR_SP1_WORKER` names.
fn worker(test: &str) -> Option<PathBuf> {
    let Some(named) = std::env::var_os("ASHLAR_SP1_WORKER").map(PathBuf::from) else {
        println!(
            "skipped: {test}: ASHLAR_SP1_WORKER does not name SP1's worker; guests/README.md says how it is built"
        );
        return None;
    };
    assert!(named.is_file(), "ASHLAR_SP1_WORKER names {}, which is no file", named.display());
    Some(named)
}

fn told(name: &str, chain: impl FnOnce() -> Chain, worker: &Path) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(story(name, chain(), worker));
}

async fn story(name: &str, chain: Chain, program: &Path) {
    let mut world = World::build_with(name, chain, attested).await;
    world.list().await;
    let configuration = configuration(&world.folder.0);
    let place = Place::new(&mut world, &configuration);
    let node = place.start();
    let venue = node.until("the node", "/v1/venue", |venue| venue["proofs"].is_string()).await;
    let words = "proven by SP1 (compressed STARK), verified and signed by 2 of 3 signers";
    assert_eq!(venue["proofs"], words, "{venue}");

    world.run(ALICE, &["deposit", "--asset", "0", "--amount", "3"]).done();
    world.run(BOB, &["deposit", "--asset", "1", "--amount", "10000.5"]).done();
    assert_eq!((node.accounts(address(ALICE)).await, node.accounts(address(BOB)).await), (vec![1], vec![2]));
    let (mut alice, mut bob) = (Trader::new(ALICE, 1, world.deployment()), Trader::new(BOB, 2, world.deployment()));
    node.does(alice.order(Side::Sell, 200_000, 1_000), "resting").await;
    let traded = node.does(bob.order(Side::Buy, 200_000, 1_000), "filled").await;
    node.does(alice.withdraws(1, 150_000 * CENT), "done").await;
    node.does(bob.withdraws(0, 999 * MILLI), "done").await;

    // One batch holds all of it, and is on L1 with nobody to prove it yet.
    let batch = node.until("the commit", "/v1/batches/1", |batch| batch["stage"] == "committed").await;
    assert_eq!((&batch["first"], &batch["next"]), (&json!("0"), &json!(COMMANDS.to_string())), "{batch}");
    let early = world.run_with_data(BOB, &["claim"], &[0, 1, 2, 3]).refused();
    assert!(early.contains("0 batches are final of 1"), "{early}");

    let begun = Instant::now();
    let worker = Worker::start(program, &world);
    let proving = |standing: &Value| standing["state"] == "proving" || standing["state"] == "proven";
    node.until_within(PROOF, "the worker", "/v1/batches/1/proof", proving).await;
    let is_final = |batch: &Value| batch["stage"] == "final";
    let batch = node.until_within(PROOF, "the proof is final on L1", "/v1/batches/1", is_final).await;
    let made = everybody_finds_it_proven(&world, &node, &batch, traded).await;
    println!(
        "{name}: {COMMANDS} commands, {} cycles, proven in {} ms with {} bytes of memory, final {} s after the worker's start",
        made["cycles"],
        made["took_ms"],
        made["memory_bytes"],
        begun.elapsed().as_secs()
    );
    money_leaves(&world).await;
    node.terminate();
    worker.ends();
}

/// Terms under which a batch needs a proof of SP1's, attested by two of three.
fn attested(terms: &mut Value) {
    let mut members = SIGNERS.map(|signer| Address::from(signer_of(signer).address().0));
    members.sort();
    let elf = Sha256::digest(include_bytes!("../../../guests/sp1/program.elf"));
    let verifier = json!({ "kind": "attestation", "members": members, "threshold": THRESHOLD });
    let program =
        json!({ "proof_type": TYPE, "program_hash": B256::from_slice(&elf), "key": program(), "verifier": verifier });
    terms["required"] = json!([TYPE]);
    terms["programs"] = json!([program]);
    // A proof may take longer than the deadlines of the other stories.
    terms["deadline_s"] = json!(24 * 3_600);
}

fn signer_of(byte: u8) -> WalletSecret {
    WalletSecret::new(&[byte; 32]).expect("a key")
}

/// The program's name in proofs, as it is committed.
fn program() -> &'static str {
    let lines = include_str!("../../../guests/sp1/program.hash");
    lines.lines().find_map(|line| line.strip_prefix("program=")).expect("a name")
}

/// The keys of the first and the last signer are here, and no batch is closed before it has everything.
fn configuration(folder: &Path) -> String {
    let files = [SIGNERS[0], SIGNERS[2]].map(|signer| {
        let path = folder.join(format!("signer-{signer}.key"));
        secret(&path, &[signer; 32]);
        path.display().to_string()
    });
    format!(
        "[batch]\ncommands_max = {COMMANDS}\nage_ms_max = 86400000\n\
         [prover]\nkind = \"sp1\"\nremote = true\nsigner_key_files = \"{}\"\n",
        files.join(",")
    )
}

/// SP1's worker for the node of a story, with nothing to hold it back.
struct Worker {
    process: Child,
    log: PathBuf,
}

impl Worker {
    fn start(program: &Path, world: &World) -> Worker {
        let log = world.path_of("worker.log");
        let out = File::create(&log).expect("a log");
        let process = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["prover", "--backend", "sp1", "--worker"])
            .arg(program)
            .arg("--connect")
            .arg(format!("unix:{}", world.data.join("prover.sock").display()))
            .arg("--token-file")
            .arg(world.data.join("prover-token"))
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("the same"))
            .stderr(out)
            .spawn();
        Worker { process: process.expect("starts"), log }
    }

    /// Its coordinator has told it to.
    fn ends(mut self) {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.process.try_wait().expect("waits") {
                let said = fs::read_to_string(&self.log).unwrap_or_default();
                assert!(status.success(), "{status}: {said}");
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("the worker does not end with its node");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Where an assertion failed before it ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The node, whoever has the file of the proof, the contracts, and whoever executes the batch again; what it cost.
async fn everybody_finds_it_proven(world: &World, node: &Node<'_>, batch: &Value, traded: u64) -> Value {
    let standing = node.get("/v1/batches/1/proof").await.expect("answers");
    assert_eq!((&standing["state"], &standing["backend"]), (&json!("proven"), &json!("sp1")), "{standing}");
    assert_eq!((&standing["first"], &standing["last"]), (&json!("1"), &json!("1")), "{standing}");
    assert_eq!(standing["program"], program());
    let made = &standing["made"];
    let signed = [SIGNERS[0], SIGNERS[2]].map(|signer| Address::from(signer_of(signer).address().0));
    let signers: Vec<Address> = serde_json::from_value(made["signers"].clone()).expect("addresses");
    assert!(signers.len() == THRESHOLD && signed.iter().all(|one| signers.contains(one)), "{standing}");

    let (file, hash) = (world.path("batch-1.proof"), batch["hash"].as_str().expect("a hash"));
    let hash = hash.trim_start_matches("0x");
    let mut bytes = node.bytes("/v1/batches/1/proof/file").await;
    fs::write(&file, &bytes).expect("written");
    let verified = ashlar(["verify-proof", &file, "--header", hash, "--json"]).done();
    assert_eq!((&verified[0]["ok"], &verified[0]["backend"]), (&json!(true), &json!("sp1")), "{verified:?}");
    let other = ashlar(["verify-proof", &file, "--header", &"11".repeat(32), "--json"]);
    assert_eq!((other.code, &other.lines[0]["error"]), (Some(1), &json!("wrong_header")), "{}", other.errors);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).expect("written");
    let altered = ashlar(["verify-proof", &file, "--header", hash, "--json"]);
    assert_eq!((altered.code, &altered.lines[0]["ok"]), (Some(1), &json!(false)), "{}", altered.errors);

    let settlement = ISettlement::new(world.addresses.settlement, world.l1());
    assert_eq!(settlement.proven(TYPE).call().await.expect("answers"), 1);
    assert_eq!(settlement.finalized().call().await.expect("answers"), 1);
    let root: B256 = settlement.finalizedState().call().await.expect("answers");
    assert_eq!(batch["header"][5], json!(root), "the sixth word of a header is the root after it");
    let transaction: B256 = serde_json::from_value(batch["prove"]["hash"].clone()).expect("a hash");
    let mined = world.l1().get_transaction_by_hash(transaction).await.expect("answers").expect("mined");
    let call = ISettlement::proveCall::abi_decode(mined.input()).expect("the call");
    assert_eq!((call.proofType, call.first, call.count), (TYPE, 1, 1));
    assert_eq!(call.proof.len(), THRESHOLD * ATTESTATION_BYTES);
    let url = world.chain.url();
    let status =
        ashlar(["l1", "status", "--json", "--l1", &url, "--settlement", &world.addresses.settlement.to_string()]);
    let status = status.done();
    let rests_on = status[0]["proofs"][0]["rests_on"].as_str().expect("words");
    assert!(rests_on.contains("sign"), "{rests_on}");

    // Whoever trades can show it, and an auditor who believes none of this comes to the same root.
    let shown = node.get(&format!("/v1/commands/{traded}/shown")).await.expect("answers");
    assert_eq!((&shown["proof"]["state"], &shown["command"]["batch"]["number"]), (&json!("proven"), &json!("1")));
    let summary = world.audit(&[0, 2]);
    assert_eq!((&summary["final"], &summary["state_root"]), (&json!(1), &json!(root)));
    made.clone()
}

/// Both are paid what they withdrew, and nobody twice.
async fn money_leaves(world: &World) {
    let (ether, tokens) = world.purse(address(BOB)).await;
    let said = world.run_with_data(BOB, &["claim"], &[1, 3]).done();
    assert_eq!(sum(&said, "claim", 0), 999 * MILLI, "{said:?}");
    let paid: U256 = said.iter().filter_map(|line| line["paid_wei"].as_str()?.parse::<U256>().ok()).sum();
    let now = world.purse(address(BOB)).await;
    assert_eq!(now, (ether + U256::from(999 * MILLI) * U256::from(1_000_000_000) - paid, tokens));
    let said = world.run_with_data(ALICE, &["claim"], &[0, 1]).done();
    assert_eq!(sum(&said, "claim", 1), 150_000 * CENT);
    assert_eq!(world.purse(address(ALICE)).await.1, U256::from(150_000 * CENT));
    let twice = world.run_with_data(BOB, &["claim"], &[0, 1, 2, 3]).refused();
    assert!(twice.contains("has no withdrawal that can be claimed"), "{twice}");
    held_is_what_came_less_what_went(world).await;
}
