//! An auditor and an empty machine, with nothing but what a stopped exchange left on L1 and in its folders of data.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use alloy::primitives::{Address, B256};
use alloy::providers::ProviderBuilder;
use ashlar_contracts::abi::ISettlement;
use ashlar_devnet::{Config, Devnet};
use serde_json::Value;

#[path = "support/exchange.rs"]
mod exchange;
#[path = "support/process.rs"]
mod process;

use exchange::ran_until_final;
use process::said;

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
    process::ashlar(arguments).output().expect("runs")
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
        // Behind version and layout, where the manifest's digests are. What was about to be written when the exchange stopped has none yet.
        if let Some(byte) = bytes.get_mut(BEGINNING + 16) {
            *byte ^= 1;
            fs::write(&path, bytes).expect("written");
        }
    }
}

#[test]
fn an_exchange_is_audited_and_rebuilt_from_l1_and_data_alone() {
    let exchange = Folder::new("exchange");
    ran_until_final(&exchange.0, 200, &[]);
    settle(&exchange.join("l1-blocks"));

    let (clean, lines) = audit(&exchange.0);
    let summary = lines.last().expect("a summary");
    assert!(clean && summary["clean"] == true, "{lines:?}");
    assert!(summary["batches"].as_u64() > Some(0) && summary["batches"] == summary["committed"], "{summary}");
    assert!(summary["commands"].as_u64() > Some(0) && summary["final"].as_u64() > Some(0), "{summary}");
    let bytes_of_l1 = fs::read(exchange.join("l1-blocks")).expect("read");

    any_half_of_the_folders_is_enough(&exchange, summary);
    calldata_alone_is_enough(&exchange, summary);
    every_batch_is_archived_and_found(&exchange, summary);
    an_archive_follows_and_is_repaired(&exchange, summary);
    what_cannot_be_moved_is_archived_all_the_same(&exchange, summary);
    what_the_documents_tell_to_type_does_what_they_say(&exchange, summary);
    what_is_missing_or_altered_is_named(&exchange);
    the_state_is_rebuilt(&exchange, summary);
    assert!(bytes_of_l1 == fs::read(exchange.join("l1-blocks")).expect("read"), "an auditor changes nothing");
}

