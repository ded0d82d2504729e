//! The rehearsal of an upgrade as docs/runbooks.md tells it: a node and a worker, each a process of its own, over contracts on the embedded L1. Versions are
//! announced through the timelock, taken back, and begin, with batches in flight and without a start anew of anything.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use alloy::primitives::{Address, B256, U256};
use alloy::providers::{DynProvider, Provider as _};
use alloy::sol_types::SolCall as _;
use ashlar_contracts::abi::{IBridge, IGovernance, ISettlement, IVerifierRegistry};
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use commonware_runtime::{Runner as _, tokio as runtime};
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::command::ashlar;
use crate::ports::free;
use crate::world::{ALICE, OPERATOR, World, address, wallet};

/// Once L1's clock is ahead, a batch may wait a minute for a price, and one waits after the other.
const PATIENCE: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(100);
/// Who governs: the operator's account is the node's.
const PROPOSER: usize = 5;
/// How long before its time a version holds batches, and how long before it is announced, in seconds: longer than anything takes until the clock is
/// moved.
const MARGIN_S: u64 = 1_200;
const AHEAD_S: u64 = 2_400;

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn start(mut command: Command, log: &Path) -> Running {
        let out = fs::File::create(log).expect("made");
        let both = (out.try_clone().expect("a second handle"), out);
        Running(command.stdout(both.0).stderr(both.1).spawn().expect("starts"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, and then something else has failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The exchange with its node, and whoever governs it.
struct Stage<'a> {
    world: &'a World,
    api: SocketAddr,
    config: PathBuf,
    log: PathBuf,
    l1: DynProvider,
    proposer: DynProvider,
    alice: DynProvider,
    salt: u8,
    deposits: u64,
}

impl<'a> Stage<'a> {
    fn new(world: &'a World) -> Stage<'a> {
        let url = world.chain.url();
        let (l1, proposer, alice) = (world.l1(), wallet(&url, PROPOSER), wallet(&url, ALICE));
        let (config, log) = (world.path_of("node.toml"), world.path_of("node.log"));
        let stage = Stage { world, api: free(), config, log, l1, proposer, alice, salt: 0, deposits: 0 };
        stage.configure();
        stage
    }

    fn configure(&self) {
        let World { folder, addresses, house, genesis_ms, .. } = self.world;
        let secret = |name: &str, bytes: &[u8]| {
            let path = folder.join(name);
            fs::write(&path, alloy::hex::encode(bytes)).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("its mode");
            path
        };
        let receipts = secret("receipts.key", &[0x77; 32]);
        let submitter = secret("l1.key", &DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
        let (data, url, margin_ms) = (folder.join("data"), self.world.chain.url(), MARGIN_S * 1_000);
        let text = format!(
            "[node]\nprofile = \"development\"\ndata = {data:?}\nkey_file = {receipts:?}\n\
             [l1]\nendpoints = [\"{url}\"]\nchain_id = 31337\nsettlement = \"{}\"\nkey_file = {submitter:?}\npoll_ms = 50\n\
             genesis_ms = {genesis_ms}\nhouse_owner = \"{house}\"\n\
             [prover]\nkind = \"execute-only\"\nremote = true\n\
             [batch]\nage_ms_max = 100\nversion_margin_ms = {margin_ms}\n\
             [api]\nlisten = \"{}\"\ngateway = \"{}\"\nadmin = \"{}\"\n",
            addresses.settlement,
            self.api,
            free(),
            free()
        );
        fs::write(&self.config, text).expect("written");
    }

    fn node(&self) -> Running {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        command.arg("node").arg("--config").arg(&self.config);
        Running::start(command, &self.log)
    }

    fn worker(&self) -> Running {
        let data = self.world.path_of("data");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        command.args(["prover", "--backend", "execute", "--connect"]);
        command.arg(format!("unix:{}", data.join("prover.sock").display()));
        command.arg("--token-file").arg(data.join("prover-token")).stdin(Stdio::null());
        Running::start(command, &self.world.path_of("worker.log"))
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(self.api).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.api).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
    }

    fn tip(&self, stage: &str) -> u64 {
        let tip = self.get("/v1/tip").and_then(|body| serde_json::from_str::<Value>(&body).ok());
        tip.and_then(|tip| tip[stage].as_str()?.parse().ok()).unwrap_or(0)
    }

    /// What the node's alarm about versions says, if it is on.
    fn alarm(&self) -> Option<String> {
        let is_on = self.get("/metrics").is_some_and(|text| text.contains("ashlar_alert{kind=\"upgrade\"} 1"));
        is_on.then(|| self.get("/health").unwrap_or_default())
    }

    async fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "waited for: {what}; {}", log());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Gives the node something to build until something holds.
    async fn busy_until(&mut self, what: &str, mut holds: impl FnMut(&Stage<'a>) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let log = || fs::read_to_string(&self.log).unwrap_or_default();
            assert!(begun.elapsed() < PATIENCE, "waited for: {what}; {}", log());
            self.deposit().await;
        }
    }

    /// Whether a transaction succeeds, once it is mined.
    async fn is_taken(&self, hash: B256) -> bool {
        let begun = Instant::now();
        loop {
            // A busy machine may show a block before its receipts.
            if let Ok(Some(receipt)) = self.l1.get_transaction_receipt(hash).await {
                return receipt.status();
            }
            assert!(begun.elapsed() < PATIENCE, "{hash} is not mined");
            tokio::time::sleep(LOOK / 2).await;
        }
    }

    /// Alice deposits, and it is mined.
    async fn deposit(&mut self) {
        self.deposits += 1;
        let wei = U256::from(self.deposits) * U256::from(1_000_000_000);
        let bridge = IBridge::new(self.world.addresses.bridge, &self.alice);
        let sent = bridge.deposit(0, address(ALICE), u32::MAX, wei).value(wei).gas(300_000).send().await;
        let hash = *sent.expect("sent").tx_hash();
        assert!(self.is_taken(hash).await, "a deposit is taken");
    }

    /// Announces a call to the timelock and makes it.
    async fn govern(&mut self, target: Address, data: Vec<u8>) {
        self.salt += 1;
        let (value, salt) = (U256::ZERO, B256::repeat_byte(self.salt));
        let governance = IGovernance::new(self.world.addresses.governance, &self.proposer);
        let scheduled = governance.schedule(target, value, data.clone().into(), salt).gas(500_000).send().await;
        let hash = *scheduled.expect("sent").tx_hash();
        assert!(self.is_taken(hash).await, "it is scheduled");
        let executed = governance.execute(target, value, data.into(), salt).gas(1_500_000).send().await;
        let hash = *executed.expect("sent").tx_hash();
        assert!(self.is_taken(hash).await, "it is executed");
    }

    /// Announces version 2 from a batch and a time on, and gives the time.
    async fn announce(&mut self, program: IVerifierRegistry::Program, from: u64) -> u64 {
        let not_before = self.world.chain.time().await + AHEAD_S;
        let call = IVerifierRegistry::scheduleVersionCall {
            version: 2,
            fromBatch: from,
            notBefore: alloy::primitives::Uint::from(not_before),
            required: U256::from(1),
            programs: vec![program],
        };
        self.govern(self.world.addresses.registry, call.abi_encode()).await;
        not_before
    }

    /// What the doctor finds about versions.
    fn doctor(&self) -> Option<String> {
        let config = self.config.display().to_string();
        let ran = ashlar(["doctor".to_owned(), "--json".to_owned(), "--config".to_owned(), config]);
        let found = ran.lines.iter().find(|finding| finding["check"] == "upgrade")?;
        assert_eq!(found["state"], "warning", "{found}");
        Some(found.to_string())
    }
}

#[test]
fn a_node_and_its_worker_follow_versions() {
    let storage = std::env::temp_dir().join(format!("ashlar-l1-rehearsal-{}", std::process::id()));
    let config = runtime::Config::new().with_storage_directory(&storage).with_worker_threads(2);
    runtime::Runner::new(config).start(|_| async move {
        let proposer = |terms: &mut Value| terms["proposer"] = json!(address(PROPOSER));
        let world = World::build_with("rehearsal", Chain::ethrex_in_step(), proposer).await;
        let mut stage = Stage::new(&world);
        let ether = IBridge::listAssetCall { asset: 0, token: Address::ZERO, scaleDigits: 9, totalMax: u64::MAX >> 2 };
        stage.govern(world.addresses.bridge, ether.abi_encode()).await;
        let registry = IVerifierRegistry::new(world.addresses.registry, &stage.l1);
        let ours = registry.program(1, 0).call().await.expect("answers");
        assert_eq!(stage.doctor(), None);
        let _node = stage.node();
        stage.until("the node answers", || stage.get("/v1/tip").is_some()).await;
        let _worker = stage.worker();
        stage.busy_until("something is final", |stage| stage.tip("final") > 0).await;
        assert_eq!(stage.alarm(), None);

        // A version whose program this release does not have is said at once, and taken back.
        let strange = B256::repeat_byte(7);
        let theirs = IVerifierRegistry::Program { programHash: strange, key: strange, ..ours.clone() };
        stage.announce(theirs, 1_000).await;
        stage.until("it is said", || stage.alarm().is_some()).await;
        let said = stage.alarm().unwrap_or_default();
        assert!(said.contains("version 2") && said.contains("install the release"), "{said}");
        let found = stage.doctor().expect("the doctor says it too");
        assert!(found.contains("version 2 begins with batch 1000"), "{found}");
        let cancel = IVerifierRegistry::cancelVersionCall { version: 2 };
        stage.govern(world.addresses.registry, cancel.abi_encode()).await;
        stage.until("it is over", || stage.alarm().is_none()).await;

        // One that is proven by ours is held for and begins, with batches in flight.
        let from = stage.tip("built") + 2;
        let begins = stage.announce(ours, from).await;
        stage.busy_until("batches are built as before", |stage| stage.tip("built") >= from).await;
        assert_eq!(stage.alarm(), None, "far before its time nothing waits");
        world.chain.hurry(AHEAD_S - MARGIN_S).await;
        stage.busy_until("building waits", |stage| stage.alarm().is_some()).await;
        let said = stage.alarm().unwrap_or_default();
        assert!(said.contains("version 2 begins once L1's clock says") && said.contains("trading goes on"), "{said}");
        // What was cut before it is built by then.
        tokio::time::sleep(10 * LOOK).await;
        let built = stage.tip("built");
        stage.until("what was built is on L1", || stage.tip("committed") >= built).await;
        assert_eq!(stage.tip("built"), built, "nothing is built in the hold");
        assert!(world.chain.time().await < begins);
        world.chain.hurry(MARGIN_S).await;
        stage.busy_until("the hold is over", |stage| stage.alarm().is_none()).await;
        assert!(world.chain.time().await >= begins);
        stage.busy_until("batches of the new version are final", |stage| stage.tip("final") > built + 2).await;

        let settlement = ISettlement::new(world.addresses.settlement, &stage.l1);
        for number in 1..=stage.tip("final") {
            let version = settlement.versionOf(number).call().await.expect("answers");
            assert_eq!(version, if number <= built { 1 } else { 2 }, "batch {number}");
        }
        let proof = stage.get(&format!("/v1/batches/{}/proof", built + 1)).expect("answers");
        assert!(proof.contains("\"proven\"") && proof.contains("native"), "{proof}");
        let (url, deployment) = (world.chain.url(), world.path("deployment.json"));
        let status = ashlar(["l1", "status", "--json", "--l1", &url, "--deployment", &deployment]).done();
        assert_eq!(status[0]["version"], 2, "{status:?}");
    });
    drop(fs::remove_dir_all(storage));
}
