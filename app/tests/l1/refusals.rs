//! What is wrong is said in one sentence, and nothing is sent.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alloy::primitives::{Address, B256, U256};
use alloy::providers::Provider as _;
use alloy::signers::SignerSync as _;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolCall;
use ashlar_contracts::abi::{IBridge, IGovernance, ISettlement};
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Fault};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::chain::Chain;
use crate::command::{Folder, ashlar, ashlar_with};
use crate::world::{ALICE, BOB, OPERATOR, World, address, deploy, wallet};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Transactions of an account.
async fn nonce(world: &World, who: usize) -> u64 {
    world.l1().get_transaction_count(address(who)).await.expect("answers")
}

#[test]
fn each_mistake_has_its_sentence_and_sends_nothing() {
    runtime().block_on(async {
        let world = World::build("refusals", Chain::ethrex()).await;
        let (url, settlement) = (world.chain.url(), world.addresses.settlement.to_string());
        fs::write(world.path_of("poor"), "59".repeat(32)).expect("written");
        fs::write(world.path_of("broken"), "not a key").expect("written");
        let (poor, broken, key) = (world.path("poor"), world.path("broken"), world.path("key-1"));
        let nowhere = Address::repeat_byte(9).to_string();
        let bridge = world.addresses.bridge.to_string();
        let place = |settlement: &str, key: &str, more: &[&str]| {
            let mut line = vec!["deposit", "--l1", &url, "--settlement", settlement, "--key-file", key, "--asset", "0"];
            if !more.contains(&"--amount") {
                line.extend(["--amount", "1"]);
            }
            line.extend(more);
            ashlar(line).refused()
        };
        let before = nonce(&world, ALICE).await;
        for (said, words) in [
            (place(&settlement, &key, &["--chain-id", "1"]), vec!["serves chain 31337", "chain 1 is configured"]),
            (place(&nowhere, &key, &[]), vec!["no contract at", "settlement contract"]),
            (place(&bridge, &key, &[]), vec!["correct the address"]),
            (place(&settlement, &key, &[]), vec!["asset 0 is not listed", "no asset is, yet"]),
            (place(&settlement, &broken, &[]), vec!["is not a signing key", "broken"]),
            (place(&settlement, "/nowhere/key", &[]), vec!["/nowhere/key cannot be read"]),
            (
                world
                    .run(
                        ALICE,
                        &["withdraw", "--api", "127.0.0.1:1", "--account", "1", "--asset", "0", "--amount", "1"],
                    )
                    .refused(),
                vec!["asset 0 is not listed"],
            ),
            (
                world
                    .run_with_data(
                        ALICE,
                        &["exit", "--recipient", &nowhere, "--owner", &address(BOB).to_string()],
                        &[0],
                    )
                    .refused(),
                vec!["only", "may have somebody else paid"],
            ),
            (
                ashlar([
                    "cancel-all",
                    "--l1",
                    &url,
                    "--settlement",
                    &settlement,
                    "--key-file",
                    &poor,
                    "--account",
                    "1",
                ])
                .refused(),
                vec!["0 wei", "send it ether"],
            ),
            (
                ashlar(["l1", "status", "--l1", "http://127.0.0.1:1", "--settlement", &settlement]).refused(),
                vec!["127.0.0.1:1", "which chain it is"],
            ),
            (
                ashlar(["l1", "status", "--l1", &url, "--deployment", &world.path("terms.json")]).refused(),
                vec!["is not what `ashlar deploy` leaves"],
            ),
        ] {
            assert!(words.iter().all(|word| said.contains(word)), "{said} has not {words:?}");
        }
        assert_eq!(nonce(&world, ALICE).await, before, "nothing was sent");
        list_ether(&world).await;
        let too_much = place(&settlement, &key, &["--amount", "999999999"]);
        assert!(too_much.contains("nothing was sent") && too_much.contains("wei"), "{too_much}");
        let dust = place(&settlement, &key, &["--amount", "1u"]);
        assert!(dust.contains("in steps of 0.000000001"), "{dust}");
        assert_eq!(nonce(&world, ALICE).await, before, "nothing was sent");
    });
}