/// Blocks after the last one, so that L1 calls everything before final.
fn settle(record: &Path) {
    let config = Config { record: Some(record.to_owned()), ..Config::default() };
    let chain = Devnet::start(&config).expect("replays");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        for _ in 0..=config.tags.finalized_behind {
            chain.mine().await.expect("mined");
        }
    });
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
    let place = ["--archive", &archive, "--hot-seconds", "0", "--segment", "1", "--json"];
    let told = |arguments: &[&str]| -> Value {
        let output = ashlar([&["archive"][..], arguments, &place].concat());
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let added = told(&["add", "--data", &data]);
    assert_eq!(added["batches"], whole["final"], "what L1 may take back yet is left out");
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

/// A process that archives by itself: what is there at once, then what comes, until it is told to end. And what is damaged in an archive comes back.
fn an_archive_follows_and_is_repaired(exchange: &Folder, whole: &Value) {
    let into = Folder::new("follows");
    let (data, archive) = (exchange.0.display().to_string(), into.0.display().to_string());
    let mut child = Command::new(env!("CARGO_BIN_EXE_ashlar"))
        .args(["archive", "add", "--data", &data, "--archive", &archive, "--upto", "1", "--follow", "1", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let first: Value = serde_json::from_str(&lines.next().expect("a line").expect("read")).expect("JSON");
    assert_eq!((&first["added"], &first["batches"]), (&Value::from(1), &Value::from(1)));
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert!(child.try_wait().expect("asked").is_none(), "it goes on");
    let told = Command::new("kill").arg(child.id().to_string()).status().expect("runs");
    assert!(told.success() && child.wait().expect("it ends").success(), "it ends well when it is told to");
    assert!(lines.next().is_none(), "a look that finds nothing new says nothing");
    let mark = fs::read_to_string(into.join("newest")).expect("how far it reaches");
    assert!(mark.starts_with("1 "), "{mark}");

    let place = ["--archive", &archive, "--hot-seconds", "0", "--segment", "1", "--json"];
    let told = |arguments: &[&str]| -> (bool, Vec<Value>) {
        let output = ashlar([&["archive"][..], arguments, &place].concat());
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        (output.status.success(), lines)
    };
    let (mut added, mut looks) = (told(&["add", "--data", &data]).1.remove(0), 0);
    assert_eq!(added["batches"], whole["final"]);
    while added["hot"] != 0 && looks < 120 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        (added, looks) = (told(&["add", "--data", &data]).1.remove(0), looks + 1);
    }
    let segment = fs::read_dir(into.join("warm")).expect("listed").next().expect("one").expect("listed").path();
    let intact = fs::read(&segment).expect("read");
    let mut damaged = intact.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0x10;
    fs::write(&segment, &damaged).expect("written");
    let (ok, _) = told(&["repair", "--da", &exchange.join("da-9").display().to_string()]);
    assert!(!ok, "nobody has it");
    let [one, other] = ["da-0", "da-2"].map(|folder| exchange.join(folder).display().to_string());
    let (ok, repaired) = told(&["repair", "--da", &one, "--da", &other]);
    let summary = repaired.last().expect("a summary");
    assert!(ok && summary["restored"] == 1 && summary["lost"] == 0, "{repaired:?}");
    assert!(fs::read(&segment).expect("read") == intact, "it is as it was");
}

/// The object store is out of reach: batches are archived, a node is told so, and what failed is said.
fn what_cannot_be_moved_is_archived_all_the_same(exchange: &Folder, whole: &Value) {
    let into = Folder::new("out-of-reach");
    let (data, archive) = (exchange.0.display().to_string(), into.0.display().to_string());
    let add = || {
        let at_once = ["--hot-seconds", "0", "--warm-seconds", "0", "--segment", "1"];
        let place = ["--archive", &archive, "--s3", "127.0.0.1:1/bucket"];
        let mut add = process::ashlar([&["archive", "add", "--data", &data][..], &place, &at_once].concat());
        add.env("ASHLAR_S3_ACCESS_KEY", "keeper").env("ASHLAR_S3_SECRET_KEY", "secret").output().expect("runs")
    };
    let (mut output, mut looks) = (add(), 0);
    // As long as nothing is old enough to be moved, nobody asks the object store.
    while output.status.success() && looks < 120 {
        std::thread::sleep(std::time::Duration::from_millis(500));
        (output, looks) = (add(), looks + 1);
    }
    assert!(said(&output).contains("batches are archived; moving old ones failed"), "{}", said(&output));
    let mark = fs::read_to_string(into.join("newest")).expect("how far it reaches");
    assert!(mark.starts_with(&format!("{} ", whole["final"])), "{mark}");
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

    every_target_is_reached(exchange, &into, &earlier, &told, audited);
    two_states_are_told_apart(&into, &earlier, &told);
    // What the node kept of what batches changed leads to the same state: final batches are not executed.
    let third = into.join("third.dump");
    let quick =
        recover(&exchange.0, &into.join("quick"), &[Path::new("--diffs"), &exchange.0, Path::new("--dump"), &third]);
    assert_eq!((&quick["by_diffs"], &quick["state_root"]), (&Value::from(finalized), &audited["state_root"]));
    assert_eq!(quick["batches"].as_u64(), Some(committed - finalized), "the others are");
    let (one, other) = (fs::read(&first).expect("read"), fs::read(&third).expect("read"));
    assert!(!one.is_empty() && one == other, "byte for byte");
    the_estimate_has_the_real_size(exchange, &into);

    let again = recover(&exchange.0, &into.join("first"), &[Path::new("--dump"), &second]);
    assert_eq!(
        (&again["batches"], &again["begun_at"]),
        (&Value::from(0), &audited["batch"]),
        "it begins at its snapshot"
    );
    let (first, second) = (fs::read(first).expect("read"), fs::read(second).expect("read"));
    assert!(!first.is_empty() && first == second, "byte for byte");
    assert_eq!(first.iter().filter(|byte| **byte == b'\n').count() as u64, told["leaves"].as_u64().expect("a number"));
    let dump = String::from_utf8(first).expect("hexadecimal");
    a_changed_byte_of_what_a_node_keeps_is_named(exchange, &into.join("first"), &dump, finalized);
}

/// By L1 block, time and root, and without a state the batches of a range.
fn every_target_is_reached(exchange: &Folder, into: &Folder, earlier: &Value, newest: &Value, audited: &Value) {
    let number = |value: &Value| value.as_u64().expect("a number").to_string();
    let targets = [
        ("--root", earlier["state_root"].as_str().expect("a root").to_owned(), earlier),
        ("--at-block", number(&audited["l1_block"]), newest),
    ];
    for (flag, value, expected) in targets {
        let there = recover(&exchange.0, &into.join("target"), &[Path::new(flag), Path::new(&value)]);
        assert_eq!((&there["batch"], &there["header_hash"]), (&expected["batch"], &expected["header_hash"]), "{flag}");
    }
    // Time may have stood still for some batches: then it is the last of them.
    let time = number(&earlier["last_time"]);
    let then = recover(&exchange.0, &into.join("target"), &[Path::new("--at-time"), Path::new(&time)]);
    assert!(then["last_time"] == earlier["last_time"] && then["batch"].as_u64() >= earlier["batch"].as_u64(), "{then}");
    let genesis = recover(&exchange.0, &into.join("genesis"), &[Path::new("--at-block"), Path::new("0")]);
    assert_eq!((&genesis["batch"], &genesis["batches"]), (&Value::from(0), &Value::from(0)));

    let (data, out) = (exchange.0.display().to_string(), into.join("range"));
    let (out_text, upto) = (out.display().to_string(), number(&earlier["batch"]));
    for (flag, range, last) in [("--range", format!("1..{upto}"), earlier), ("--range-ms", format!("0..{time}"), &then)]
    {
        let output = ashlar(["recover", "--data", &data, flag, &range, "--out", &out_text, "--json"]);
        assert!(output.status.success(), "{}", said(&output));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&told["last"], &told["batches"]), (&last["batch"], &last["batch"]), "{flag}");
        let files = fs::read_dir(&out).expect("listed").map(|entry| entry.expect("listed"));
        let filled = files.filter(|file| file.metadata().is_ok_and(|of| of.len() > 0)).count();
        assert_eq!(Some(filled as u64), last["batch"].as_u64());
        fs::remove_dir_all(&out).expect("removed");
    }
    let output = ashlar(["recover", "--data", &data, "--range", "3..2", "--out", &out_text]);
    assert!(said(&output).contains("before it begins"), "{}", said(&output));
}

