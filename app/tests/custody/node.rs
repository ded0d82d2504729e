//! A node over somebody else's L1, whose commits rest on custodians that the contracts know.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ashlar_api::admin::ActBody;
use ashlar_api::client::RestClient;
use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Mining};
use serde_json::Value;

use super::custodian::Custodian;
use super::parts::{Folder, PATIENCE, Running, ashlar, clean, development_key, finding, free, metric, said, until};

const COMMITTED: &str = "ashlar_batch_committed";

#[test]
fn a_node_commits_by_the_custodians_that_the_contracts_know() {
    let folder = Folder::new("node");
    let data = folder.path("data");
    let output = ashlar([
        "up",
        "--api",
        "127.0.0.1:0",
        "--block-ms",
        "400",
        "--batch-ms",
        "200",
        "--traders",
        "4",
        "--rate",
        "60",
        "--until-final",
        "--data",
        &data,
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let before = clean(&["--data", &data]);
    assert_eq!(before["data_custody"], 0, "{before}");

    let every = Duration::from_millis(100);
    let record = Some(folder.0.join("data/l1-blocks"));
    let mining = Mining::Every { busy: every, idle: every };
    let chain = Devnet::start(&Config { record, mining, ..Config::default() }).expect("replays");
    let custodians: Vec<Custodian> = (0..4).map(|index| Custodian::start(&folder, index)).collect();
    let urls: Vec<String> = custodians.iter().map(Custodian::url).collect();
    let settlement = before["settlement"].as_str().expect("an address").to_owned();
    let (api, admin) = (free(), free());
    let config = configured(&folder, &chain.url(), &settlement, [api, admin], &urls);
    let file = config.display().to_string();

    let log = folder.0.join("log");
    let mut node = Running::start(&["node", "--config", &file], &log);
    // What was ordered and not committed when the exchange stopped is committed now, and its data was never here before.
    let committed = before["committed"].as_u64().expect("a number");
    until(api, &log, COMMITTED, |now| now > committed);
    let built = metric(api, "ashlar_batch_built").expect("answers");
    until(api, &log, COMMITTED, |now| now >= built);
    node.interrupt();
    let url = chain.url();
    let mut asked = vec!["--l1", &url, "--settlement", &settlement, "--calldata"];
    // Half of the custodians have what is not on L1.
    asked.extend(["--da-node", &urls[0], "--da-node", &urls[2]]);
    let after = clean(&asked);
    assert!(after["data_custody"].as_u64() > Some(0), "{after}");
    assert_eq!(after["data_calldata"], before["data_calldata"], "{after}");

    // As a validium the same node goes on, and the operator gives it something to put into a batch.
    let mut node = Running::start(&["node", "--config", &file, "--set", "node.mode=validium"], &log);
    let committed = after["committed"].as_u64().expect("a number");
    assert_eq!(mode_once_halted(api, admin, &folder.0.join("data/admin-token")), "validium");
    until(api, &log, COMMITTED, |now| now > committed);
    node.interrupt();
    let l1_alone = ["--l1", &url, "--settlement", &settlement, "--calldata"];
    let asked = [&l1_alone[..], &["--da-node", &urls[1], "--da-node", &urls[3]]].concat();
    let last = clean(&asked);
    let custody = |summary: &Value| summary["data_custody"].as_u64();
    assert!(custody(&last) > custody(&after), "{last}");
    assert_eq!(last["data_calldata"], before["data_calldata"], "no byte of it is on L1: {last}");
    let why = finding(&l1_alone);
    assert!(why.contains("withheld") && why.contains("with custodians, whom --da-node names"), "{why}");

    what_cannot_be_counted_is_refused(&folder, &file, &urls);
}

fn what_cannot_be_counted_is_refused(folder: &Folder, file: &str, urls: &[String]) {
    let strangers: Vec<Custodian> = (7..9).map(|index| Custodian::start(folder, index)).collect();
    let named = format!("{},{},{},{}", urls[0], urls[1], strangers[0].url(), strangers[1].url());
    for (set, words) in [
        (format!("da.custodians={named}"), "L1 asks for 3 signatures and counts those of 2 of them"),
        ("da.target=elsewhere".to_owned(), "it must be one of calldata, blobs, custody, auto"),
    ] {
        let output = ashlar(["node", "--set", &set, "--config", file]);
        assert_eq!(output.status.code(), Some(1), "{set}: {}", said(&output));
        assert!(said(&output).contains(words), "{set}: {}", said(&output));
    }
}

/// Halts a market as soon as there is somebody who does it, and tells what kind of node that is.
fn mode_once_halted(api: SocketAddr, admin: SocketAddr, token: &Path) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let begun = Instant::now();
        loop {
            let token = fs::read_to_string(token).unwrap_or_default();
            let mut operator = RestClient::with_token(admin, token.trim());
            match operator.post::<Value>("/admin/act", &ActBody::Halt { market: 0 }).await {
                Ok(_) => break,
                Err(error) => assert!(begun.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let venue: Value = RestClient::new(api).get("/v1/venue").await.expect("answers");
        venue["mode"].as_str().expect("a word").to_owned()
    })
}

fn configured(
    folder: &Folder,
    chain: &str,
    settlement: &str,
    [api, admin]: [SocketAddr; 2],
    urls: &[String],
) -> PathBuf {
    let receipts = folder.secret("receipts.key", &development_key("sequencer"));
    let submitter = folder.secret("l1.key", &DEVELOPMENT_ACCOUNTS[0].development_key);
    let writer = folder.secret("writer.key", &development_key("da writer"));
    let gateway = free();
    let (data, path) = (folder.0.join("data"), folder.0.join("node.toml"));
    let custodians = urls.join(",");
    let text = format!(
        "[node]\nprofile = \"development\"\ndata = {data:?}\nkey_file = {receipts:?}\n\
         [l1]\nendpoints = [\"{chain}\"]\nchain_id = 9001\nsettlement = \"{settlement}\"\nkey_file = {submitter:?}\npoll_ms = 50\n\
         [da]\ntarget = \"custody\"\ncustodians = \"{custodians}\"\nwriter_key_file = {writer:?}\nconfirmed_min = 3\n\
         [prover]\nkind = \"execute-only\"\n\
         [api]\nlisten = \"{api}\"\ngateway = \"{gateway}\"\nadmin = \"{admin}\"\n"
    );
    fs::write(&path, text).expect("written");
    path
}
