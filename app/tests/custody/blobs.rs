//! Batches in blobs, found again as long as L1 has these.

use std::fs;

use ashlar_devnet::{Config, Devnet};

use super::exchange::ran_until_final;
use super::parts::{Folder, ashlar, clean, finding, recover, said};

#[test]
fn blobs_give_batches_back_while_they_are_kept_and_what_is_missing_is_said() {
    let folder = Folder::new("blobs");
    let data = folder.path("exchange");
    ran_until_final(&data, 60, &["--publish", "blobs"]);
    let whole = clean(&["--data", &data]);
    let committed = whole["committed"].as_u64().expect("a number");
    assert!(committed > 1 && whole["data_blobs"] == whole["committed"], "{whole}");

    // L1 alone: its blocks and its blobs.
    let alone = folder.path("alone");
    fs::create_dir_all(&alone).expect("made");
    fs::copy(format!("{data}/l1-blocks"), format!("{alone}/l1-blocks")).expect("copied");
    let summary = clean(&["--data", &alone, "--blobs"]);
    assert_eq!((&summary["state_root"], &summary["batches"]), (&whole["state_root"], &whole["committed"]));
    let told = recover(&folder.path("recovered"), &["--data", &alone, "--blobs"]);
    assert_eq!(told["state_root"], whole["state_root"]);
    let why = finding(&["--data", &alone, "--calldata"]);
    assert!(why.contains("in blobs, which --blobs and --beacon read"), "{why}");

    // A node that has forgotten all but the newest.
    let record = folder.0.join("aged");
    fs::copy(format!("{data}/l1-blocks"), &record).expect("copied");
    let chain = Devnet::start(&Config { record: Some(record), ..Config::default() }).expect("replays");
    let (url, settlement) = (chain.url(), whole["settlement"].as_str().expect("an address").to_owned());
    let asked = ["--l1", &url, "--settlement", &settlement, "--beacon", &url];
    assert_eq!(clean(&asked)["state_root"], whole["state_root"], "over the network, as of any beacon node");
    chain.forget_blobs(1);
    let why = finding(&asked);
    assert!(why.starts_with("batch 1: its data is withheld"), "{why}");
    assert!(why.contains("its commit left it in blobs, which --blobs and --beacon read as long as"), "{why}");

    let nobody = ashlar(["verify", "--l1", &url, "--settlement", &settlement, "--beacon", "http://127.0.0.1:1"]);
    assert!(!nobody.status.success() && said(&nobody).contains("correct --beacon"), "{}", said(&nobody));
}