/// The states of two batches are told apart, and that of one is the same as itself.
fn two_states_are_told_apart(into: &Folder, earlier: &Value, newest: &Value) {
    let diff = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|name| into.join(name).display().to_string());
        let output = ashlar(["state", "diff", &one, &other, "--json", "--show", "3"]);
        let lines = String::from_utf8_lossy(&output.stdout).into_owned();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        (output.status.code(), lines, said(&output))
    };
    let (code, lines, text) = diff("first", "first");
    assert_eq!((code, lines.len(), &lines[0]["differences"]), (Some(0), 1, &Value::from(0)), "{text}");
    let (code, lines, text) = diff("first", "genesis");
    let summary = lines.last().expect("a summary");
    assert_eq!(code, Some(1), "{text}");
    assert!(summary["differences"].as_u64() > Some(3) && lines.len() == 4, "{text}");
    assert_eq!((&summary["one"]["batch"], &summary["other"]["batch"]), (&newest["batch"], &Value::from(0)));
    assert_eq!(summary["one"]["leaves"], newest["leaves"]);
    let (code, lines, text) = diff("earlier", "first");
    let differs = earlier["state_root"] != newest["state_root"];
    let counted = lines.last().expect("a summary")["differences"].as_u64();
    assert_eq!((code, counted > Some(0)), (Some(i32::from(differs)), differs), "{text}");
}

/// The lines of a report about what a node keeps, and whether nothing is wrong with it.
fn audit_local(data: &Path, local: &Path) -> (bool, Vec<Value>) {
    let arguments = [Path::new("verify"), Path::new("--data"), data, Path::new("--local"), local, Path::new("--json")];
    let output = ashlar(arguments);
    let lines = String::from_utf8_lossy(&output.stdout);
    let lines = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", said(&output));
    (output.status.success(), lines)
}