/// Lists ether as asset 0.
async fn list_ether(world: &World) {
    let data = IBridge::listAssetCall { asset: 0, token: Address::ZERO, scaleDigits: 9, totalMax: u64::MAX >> 2 };
    govern(world, world.addresses.bridge, data).await;
}

/// Has the timelock make a call.
async fn govern(world: &World, to: Address, call: impl SolCall) {
    let governance = IGovernance::new(world.addresses.governance, wallet(&world.chain.url(), OPERATOR));
    let data = call.abi_encode();
    let scheduled = governance.schedule(to, U256::ZERO, data.clone().into(), B256::ZERO).send().await;
    assert!(scheduled.expect("sent").get_receipt().await.expect("mined").status());
    let executed = governance.execute(to, U256::ZERO, data.into(), B256::ZERO).send().await;
    assert!(executed.expect("sent").get_receipt().await.expect("mined").status());
}

#[test]
fn a_deployment_that_was_changed_since_is_not_taken_for_what_the_terms_say() {
    runtime().block_on(async {
        let world = World::build("changed", Chain::ethrex()).await;
        let before = nonce(&world, OPERATOR).await;
        deploy(&world.chain, &world.folder).done();
        assert_eq!(nonce(&world, OPERATOR).await, before, "begun again it finds what it did");
        let operator = address(BOB);
        govern(&world, world.addresses.settlement, ISettlement::setOperatorCall { operator }).await;
        assert_eq!(nonce(&world, OPERATOR).await, before + 2);
        let refused = deploy(&world.chain, &world.folder).refused();
        for word in ["the settlement contract", "has operator", &operator.to_string(), "do not use it"] {
            assert!(refused.contains(word), "{refused} has not {word}");
        }
        assert_eq!(nonce(&world, OPERATOR).await, before + 2, "nothing was sent");
    });
}

#[test]
fn a_key_may_be_in_the_environment_and_what_is_wrong_with_it_is_said_without_showing_it() {
    runtime().block_on(async {
        let world = World::build("environment", Chain::ethrex()).await;
        list_ether(&world).await;
        let url = world.chain.url();
        let settlement = world.addresses.settlement.to_string();
        let line =
            ["deposit", "--l1", &url, "--settlement", &settlement, "--key-env", "ASHLAR_TEST_KEY", "--asset", "0"];
        let deposit = |key: Option<&str>| {
            ashlar_with(key.map(|key| ("ASHLAR_TEST_KEY", key)), line.into_iter().chain(["--amount", "1"]))
        };
        let missing = deposit(None).refused();
        assert!(missing.contains("ASHLAR_TEST_KEY"), "{missing}");
        let broken = deposit(Some("abc123 is no key")).refused();
        assert!(broken.contains("ASHLAR_TEST_KEY") && !broken.contains("abc123"), "{broken}");
        deposit(Some(&alloy::hex::encode(DEVELOPMENT_ACCOUNTS[ALICE].development_key))).done();
        assert_eq!(world.held(0).await, 1_000_000_000);
    });
}

fn what_production_refuses(url: &str, folder: &Folder, mut terms: Value) {
    let path = |name: &str| folder.join(name).display().to_string();
    let (key, into, file) = (path("key-0"), path("other"), path("terms.json"));
    let line = ["deploy", "--profile", "production", "--l1", url, "--key-file", &key, "--into", &into];
    let without = ashlar(line);
    assert_eq!(without.code, Some(2), "{}", without.errors);
    assert!(without.errors.contains("--terms"), "{}", without.errors);
    terms["profile"] = json!("production");
    fs::write(&file, terms.to_string()).expect("written");
    let lenient = ashlar(line.into_iter().chain(["--terms", &file])).refused();
    assert!(lenient.contains("needs verifiers that verify"), "{lenient}");
}

