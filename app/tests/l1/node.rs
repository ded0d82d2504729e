//! `ashlar node` over the chain of a story, as its operator runs it: configured in a file, asked at its API, stopped or killed.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ashlar_api::client::RestClient;
use ashlar_api::door::{Signature, Signed};
use ashlar_api::schema::AnswerView;
use ashlar_devnet::DEVELOPMENT_ACCOUNTS;
use serde_json::Value;

use crate::chain::CHAIN_ID;
use crate::ending::terminated;
use crate::ports::free;
use crate::traders::Said;
use crate::world::{OPERATOR, World};

/// Longer than anything takes on a busy machine that nothing is proven on.
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands in a file that only its owner reads.
pub fn secret(path: &Path, bytes: &[u8]) {
    fs::write(path, alloy::hex::encode(bytes)).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

/// A node that is configured, and started as often as a story wants.
pub struct Place {
    config: PathBuf,
    log: PathBuf,
    api: SocketAddr,
}

impl Place {
    /// In a folder of its own, over the contracts of a story, which finds its data there; `more` are further tables of the configuration.
    pub fn new(world: &mut World, more: &str) -> Place {
        world.data = world.path_of("node");
        let (receipts, payer) = (world.path_of("receipts.key"), world.path_of("payer.key"));
        secret(&receipts, &[0x77; 32]);
        secret(&payer, &DEVELOPMENT_ACCOUNTS[OPERATOR].development_key);
        let [api, gateway, admin] = [free(), free(), free()];
        let (url, settlement, data) = (world.chain.url(), world.addresses.settlement, &world.data);
        let (genesis_ms, house) = (world.genesis_ms, world.house);
        let text = format!(
            "[node]\nprofile = \"development\"\ndata = {data:?}\nkey_file = {receipts:?}\n\
             [l1]\nendpoints = [\"{url}\"]\nchain_id = {CHAIN_ID}\nsettlement = \"{settlement}\"\ngenesis_ms = {genesis_ms}\n\
             house_owner = \"{house}\"\nkey_file = {payer:?}\npoll_ms = 50\n\
             [api]\nlisten = \"{api}\"\ngateway = \"{gateway}\"\nadmin = \"{admin}\"\n{more}"
        );
        let (config, log) = (world.path_of("node.toml"), world.path_of("node.log"));
        fs::write(&config, text).expect("written");
        Place { config, log, api }
    }

    pub fn start(&self) -> Node<'_> {
        let log = File::options().create(true).append(true).open(&self.log).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
            .args(["node", "--config"])
            .arg(&self.config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the same"))
            .stderr(log)
            .spawn();
        Node { child: child.expect("starts"), place: self }
    }
}

/// A node that runs.
pub struct Node<'a> {
    child: Child,
    place: &'a Place,
}

impl Node<'_> {
    /// The end of what it has said.
    fn log(&self) -> String {
        let text = fs::read_to_string(&self.place.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    pub async fn get(&self, path: &str) -> Option<Value> {
        RestClient::new(self.place.api).get(path).await.ok()
    }

    /// What it answers, as it is.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let asked = RestClient::new(self.place.api).ask("GET", path, Default::default()).await;
        let (status, body) = asked.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(status.is_success(), "{path}: {status}");
        body.to_vec()
    }

    pub async fn until(&self, what: &str, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        self.until_within(PATIENCE, what, path, holds).await
    }

    pub async fn until_within(
        &self,
        patience: Duration,
        what: &str,
        path: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.get(path).await;
            if let Some(value) = found.as_ref().filter(|value| holds(value)) {
                return value.clone();
            }
            assert!(begun.elapsed() < patience, "waited for: {what}; {found:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn metric(&self, name: &str) -> Option<u64> {
        let asked = RestClient::new(self.place.api).ask("GET", "/metrics", Default::default()).await;
        let text = String::from_utf8_lossy(&asked.ok()?.1).into_owned();
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    pub async fn until_metric(&self, name: &str, wanted: u64) {
        let begun = Instant::now();
        loop {
            let found = self.metric(name).await;
            if found == Some(wanted) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {name} {wanted}: {found:?}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Hands a message in. While the order is made anew nothing is let in, so it is handed in again.
    pub async fn submit(&self, said: &Said) -> AnswerView {
        let signature = Signature::Owner(said.signature);
        let signed = Signed::new(said.message.clone(), signature).unwrap_or_else(|refusal| panic!("{refusal:?}"));
        let begun = Instant::now();
        loop {
            match RestClient::new(self.place.api).submit(&signed).await {
                Ok(answer) => return answer,
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}\n{}", self.log()),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Hands in a message of one command; the number that it was given, if it came to this.
    #[track_caller]
    pub fn does(&self, said: Said, reason: &'static str) -> impl Future<Output = u64> {
        let at = std::panic::Location::caller();
        async move {
            let answer = self.submit(&said).await;
            let receipt = answer.receipts.first().expect("a receipt");
            assert_eq!(receipt.reason, reason, "{at}: {receipt:?}");
            receipt.sequence.0
        }
    }

    /// The accounts of an owner, once there are some.
    pub async fn accounts(&self, owner: alloy::primitives::Address) -> Vec<u32> {
        let path = format!("/v1/owners/{}/accounts", alloy::hex::encode_prefixed(owner));
        let known = |accounts: &Value| accounts.as_array().is_some_and(|accounts| !accounts.is_empty());
        let accounts = self.until("an account", &path, known).await;
        serde_json::from_value(accounts).expect("numbers")
    }

    /// Waits until everything that it has ordered is final on L1; the last batch.
    pub async fn all_is_final(&self) -> Value {
        let tip = self.until("a command", "/v1/tip", |tip| tip["next"] != "0").await;
        let next: u64 = tip["next"].as_str().and_then(|next| next.parse().ok()).expect("a number");
        let path = format!("/v1/commands/{}/batch", next - 1);
        self.until("all of it is final", &path, |batch| batch["stage"] == "final").await
    }

    /// At once and without a word, as a machine dies.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ends");
    }

    /// As whoever runs services stops it.
    pub fn terminate(mut self) {
        let status = terminated(&mut self.child, PATIENCE);
        let status = status.unwrap_or_else(|| panic!("it does not stop\n{}", self.log()));
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }
}

impl Drop for Node<'_> {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
