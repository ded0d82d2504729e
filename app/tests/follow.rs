//! A node that follows another from an empty folder, with L1 and published data alone, and takes over when that one is killed.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ashlar_api::client::{RestClient, Trader};
use ashlar_batch::BatchHeader;
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Mining, Orphaned, Tags};
use ashlar_exchange::Genesis;
use ashlar_prover::Capture;
use ashlar_replica::{Epoch, L1Block, SnapshotHead, SnapshotStore};
use ashlar_types::sign::{SessionSecret, WalletSecret};
use ashlar_types::{
    AccountId, Address, BatchNumber, Command as Order, Deployment, KeySlot, Lots, MarketId, NewOrder, Price, Sequence,
    Side, Time,
};
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::Value;

#[path = "support/ending.rs"]
mod ending;
#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/keys.rs"]
mod keys;
#[path = "support/ports.rs"]
mod ports;
#[path = "support/process.rs"]
mod process;

use ending::terminated;
use exchange::ran_until_final;
use keys::{development_key, secret};
use ports::free;
use process::{ashlar, said};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
const CHAIN: u64 = 9_001;

/// A node that runs, with its log in a file.
struct Running {
    child: Child,
    api: SocketAddr,
    log: PathBuf,
}

impl Running {
    fn start(config: &Path, api: SocketAddr, log: PathBuf) -> Running {
        let file = fs::File::create(&log).expect("a log");
        let again = file.try_clone().expect("the same");
        let child = ashlar(["node", "--config"]).arg(config).stdout(file).stderr(Stdio::from(again)).spawn();
        Running { child: child.expect("starts"), api, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// At once and without a word, as a machine dies.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ends");
    }

    fn terminate(mut self) {
        let status = terminated(&mut self.child, PATIENCE);
        let status = status.unwrap_or_else(|| panic!("it does not stop: {}", self.log()));
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    async fn get(&self, path: &str) -> Option<Value> {
        RestClient::new(self.api).get(path).await.ok()
    }

    async fn text(&self, path: &str) -> String {
        let asked = RestClient::new(self.api).ask("GET", path, Default::default()).await;
        asked.map(|(_, body)| String::from_utf8_lossy(&body).into_owned()).unwrap_or_default()
    }

    async fn until(&self, what: &str, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.get(path).await;
            if let Some(value) = found.as_ref().filter(|value| holds(value)) {
                return value.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "waited for: {what}; {found:?}; {}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn metric(&self, name: &str) -> f64 {
        let text = self.text("/metrics").await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name}")).parse().expect("a number")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        let _ = self.child.kill();
    }
}

/// An exchange that `ashlar up` made and left, and its settlement contract.
fn left_behind(folder: &Path) -> String {
    let text = ran_until_final(folder.join("first"), 60, &[]);
    let line = text.lines().find(|line| line.starts_with("contracts")).expect("a line with the contracts");
    line.split_whitespace().last().expect("an address").to_owned()
}

/// The configuration of a node, its keys beside it; the key for L1 is in a file that may not be there yet.
fn configured(folder: &Path, name: &str, l1: (&str, &str), api: SocketAddr, more: &str) -> PathBuf {
    let receipts = folder.join(format!("{name}.receipts.key"));
    secret(&receipts, &development_key(name));
    let (data, key, path) =
        (folder.join(name), folder.join(format!("{name}.l1.key")), folder.join(format!("{name}.toml")));
    let ((url, settlement), gateway, admin) = (l1, free(), free());
    let text = format!(
        "[node]\nprofile = \"development\"\ndata = {data:?}\nkey_file = {receipts:?}\n\
         [l1]\nendpoints = [\"{url}\"]\nchain_id = {CHAIN}\nsettlement = \"{settlement}\"\nkey_file = {key:?}\npoll_ms = 50\n\
         [batch]\nage_ms_max = 400\n[check]\ninterval_ms = 500\n[prover]\nkind = \"execute-only\"\n\
         [api]\nlisten = \"{api}\"\ngateway = \"{gateway}\"\nadmin = \"{admin}\"\n{more}"
    );
    fs::write(&path, text).expect("written");
    path
}

/// A snapshot of a batch that L1 does not hold, as a life leaves it whose chain L1 has left: whole, and later than all that L1 has.
fn left_by_another_life(data: PathBuf, settlement: &str) {
    let settlement: alloy::primitives::Address = settlement.parse().expect("an address");
    let exchange = Deployment { chain_id: CHAIN, settlement: Address(settlement.0.0) };
    let config = runtime::Config::new().with_storage_directory(data).with_worker_threads(1);
    let written = std::thread::spawn(move || {
        runtime::Runner::new(config).start(|context| async move {
            let genesis = Genesis { house_owner: Address([7; 20]), time: Time::new(1_000).expect("a time") };
            let (capture, header) = Capture::new(exchange, &genesis);
            let (number, next_sequence) = (BatchNumber::new(1_000_000), Sequence::new(1 << 40));
            let header = BatchHeader { number, next_sequence, ..header };
            let leaves = capture.leaves().count() as u64;
            let head = SnapshotHead { header, epoch: Epoch::new(0), block: L1Block::default(), leaves };
            let store = SnapshotStore::new(context.child("left"), "ashlar-snapshots");
            store.write(&head, capture.leaves()).await.expect("written");
        });
    });
    written.join().expect("written");
}

/// One of the traders that the exchange was made with.
async fn trader(node: &Running, settlement: &str) -> Trader {
    let wallet = WalletSecret::new(&development_key("wallet of trader 0")).expect("a key");
    let owner = alloy::hex::encode_prefixed(wallet.address().0);
    let accounts = node.get(&format!("/v1/owners/{owner}/accounts")).await.expect("answers");
    let account = accounts[0].as_u64().and_then(|account| u32::try_from(account).ok());
    let account = account.unwrap_or_else(|| panic!("no account: {accounts}"));
    let facts = node.get(&format!("/v1/accounts/{account}")).await.expect("answers");
    let key = &facts["keys"][0];
    let number = |value: &Value| {
        let text = value.as_str().map(str::to_owned).unwrap_or_else(|| value.to_string());
        text.parse::<u64>().unwrap_or_else(|_| panic!("no number: {facts}"))
    };
    let settlement: alloy::primitives::Address = settlement.parse().expect("an address");
    let exchange = Deployment { chain_id: CHAIN, settlement: Address(settlement.0.0) }.exchange_id();
    let secret = SessionSecret::new(&development_key("session of trader 0")).expect("a key");
    let account = AccountId::new(account).expect("an account");
    let epoch = u32::try_from(number(&key["epoch"])).expect("an epoch");
    Trader::new(exchange, account, KeySlot::FIRST, epoch, secret, number(&key["nonce"]))
}

/// Rests one order far from the market; the number of its command.
async fn trade(node: &Running, trader: &mut Trader) -> Result<u64, String> {
    trade_at(node, trader, 200_000).await
}

async fn trade_at(node: &Running, trader: &mut Trader, price: u64) -> Result<u64, String> {
    let heard = node.get("/v1/tip").await.and_then(|tip| tip["time"].as_u64()).unwrap_or(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis() as u64;
    let price = Price::new(price).expect("a price");
    let order = NewOrder::limit(MarketId::FIRST, Side::Buy, price, Lots::new(1).expect("lots"));
    let not_after = Time::new(heard.max(now) + 50_000).expect("a time");
    let signed = trader.sign(vec![Order::Place(order)], not_after).expect("signed");
    let answered = RestClient::new(node.api).submit(&signed).await.map_err(|error| error.to_string())?;
    let receipt = answered.receipts.first().expect("a receipt");
    assert_eq!(receipt.reason, "resting", "{receipt:?}");
    Ok(receipt.sequence.0)
}

fn promote(config: &Path, more: &[&str]) -> (bool, String) {
    let output = ashlar(["promote", "--config"]).arg(config).args(more).output().expect("runs");
    (output.status.success(), said(&output))
}

#[test]
fn a_follower_takes_over_from_a_sequencer_that_is_killed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(story());
}

async fn story() {
    let kept = tempfile::tempdir().expect("a folder");
    let folder = kept.path();
    let settlement = left_behind(folder);
    // A client of L1 looks back over 255 blocks: on a busy machine, much happens in so many.
    let every = Duration::from_millis(200);
    let chain = Devnet::start(&Config {
        record: Some(folder.join("first/l1-blocks")),
        mining: Mining::Every { busy: every, idle: every },
        ..Config::default()
    })
    .expect("replays");
    let (url, operator) = (chain.url(), DEVELOPMENT_ACCOUNTS[0].development_key);
    let apis = [free(), free()];
    let first = configured(folder, "first", (&url, &settlement), apis[0], "");
    secret(folder.join("first.l1.key"), &operator);
    // Any half of the folders is enough.
    let sources = [folder.join("first/da-1"), folder.join("first/da-2")].map(|path| path.display().to_string());
    let more = format!("[source]\nfolders = \"{}\"\n", sources.join(","));
    let second = configured(folder, "second", (&url, &settlement), apis[1], &more);
    let text = fs::read_to_string(&second).expect("read");
    fs::write(&second, text.replacen("[node]\n", "[node]\nmode = \"following\"\n", 1)).expect("written");

    let leader = Running::start(&first, apis[0], folder.join("first.log"));
    leader.until("the first node", "/v1/venue", |venue| venue["mode"] == "standard").await;
    left_by_another_life(folder.join("second"), &settlement);
    let follower = Running::start(&second, apis[1], folder.join("second.log"));
    let venue = follower.until("the follower", "/v1/venue", |venue| venue["mode"] == "following").await;
    assert!(venue["proofs"].as_str().is_some_and(|proofs| proofs.contains("follows")), "{venue}");

    let mut one = trader(&leader, &settlement).await;
    it_follows_live(&leader, &follower, &mut one).await;
    what_batches_changed_is_given_out(folder, (&url, &settlement), &leader).await;
    let leader =
        it_begins_anew_where_l1_left_what_it_followed(&chain, folder, &first, leader, &follower, &settlement).await;
    let mut one = trader(&leader, &settlement).await;
    let last = it_follows_live(&leader, &follower, &mut one).await;
    let refused = trade(&follower, &mut one.clone()).await.expect_err("it takes no messages");
    assert!(refused.contains("follows"), "{refused}");

    let (done, text) = promote(&second, &[]);
    assert!(!done && text.contains("--other-is-gone"), "{text}");
    let (done, text) = promote(&second, &["--other-is-gone"]);
    assert!(!done && text.contains("second.l1.key"), "the operator's key was not given yet: {text}");
    secret(folder.join("second.l1.key"), &operator);
    leader.kill();
    let begun = Instant::now();
    loop {
        let (done, text) = promote(&second, &["--other-is-gone", "--json"]);
        if done {
            let told: serde_json::Value = serde_json::from_str(&text).expect("one JSON object");
            assert!(
                told["done"].as_str().is_some_and(|done| done.contains("orders from the command after batch")),
                "{text}"
            );
            break;
        }
        // What the killed one had sent may be on its way yet.
        assert!(text.contains("on their way") || text.contains("has followed"), "{text}");
        assert!(begun.elapsed() < PATIENCE, "{text}; {}", follower.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    follower.until("it orders", "/v1/venue", |venue| venue["mode"] == "standard").await;

    // Trading goes on, from the state that was followed, and becomes final.
    let mut again = trader(&follower, &settlement).await;
    let sequence = trade(&follower, &mut again).await.expect("it takes messages");
    assert!(sequence > last, "{sequence} after {last}");
    let path = format!("/v1/commands/{sequence}/batch");
    follower.until("the trade is final", &path, |batch| batch["stage"] == "final").await;
    let health = follower.text("/health").await;
    assert!(follower.metric("ashlar_divergence").await == 0.0, "{health}");
    let log = fs::read_to_string(folder.join("second/admin-audit.log")).expect("an audit log");
    assert!(log.contains("promote") && log.contains("done: this node orders"), "{log}");
    follower.terminate();
    everything_stands(folder, &url, &settlement);

    // It stays what it was told to be, whatever its configuration says.
    let restarted = Running::start(&second, apis[1], folder.join("third.log"));
    restarted.until("it orders again", "/v1/venue", |venue| venue["mode"] == "standard").await;
    let tip = restarted.get("/v1/tip").await.expect("answers");
    restarted.terminate();
    an_empty_folder_is_filled_from_l1_before_anything_is_ordered(folder, (&url, &settlement), &tip).await;
}

/// A sequencer whose machine is new, with nothing but the configuration and the keys.
async fn an_empty_folder_is_filled_from_l1_before_anything_is_ordered(
    folder: &Path,
    (url, settlement): (&str, &str),
    tip: &Value,
) {
    let operator = DEVELOPMENT_ACCOUNTS[0].development_key;
    // Nobody who has the data is named, so there is no state to go on from: it does not begin a second time.
    let api = free();
    let lost = configured(folder, "lost", (url, settlement), api, "[source]\ncalldata = false\n");
    secret(folder.join("lost.l1.key"), &operator);
    let output = ashlar(["node", "--config"]).arg(&lost).output().expect("runs");
    let text = said(&output);
    assert!(!output.status.success() && text.contains("a second beginning is never ordered"), "{text}");
    assert!(!folder.join("lost/ashlar-journal").exists(), "nothing was begun");

    let api = free();
    let third = configured(folder, "third", (url, settlement), api, "");
    secret(folder.join("third.l1.key"), &operator);
    let node = Running::start(&third, api, folder.join("new.log"));
    node.until("the new machine", "/v1/venue", |venue| venue["mode"] == "standard").await;
    let log = node.log();
    assert!(log.contains("the state was rebuilt from a checkpoint, published data and L1"), "{log}");
    let now = node.get("/v1/tip").await.expect("answers");
    assert_eq!(now["next"], tip["next"], "every command that was final is in the state");
    let mut again = trader(&node, settlement).await;
    let sequence = trade(&node, &mut again).await.expect("it takes messages");
    node.until("it is final", &format!("/v1/commands/{sequence}/batch"), |batch| batch["stage"] == "final").await;
    node.terminate();

    // Its newest checkpoint is damaged and its journal is gone: an older one, or what was published, is as good.
    fs::remove_dir_all(folder.join("third/ashlar-journal")).expect("removed");
    fs::remove_dir_all(folder.join("third/ashlar-batches")).expect("removed");
    for entry in fs::read_dir(folder.join("third/ashlar-snapshots")).expect("listed") {
        let path = entry.expect("listed").path();
        let mut bytes = fs::read(&path).expect("read");
        let last = bytes.len() - 9;
        bytes[last] ^= 1;
        fs::write(&path, bytes).expect("written");
    }
    let node = Running::start(&third, api, folder.join("damaged.log"));
    node.until("it is there again", "/v1/venue", |venue| venue["mode"] == "standard").await;
    let log = node.log();
    assert!(log.contains("a checkpoint was passed over"), "{log}");
    let now = node.get("/v1/tip").await.expect("answers");
    let next = now["next"].as_str().and_then(|next| next.parse::<u64>().ok());
    assert!(next > Some(sequence), "what was traded since is there too: {now}");
    node.terminate();
}

/// A recovery goes by the diffs that a node serves as far as batches are final, and comes to the same state as one that executes everything.
async fn what_batches_changed_is_given_out(folder: &Path, (url, settlement): (&str, &str), node: &Running) {
    let last = node.get("/v1/batches/last?stage=final").await.expect("answers");
    let last = last["number"].as_str().expect("a number").to_owned();
    let recover = |name: &str, more: &[&str]| {
        let mut recover = ashlar(["recover", "--json", "--l1", url, "--settlement", settlement, "--upto", &last]);
        for data in ["first/da-0", "first/da-2"] {
            recover.arg("--da").arg(folder.join(data));
        }
        let output = recover.arg("--into").arg(folder.join(name)).args(more).output().expect("runs");
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice::<Value>(&output.stdout).expect("one JSON object")
    };
    let executed = recover("executed", &[]);
    assert_eq!((&executed["by_diffs"], &executed["batches"].to_string()), (&Value::from(0), &last));
    let quick = recover("quick", &["--diffs", &format!("http://{}", node.api)]);
    assert_eq!((&quick["by_diffs"].to_string(), &quick["batches"]), (&last, &Value::from(0)), "{quick}");
    assert_eq!(quick["state_root"], executed["state_root"]);
}

/// What a node keeps of its own: what it published stays published, and the record of L1's blocks is not the node's.
fn is_its_own(name: &str) -> bool {
    !name.starts_with("da-") && name != "l1-blocks"
}

fn copy_own(from: &Path, to: &Path, is_top: bool) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        let (path, name) = (entry.path(), entry.file_name());
        if is_top && !name.to_str().is_some_and(is_its_own) {
            continue;
        }
        if path.is_dir() {
            copy_own(&path, &to.join(name), false);
        } else {
            fs::copy(&path, to.join(name)).expect("copied");
        }
    }
}

fn remove_own(from: &Path) {
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        if entry.file_name().to_str().is_some_and(is_its_own) {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
        }
    }
}

/// L1 leaves the blocks in which batches were committed that were followed, and the sequencer, put back to what it was before them, orders something
/// else in their place. Whoever followed begins anew by itself, and follows what L1 holds now.
async fn it_begins_anew_where_l1_left_what_it_followed(
    chain: &Devnet,
    folder: &Path,
    config: &Path,
    leader: Running,
    follower: &Running,
    settlement: &str,
) -> Running {
    let api = leader.api;
    leader.terminate();
    let (data, before) = (folder.join("first"), folder.join("before"));
    copy_own(&data, &before, true);
    let leader = Running::start(config, api, folder.join("left.log"));
    leader.until("it is there again", "/v1/venue", |venue| venue["mode"] == "standard").await;
    // L1 never leaves what it called final, so for a while it calls nothing more so.
    chain.pin_tags(Some(Tags { safe_behind: 2, finalized_behind: 4 })).await.expect("pinned");
    let fork = chain.head().await.expect("a head").number;
    let mut one = trader(&leader, settlement).await;
    // One batch is enough, and quick: a client of L1 looks back over so many blocks and no further.
    let command = trade(&leader, &mut one).await.expect("it takes messages");
    let path = format!("/v1/commands/{command}/batch");
    follower.until("it is followed", &path, |batch| batch["commit"].is_object()).await;
    let followed = follower.get("/v1/tip").await.expect("answers");
    leader.kill();
    let depth = chain.head().await.expect("a head").number - fork;
    chain.reorganise(depth, depth + 1, Orphaned::Dropped).await.expect("reorganised");
    remove_own(&data);
    copy_own(&before, &data, true);
    chain.pin_tags(None).await.expect("they trail the head again");
    let leader = Running::start(config, api, folder.join("other.log"));
    leader.until("it is put back", "/v1/venue", |venue| venue["mode"] == "standard").await;
    let mut one = trader(&leader, settlement).await;
    let begun = Instant::now();
    while !follower.log().contains("beginning anew from L1") {
        assert!(begun.elapsed() < PATIENCE, "{followed}; {}; {}", follower.log(), leader.log());
        // Another order: the same one at the same time would be the same batch again.
        trade_at(&leader, &mut one, 200_100).await.expect("it takes messages");
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    assert!(follower.log().contains("L1 left the blocks of a batch that was followed"), "{}", follower.log());
    follower.until("it follows again", "/v1/venue", |venue| venue["mode"] == "following").await;
    leader
}

/// Trades with one and sees the other come to the same headers, and both measure themselves; the last command.
async fn it_follows_live(leader: &Running, follower: &Running, trader: &mut Trader) -> u64 {
    let mut last = 0;
    for _ in 0..12 {
        last = trade(leader, trader).await.expect("it takes messages");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let path = format!("/v1/commands/{last}/batch");
    let batch = leader.until("the batch", &path, |batch| batch["commit"].is_object()).await;
    let same = follower.until("it is followed", &path, |same| same["commit"].is_object()).await;
    assert_eq!((&batch["hash"], &batch["header"]), (&same["hash"], &same["header"]), "the same root, word for word");
    assert!(follower.metric("ashlar_recovery_milliseconds").await > 0.0);
    assert!(follower.metric("ashlar_follow_seconds_count").await > 2.0);
    assert!(follower.metric("ashlar_checks_total").await > 1.0);
    assert_eq!(follower.metric("ashlar_divergence").await, 0.0);
    assert_eq!(leader.metric("ashlar_divergence").await, 0.0);
    last
}

/// Whoever trusts neither of them finds nothing wrong with what both did.
fn everything_stands(folder: &Path, url: &str, settlement: &str) {
    let mut verify = ashlar(["verify", "--json", "--l1", url, "--settlement", settlement]);
    for data in ["first/da-0", "first/da-2", "second/da-0", "second/da-2"] {
        verify.arg("--da").arg(folder.join(data));
    }
    let output = verify.output().expect("runs");
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("\"clean\":true"), "{}", said(&output));
}