#[test]
fn a_deployment_that_was_stopped_goes_on_with_its_own_terms() {
    runtime().block_on(async {
        let devnet = Devnet::start(&Config { chain_id: 31_337, ..Config::default() }).expect("starts");
        let folder = Folder::new("stopped");
        let path = |name: &str| folder.join(name).display().to_string();
        for who in [OPERATOR, ALICE] {
            let key = alloy::hex::encode(DEVELOPMENT_ACCOUNTS[who].development_key);
            fs::write(folder.join(format!("key-{who}")), key).expect("written");
        }
        let url = devnet.url();
        let deploy = |more: &[&str], key: &str, seconds: &str| {
            let (key, into) = (path(key), path("exchange"));
            let mut line =
                vec!["deploy", "--profile", "dev", "--l1", &url, "--key-file", &key, "--into", &into, "--json"];
            line.extend(["--timeout", seconds]);
            line.extend(more);
            ashlar(line)
        };
        // Nobody mines, so the first step is sent and its block never comes.
        let stopped = deploy(&[], "key-0", "2").refused();
        assert!(stopped.contains("begin again, what is done stays done"), "{stopped}");
        let other = deploy(&[], "key-1", "2").refused();
        assert!(other.contains("was begun by"), "{other}");
        let mut terms: Value =
            serde_json::from_str(&ashlar(["deploy", "--profile", "dev", "--print-terms"]).out).expect("JSON");
        terms["deadline_s"] = json!(5);
        fs::write(folder.join("terms.json"), terms.to_string()).expect("written");
        let other = deploy(&["--terms", &path("terms.json")], "key-0", "2").refused();
        assert!(other.contains("other terms"), "{other}");
        what_production_refuses(&url, &folder, terms);

        let mining = async {
            loop {
                devnet.mine().await.expect("mines");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        // It goes on where it was, with an endpoint that takes some transactions and does not say so.
        for _ in 0..3 {
            devnet.fail(Fault::UnansweredBroadcast);
        }
        let url = devnet.url();
        let begun = tokio::task::spawn_blocking({
            let (key, into, url) = (path("key-0"), path("exchange"), url.clone());
            move || {
                ashlar(["deploy", "--profile", "dev", "--l1", &url, "--key-file", &key, "--into", &into, "--json"])
                    .done()
            }
        });
        let said =
            tokio::select! { said = begun => said.expect("runs"), () = mining => unreachable!("it mines for ever") };
        assert_eq!(said[0]["transactions"].as_object().expect("steps").len(), 9, "{said:?}");
        let l1 = wallet(&url, OPERATOR);
        let sent = l1.get_transaction_count(address(OPERATOR)).await.expect("answers");
        assert_eq!(sent, 9, "each step once");
    });
}

#[test]
fn a_remote_signer_signs_and_another_key_is_noticed() {
    runtime().block_on(async {
        let world = World::build("signer", Chain::ethrex()).await;
        list_ether(&world).await;
        let asked = Arc::new(AtomicU64::new(0));
        let counted = asked.clone();
        let answer = move |Json(question): Json<Value>| {
            counted.fetch_add(1, Ordering::Relaxed);
            async move {
                assert_eq!(question["method"], "ashlar_signHash");
                let key = PrivateKeySigner::from_slice(&DEVELOPMENT_ACCOUNTS[ALICE].development_key).expect("a key");
                let hash = serde_json::from_value(question["params"][1].clone()).expect("a hash");
                let signature = key.sign_hash_sync(&hash).expect("signs").as_bytes();
                let signature = alloy::hex::encode_prefixed(signature);
                Json(json!({ "jsonrpc": "2.0", "id": question["id"], "result": signature }))
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let signer = format!("http://{}/", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });

        let url = world.chain.url();
        let deposit = |account: String| {
            let (signer, url, file) = (signer.clone(), url.clone(), world.path("deployment.json"));
            tokio::task::spawn_blocking(move || {
                ashlar([
                    "deposit",
                    "--l1",
                    &url,
                    "--deployment",
                    &file,
                    "--asset",
                    "0",
                    "--amount",
                    "0.5",
                    "--json",
                    "--timeout",
                    "3",
                    "--signer",
                    &signer,
                    "--signer-account",
                    &account,
                ])
            })
        };
        let said = deposit(address(ALICE).to_string()).await.expect("runs").done();
        assert_eq!(said.last().expect("a line")["owner"], json!(address(ALICE)));
        assert!(asked.load(Ordering::Relaxed) >= 1);
        let other = deposit(address(BOB).to_string()).await.expect("runs").refused();
        assert!(other.contains("it signed as"), "{other}");
    });
}
