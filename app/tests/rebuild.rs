//! An auditor and an empty machine, with nothing but what a stopped exchange left on L1 and in its folders of data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use alloy::primitives::{Address, B256};
use alloy::providers::ProviderBuilder;
use ashlar_contracts::abi::ISettlement;
use ashlar_devnet::{Config, Devnet};
use serde_json::Value;

/// Where the runtime's storage begins the content of a file.
const BEGINNING: usize = 4_096;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-rebuild-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Folder(path)
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn ashlar<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ashlar")).args(arguments).output().expect("runs")
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The lines of a report and whether it was a success.
fn audit(data: &Path) -> (bool, Vec<Value>) {
    let output = ashlar([Path::new("verify"), Path::new("--data"), data, Path::new("--json")]);
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!lines.is_empty(), "{}", said(&output));
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    (output.status.success(), lines)
}

fn findings(lines: &[Value]) -> Vec<(u64, String)> {
    let found = lines.iter().filter_map(|line| Some((line["batch"].as_u64()?, line["finding"].as_str()?.to_owned())));
    found.collect()
}

fn recover(data: &Path, into: &Path, more: &[&Path]) -> Value {
    let mut arguments = vec![Path::new("recover"), Path::new("--json"), Path::new("--data"), data];
    arguments.extend([Path::new("--into"), into]);
    arguments.extend(more);
    let output = ashlar(arguments);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Copies the files of one folder of data.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let entry = entry.expect("listed");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

/// The same exchange with only some of its folders of data.
fn with_data(exchange: &Folder, name: &str, folders: &[&str]) -> Folder {
    let other = Folder::new(name);
    fs::create_dir_all(&other.0).expect("made");
    fs::copy(exchange.join("l1-blocks"), other.join("l1-blocks")).expect("copied");
    folders.iter().for_each(|folder| copy(&exchange.join(folder), &other.join(folder)));
    other
}

/// Changes one byte of each share in a folder.
fn alter(folder: &Path) {
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("listed").path();
        let mut bytes = fs::read(&path).expect("read");
        // Behind version and layout, where the manifest's digests are.
        bytes[BEGINNING + 16] ^= 1;
        fs::write(&path, bytes).expect("written");
    }
}

#[test]
fn an_exchange_is_audited_and_rebuilt_from_l1_and_data_alone() {
    let exchange = Folder::new("exchange");
    let output = ashlar([
        "up",
        "--api",
        "127.0.0.1:0",
        "--block-ms",
        "100",
        "--batch-ms",
        "400",
        "--traders",
        "4",
        "--rate",
        "200",
        "--until-final",
        "--data",
        &exchange.0.display().to_string(),
    ]);
    assert!(output.status.success(), "{}", said(&output));

    let (clean, lines) = audit(&exchange.0);
    let summary = lines.last().expect("a summary");
    assert!(clean && summary["clean"] == true, "{lines:?}");
    assert!(summary["batches"].as_u64() > Some(0) && summary["batches"] == summary["committed"], "{summary}");
    assert!(summary["commands"].as_u64() > Some(0) && summary["final"].as_u64() > Some(0), "{summary}");
    let bytes_of_l1 = fs::read(exchange.join("l1-blocks")).expect("read");

    any_half_of_the_folders_is_enough(&exchange, summary);
    calldata_alone_is_enough(&exchange, summary);
    every_batch_is_archived_and_found(&exchange, summary);
    what_is_missing_or_altered_is_named(&exchange);
    the_state_is_rebuilt(&exchange, summary);
    assert!(bytes_of_l1 == fs::read(exchange.join("l1-blocks")).expect("read"), "an auditor changes nothing");
}

fn any_half_of_the_folders_is_enough(exchange: &Folder, whole: &Value) {
    for half in [["da-0", "da-1"], ["da-1", "da-3"]] {
        let (clean, lines) = audit(&with_data(exchange, "half", &half).0);
        let summary = lines.last().expect("a summary");
        assert!(clean && summary["state_root"] == whole["state_root"], "{lines:?}");
    }
}

/// No folder at all: L1 has the bytes, since this exchange commits with them.
fn calldata_alone_is_enough(exchange: &Folder, whole: &Value) {
    let bare = with_data(exchange, "bare", &[]);
    let data = bare.0.display().to_string();
    let output = ashlar(["verify", "--data", &data, "--calldata", "--json"]);
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary: Value = serde_json::from_str(lines.lines().last().expect("a summary")).expect("JSON");
    assert!(output.status.success() && summary["state_root"] == whole["state_root"], "{}", said(&output));
}