/// The only file of a folder.
fn only(folder: &Path) -> PathBuf {
    let files: Vec<_> = fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// One byte of a snapshot, and one of a stored batch, is other than it was: what is said names the batch, the command and the key.
fn a_changed_byte_of_what_a_node_keeps_is_named(exchange: &Folder, recovered: &Path, dump: &str, finalized: u64) {
    let (clean, lines) = audit_local(&exchange.0, recovered);
    let summary = lines.last().expect("a summary");
    assert!(clean && summary["local"]["snapshots"] == 1 && summary["local"]["ahead"] == 0, "{lines:?}");
    assert_eq!(summary["local"]["leaves"].as_u64(), Some(dump.lines().count() as u64));

    // The nonces of an account: what changes them is a message of its own.
    let leaf_bytes = |line: &str| 24 + 1 + 8 * (line.split(' ').count() - 1);
    let nonces = dump.lines().enumerate().filter(|(_, line)| line.starts_with("0a")).map(|(place, _)| place);
    let place = nonces.last().expect("somebody sent a message");
    let key = dump.lines().nth(place).and_then(|line| line.split(' ').next()).expect("a key");
    let at = BEGINNING + 2 * 512 + dump.lines().take(place).map(leaf_bytes).sum::<usize>();
    let file = only(&recovered.join("ashlar-snapshots"));
    let whole = fs::read(&file).expect("read");
    assert_eq!(alloy::hex::encode(&whole[at..at + 24]), key, "the leaf is where it should be");
    let mut altered = whole.clone();
    altered[at + 24 + 1] ^= 1;
    fs::write(&file, &altered).expect("written");
    let (clean, lines) = audit_local(&exchange.0, recovered);
    let found = lines.iter().find(|line| line["finding"].is_string()).expect("a finding");
    assert!(!clean && found["key"] == key, "{lines:?}");
    let (batch, command) = (found["batch"].as_u64().expect("a batch"), found["command"].as_u64().expect("a command"));
    let said = found["finding"].as_str().expect("words");
    assert!(said.starts_with(&format!("batch {batch}, command {command}: the local state differs at key")), "{said}");
    match batch_of(exchange, command) {
        Some(found) => assert_eq!(found, batch, "the batch is that of the command"),
        None => assert!(batch > finalized, "what is final is archived"),
    }

    // A byte of the beginning, which says what the snapshot is.
    let mut altered = whole.clone();
    altered[BEGINNING + 40] ^= 1;
    fs::write(&file, &altered).expect("written");
    let (clean, lines) = audit_local(&exchange.0, recovered);
    assert!(!clean && findings(&lines)[0].1.contains("its snapshot: "), "{lines:?}");
    fs::write(&file, &whole).expect("written");

    let kept = Folder::new("kept-batches");
    copy(&exchange.join("ashlar-batches"), &kept.join("ashlar-batches"));
    let (clean, lines) = audit_local(&exchange.0, &kept.0);
    let summary = lines.last().expect("a summary");
    assert!(clean && summary["local"]["batches"].as_u64() > Some(0), "{lines:?}");
    let file = kept.join("ashlar-batches").join(format!("62{:016x}", 1));
    let mut bytes = fs::read(&file).expect("read");
    let middle = BEGINNING + (bytes.len() - BEGINNING) / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).expect("written");
    let (clean, lines) = audit_local(&exchange.0, &kept.0);
    let found = findings(&lines);
    assert!(!clean && found[0].0 == 1 && found[0].1.contains("what this node stored of it"), "{lines:?}");
}

/// The batch that holds a command, by the archive's index; nothing if it is not archived.
fn batch_of(exchange: &Folder, command: u64) -> Option<u64> {
    let into = Folder::new("index");
    let (data, archive, command) =
        (exchange.0.display().to_string(), into.0.display().to_string(), command.to_string());
    let output = ashlar(["archive", "add", "--data", &data, "--archive", &archive]);
    assert!(output.status.success(), "{}", said(&output));
    let output = ashlar(["archive", "get", "--archive", &archive, "--sequence", &command, "--json"]);
    if said(&output).contains("no batch in the archive is that") {
        return None;
    }
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Some(found["batch"].as_u64().unwrap_or_else(|| panic!("{}", said(&output))))
}

