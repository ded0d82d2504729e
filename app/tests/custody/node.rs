//! A node over somebody else's L1, whose commits rest on custodians that the contracts know.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Mining};

use super::custodian::Custodian;
use super::parts::{Folder, Running, ashlar, clean, development_key, free, metric, said, until};

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
    let api = free();
    let config = configured(&folder, &chain.url(), &settlement, &api.to_string(), &urls);
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

    what_cannot_be_counted_is_refused(&folder, &file, &urls);
}

fn what_cannot_be_counted_is_refused(folder: &Folder, file: &str, urls: &[String]) {
    let strangers: Vec<Custodian> = (7..9).map(|index| Custodian::start(folder, index)).collect();
    let named = format!("{},{},{},{}", urls[0], urls[1], strangers[0].url(), strangers[1].url());
    for (set, words) in [
        (format!("da.custodians={named}"), "L1 asks for 3 signatures and counts those of 2 of them"),
        ("node.mode=validium".to_owned(), "a validium gives its data to no custodian"),
        ("da.target=elsewhere".to_owned(), "it must be one of calldata, blobs, custody, auto"),
    ] {
        let output = ashlar(["node", "--set", &set, "--config", file]);
        assert_eq!(output.status.code(), Some(1), "{set}: {}", said(&output));
        assert!(said(&output).contains(words), "{set}: {}", said(&output));
    }
}

fn configured(folder: &Folder, chain: &str, settlement: &str, api: &str, urls: &[String]) -> PathBuf {
    let receipts = folder.secret("receipts.key", &development_key("sequencer"));
    let submitter = folder.secret("l1.key", &DEVELOPMENT_ACCOUNTS[0].development_key);
    let writer = folder.secret("writer.key", &development_key("da writer"));
    let [gateway, admin] = [free(), free()];
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