fn every_batch_is_archived_and_found(exchange: &Folder, whole: &Value) {
    let into = Folder::new("archive");
    let (data, archive) = (exchange.0.display().to_string(), into.0.display().to_string());
    let place = ["--archive", &archive, "--hot-seconds", "0", "--segment", "2", "--json"];
    let told = |arguments: &[&str]| -> Value {
        let output = ashlar([&["archive"][..], arguments, &place].concat());
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let added = told(&["add", "--data", &data]);
    assert_eq!(added["batches"], whole["committed"]);
    // The exchange's clock may be ahead of this machine's, and only what lies in the past is old enough to be packed.
    let (mut packed, mut looks) = (added["packed"].as_u64().unwrap_or(0), 0);
    while packed == 0 && looks < 120 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        let again = told(&["add", "--data", &data]);
        assert_eq!(again["added"], 0, "everything is there already");
        (packed, looks) = (again["packed"].as_u64().unwrap_or(0), looks + 1);
    }
    assert!(packed > 0, "{added}");
    let out = into.join("batch.bin");
    let found = told(&["get", "--sequence", "1", "--out", &out.display().to_string()]);
    assert_eq!((&found["root"], &found["batches"]), (&added["root"], &added["batches"]));
    assert_eq!(found["bytes"].as_u64(), fs::metadata(&out).ok().map(|of| of.len()));
    let again = told(&["get", "--hash", found["content_hash"].as_str().expect("a hash")]);
    assert_eq!(again["batch"], found["batch"]);
}

fn what_is_missing_or_altered_is_named(exchange: &Folder) {
    let (clean, lines) = audit(&with_data(exchange, "quarter", &["da-2"]).0);
    let found = findings(&lines);
    assert!(!clean && lines.last().expect("a summary")["clean"] == false, "{lines:?}");
    let (batch, finding) = found.first().expect("a finding");
    assert!(finding.starts_with(&format!("batch {batch}: its data is withheld")), "{finding}");
    assert!(finding.contains("rows of the"), "what is missing is counted: {finding}");

    let altered = with_data(exchange, "altered", &["da-0", "da-1", "da-2", "da-3"]);
    ["da-0", "da-1", "da-2", "da-3"].iter().for_each(|folder| alter(&altered.join(folder)));
    let (clean, lines) = audit(&altered.0);
    let found = findings(&lines);
    assert!(!clean && found.first().is_some_and(|(batch, _)| *batch == 1), "{lines:?}");
    let blamed = lines.iter().filter(|line| line["folder"].is_string() && line["batch"] == 1).count();
    assert_eq!(blamed, 4, "each folder is named: {lines:?}");

    // A half that is right is enough beside a half that is wrong.
    let half = with_data(exchange, "wrong-half", &["da-0", "da-1", "da-2", "da-3"]);
    ["da-0", "da-2"].iter().for_each(|folder| alter(&half.join(folder)));
    let (clean, lines) = audit(&half.0);
    assert!(clean && lines.iter().any(|line| line["folder"].is_string()), "{lines:?}");
}

fn the_state_is_rebuilt(exchange: &Folder, audited: &Value) {
    let into = Folder::new("into");
    let (first, second) = (into.join("first.dump"), into.join("second.dump"));
    let told = recover(&exchange.0, &into.join("first"), &[Path::new("--dump"), &first]);
    for field in ["batch", "header_hash", "state_root"] {
        assert_eq!(told[field], audited[field], "{field}");
    }
    assert_eq!(told["batches"], audited["committed"]);
    let (committed, hash, finalized, state) = kept(exchange, &audited["settlement"]);
    assert_eq!((&told["batch"], &told["header_hash"]), (&Value::from(committed), &Value::from(hash.to_string())));
    let upto = finalized.to_string();
    let earlier = recover(&exchange.0, &into.join("earlier"), &[Path::new("--upto"), Path::new(&upto)]);
    assert_eq!((&earlier["batch"], &earlier["state_root"]), (&Value::from(finalized), &Value::from(state.to_string())));

    let again = recover(&exchange.0, &into.join("first"), &[Path::new("--dump"), &second]);
    assert_eq!(
        (&again["batches"], &again["begun_at"]),
        (&Value::from(0), &audited["batch"]),
        "it begins at its snapshot"
    );
    let (first, second) = (fs::read(first).expect("read"), fs::read(second).expect("read"));
    assert!(!first.is_empty() && first == second, "byte for byte");
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count() as u64, told["leaves"].as_u64().expect("a number"));
}

/// What the contract itself keeps: its last batch with the hash of its header, and its last final one with the state after it.
fn kept(exchange: &Folder, settlement: &Value) -> (u64, B256, u64, B256) {
    let copy = with_data(exchange, "kept", &[]);
    let config = Config { record: Some(copy.join("l1-blocks")), ..Config::default() };
    let chain = Devnet::start(&config).expect("replays");
    let settlement: Address = settlement.as_str().expect("an address").parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let l1 = ProviderBuilder::new().connect_http(chain.url().parse().expect("a URL"));
        let contract = ISettlement::new(settlement, l1);
        let committed = contract.committed().call().await.expect("answers");
        let hash = contract.headerHash(committed).call().await.expect("answers");
        let finalized = contract.finalized().call().await.expect("answers");
        let state = contract.finalizedState().call().await.expect("answers");
        (committed, hash, finalized, state)
    })
}

#[test]
fn what_is_not_said_is_asked_for() {
    for (arguments, word) in [
        (vec!["verify"], "--l1"),
        (vec!["verify", "--l1", "http://127.0.0.1:1"], "--settlement"),
        (vec!["recover", "--data", "x"], "--into"),
    ] {
        let output = ashlar(arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(word), "{}", said(&output));
    }
    let output = ashlar(["verify", "--data", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("/nowhere/at/all"), "{}", said(&output));
}
