//! What these stories need: an exchange in a process of its own, a trader who remembers every answer, and questions about all of them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ashlar_api::client::{ClientError, GatewayClient, RestClient, Trader};
use ashlar_api::door::Signed;
use ashlar_api::gateway::GatewayAnswer;
use ashlar_api::schema::Code;
use ashlar_types::sign::{SessionSecret, WalletSecret};
use ashlar_types::{
    AccountId, Address, CancelFilter, Command as Order, Deployment, KeySlot, Lots, MarketId, NewOrder, Price, Side,
    Time,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Longer than anything takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// Messages on their way at once.
pub const AT_ONCE: usize = 16;
/// The chain of the embedded L1.
const CHAIN: u64 = 9_001;

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-losses-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("made");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A process that does not outlive its test.
pub struct Running {
    pub child: Child,
    pub api: SocketAddr,
    log: PathBuf,
}

impl Running {
    /// Over a data folder, with its log in another.
    pub fn start(folder: &Folder, data: &Path, api: SocketAddr) -> Running {
        let log = folder.0.join("log");
        let out = fs::File::create(&log).expect("a log");
        let both = out.try_clone().expect("the same");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        command.args(["up", "--traders", "0", "--block-ms", "200", "--batch-ms", "300", "--api", &api.to_string()]);
        let child = command.arg("--data").arg(data).stdout(out).stderr(Stdio::from(both)).spawn();
        Running { child: child.expect("starts"), api, log }
    }

    /// At once and without a word.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ends");
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub async fn gateway(&mut self) -> GatewayClient {
        let begun = Instant::now();
        let address = SocketAddr::new(self.api.ip(), self.api.port() + 1);
        loop {
            if let Ok(client) = GatewayClient::connect(address).await {
                return client;
            }
            let ended = self.child.try_wait().expect("asked");
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "{ended:?}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let answer = RestClient::new(self.api).get::<Value>(path).await;
            if let Some(value) = answer.as_ref().ok().filter(|value| holds(value)) {
                return value.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {path}: {answer:?}; {}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn development_key(name: &str) -> [u8; 32] {
    Sha256::digest(format!("ashlar development key: {name}").as_bytes()).into()
}

/// The account whose order `ashlar up` shows; nobody else trades with it.
pub async fn trader(node: &Running) -> Trader {
    let wallet = WalletSecret::new(&development_key("wallet of whoever tries")).expect("a key");
    let owner = alloy::hex::encode_prefixed(wallet.address().0);
    let accounts = node.until(&format!("/v1/owners/{owner}/accounts"), |accounts| accounts[0].is_u64()).await;
    let account = u32::try_from(accounts[0].as_u64().expect("a number")).ok().and_then(AccountId::new);
    let account = account.expect("an account");
    let path = format!("/v1/accounts/{}/keys", account.get());
    node.until(&path, |keys| keys[0]["epoch"].as_u64() == Some(1)).await;
    let venue = node.until("/v1/venue", |venue| venue["settlement"].is_string()).await;
    let settlement: alloy::primitives::Address =
        venue["settlement"].as_str().expect("text").parse().expect("an address");
    let exchange = Deployment { chain_id: CHAIN, settlement: Address(settlement.0.0) }.exchange_id();
    let secret = SessionSecret::new(&development_key("session of whoever tries")).expect("a key");
    Trader::new(exchange, account, KeySlot::FIRST, 1, secret, 0)
}

/// Orders that rest, and now and then a message that cancels all of them.
fn messages(trader: &mut Trader, round: u64) -> Vec<Signed> {
    let order = |step: u64| {
        let price = Price::new(200_000 + (round * 7 + step) % 500).expect("a price");
        Order::Place(NewOrder::limit(MarketId::FIRST, Side::Buy, price, Lots::new(1 + step % 3).expect("lots")))
    };
    let commands = |step: u64| match step {
        0 if round.is_multiple_of(4) => vec![Order::CancelAll(CancelFilter::ALL)],
        step => (0..=step % 4).map(|more| order(step + more)).collect(),
    };
    (0..AT_ONCE as u64).map(|step| trader.sign(commands(step), Time::NEVER).expect("signs")).collect()
}

pub type Acknowledged = Vec<(Signed, GatewayAnswer)>;

/// Sends for as long as the node takes messages.
pub async fn trade(gateway: &mut GatewayClient, trader: &mut Trader, acknowledged: &mut Acknowledged) {
    for round in 0.. {
        let mut waiting = Vec::new();
        for signed in messages(trader, round) {
            let Ok(answer) = gateway.submit(&signed).await else { return };
            waiting.push((signed, answer));
        }
        for (signed, answer) in waiting {
            match answer.await {
                Ok(answer) => acknowledged.push((signed, answer)),
                Err(error) => match wait(&error) {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return,
                },
            }
        }
    }
}

/// What was acknowledged is answered as before, by a process that never heard it.
pub async fn is_whole(gateway: &mut GatewayClient, acknowledged: &[(Signed, GatewayAnswer)], when: &str) {
    for some in acknowledged.chunks(256) {
        let mut waiting = Vec::new();
        for (signed, _) in some {
            waiting.push(gateway.submit(signed).await.expect("sends"));
        }
        for ((signed, before), answer) in some.iter().zip(waiting) {
            let mut answer = answer.await;
            while let Err(error) = &answer {
                tokio::time::sleep(wait(error).unwrap_or_else(|| panic!("lost {when}: {error}"))).await;
                answer = gateway.submit(signed).await.expect("sends").await;
            }
            assert_eq!(answer.as_ref().ok(), Some(before), "a receipt changed {when}");
        }
    }
}

/// How long whoever is quicker than a key may be has to wait; nothing, if something else is wrong.
fn wait(error: &ClientError) -> Option<Duration> {
    match error {
        ClientError::GatewayRefused { code, retry_ms, .. } if *code == Code::RateLimited.number() => {
            Some(Duration::from_millis(u64::from(*retry_ms)))
        }
        _ => None,
    }
}

/// An audit from L1's blocks and the data alone, which finds nothing wrong; how many commands it has replayed.
pub fn replayed(data: &Path) -> u64 {
    let mut verify = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    let output = verify.args(["verify", "--json", "--data"]).arg(data).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let summary: Value = serde_json::from_str(said.lines().last().expect("a summary")).expect("JSON");
    summary["commands"].as_u64().expect("a number")
}