/// The estimator takes what a batch changed from the node.
fn the_estimate_has_the_real_size(exchange: &Folder, into: &Folder) {
    let (data, archive) = (exchange.0.display().to_string(), into.join("estimated").display().to_string());
    let batch = into.join("first-batch.bin").display().to_string();
    let added = ashlar(["archive", "add", "--data", &data, "--archive", &archive]);
    assert!(added.status.success(), "{}", said(&added));
    let got = ashlar(["archive", "get", "--archive", &archive, "--batch", "1", "--out", &batch]);
    assert!(got.status.success(), "{}", said(&got));
    let output = ashlar(["da", "estimate", &batch, "--diffs", &data, "--number", "1", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let offers: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let of = |mode: &str| offers.iter().find(|offer| offer["mode"] == mode).and_then(|offer| offer["bytes"].as_u64());
    let kept = exchange.join("ashlar-batches").join("640000000000000001");
    let length = fs::metadata(kept).expect("the node kept it").len();
    let diffs = of("diffs").expect("an offer");
    assert!(diffs < length && length - diffs <= BEGINNING as u64, "{diffs} of {length} with the file's beginning");
    assert_eq!(of("inputs"), fs::metadata(&batch).ok().map(|of| of.len()));
    let other = ashlar(["da", "estimate", &batch, "--diffs", &data, "--number", "2"]);
    assert!(said(&other).contains("is of another batch"), "{}", said(&other));
}

/// The commands of docs/auditor.md and docs/recovery.md, one after the other, as they are written but for where things are.
fn what_the_documents_tell_to_type_does_what_they_say(exchange: &Folder, whole: &Value) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let copy = with_data(exchange, "typed-l1", &[]);
    let config = Config { record: Some(copy.join("l1-blocks")), ..Config::default() };
    let chain = Devnet::start(&config).expect("replays");
    let into = Folder::new("typed");
    fs::create_dir_all(&into.0).expect("made");
    let place = |name: &str| exchange.join(name).display().to_string();
    let here = |word: &str| match word {
        "exchange" => exchange.0.display().to_string(),
        "http://127.0.0.1:8545" => chain.url(),
        "store-a/da-0" => place("da-0"),
        "store-b/da-1" => place("da-1"),
        "recovered" | "state.txt" => into.join(word).display().to_string(),
        word if word.starts_with("0x") => whole["settlement"].as_str().expect("an address").to_owned(),
        word => word.to_owned(),
    };
    let (mut run, mut left) = (0, Vec::new());
    for page in ["auditor.md", "recovery.md"] {
        let text = fs::read_to_string(docs.join(page)).expect("is there");
        for line in commands(&text) {
            let words: Vec<&str> = line.split_whitespace().collect();
            // Custodians, and an L1 that keeps blobs, are not part of this exchange; the tests of custody run them.
            if words.iter().any(|word| ["--da-node", "--beacon"].contains(word)) {
                left.push(line);
                continue;
            }
            let output = ashlar(words[1..].iter().map(|word| here(word)));
            assert!(output.status.success(), "{page}: {line}: {}", said(&output));
            run += 1;
        }
    }
    assert!(run >= 5 && left.len() <= 3, "{run} commands were run, and not {left:?}");
    assert!(fs::metadata(into.join("state.txt")).is_ok_and(|file| file.len() > 0), "the dump is there");
    assert!(into.join("recovered/ashlar-snapshots").is_dir(), "the snapshot is where the page says");
}

/// The lines of a page's blocks of shell that run the binary.
fn commands(page: &str) -> Vec<String> {
    let (mut found, mut is_open) = (Vec::new(), false);
    for line in page.lines().map(str::trim) {
        match line {
            "```sh" => is_open = true,
            "```" => is_open = false,
            line if is_open && line.starts_with("ashlar ") => {
                found.push(line.split(" #").next().unwrap_or_default().trim_end().to_owned());
            }
            _ => {}
        }
    }
    found
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
