//! A node of an exchange that was deployed before, over an L1 that it did not start: configured, checked by the doctor, started, asked, stopped.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ashlar_devnet::{Config, DEVELOPMENT_ACCOUNTS, Devnet, Mining};
use serde_json::Value;
use tempfile::TempDir;

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

/// Longer than any start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The answer's body, if the node answers.
fn get(address: SocketAddr, path: &str) -> Option<String> {
    answer(address, path)?.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// The whole answer.
fn answer(address: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

struct Running(Child);

impl Running {
    /// As whoever runs services stops it.
    fn terminate(mut self) -> Output {
        let status = terminated(&mut self.0, PATIENCE).expect("it does not stop");
        let mut output = Output { status, stdout: Vec::new(), stderr: Vec::new() };
        let read = |from: Option<&mut dyn std::io::Read>, into: &mut Vec<u8>| {
            from.map(|from| from.read_to_end(into)).transpose().expect("reads");
        };
        read(self.0.stdout.as_mut().map(|out| out as _), &mut output.stdout);
        read(self.0.stderr.as_mut().map(|out| out as _), &mut output.stderr);
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        let _ = self.0.kill();
    }
}

/// An exchange that `ashlar up` made and left, and where its settlement contract is.
fn left_behind() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let text = ran_until_final(&data, 60, &[]);
    let line = text.lines().find(|line| line.starts_with("contracts")).expect("a line with the contracts");
    (folder, line.split_whitespace().last().expect("an address").to_owned())
}

fn configured(folder: &Path, chain: &str, settlement: &str, api: SocketAddr) -> PathBuf {
    let receipts = secret(folder.join("receipts.key"), &development_key("sequencer"));
    let submitter = secret(folder.join("l1.key"), &DEVELOPMENT_ACCOUNTS[0].development_key);
    let [gateway, admin] = [free(), free()];
    let (data, path) = (folder.join("data"), folder.join("node.toml"));
    let text = format!(
        "[node]\nprofile = \"development\"\ndata = {data:?}\nkey_file = {receipts:?}\n\
         [l1]\nendpoints = [\"{chain}\"]\nchain_id = 9001\nsettlement = \"{settlement}\"\nkey_file = {submitter:?}\npoll_ms = 50\n\
         [prover]\nkind = \"execute-only\"\n\
         [api]\nlisten = \"{api}\"\ngateway = \"{gateway}\"\nadmin = \"{admin}\"\n"
    );
    fs::write(&path, text).expect("written");
    path
}

fn doctor(config: &Path) -> (bool, Vec<Value>) {
    let output = ashlar(["doctor", "--json", "--config"]).arg(config).output().expect("runs");
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let findings = lines.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    (output.status.success(), findings)
}

fn state<'a>(findings: &'a [Value], check: &str) -> &'a str {
    let found = findings.iter().find(|finding| finding["check"] == check);
    found.unwrap_or_else(|| panic!("no {check} in {findings:?}"))["state"].as_str().expect("a word")
}

#[test]
fn a_node_goes_on_with_an_exchange_over_an_l1_that_is_not_its_own() {
    let (kept, settlement) = left_behind();
    let folder = kept.path();
    let every = Duration::from_millis(100);
    let chain = Devnet::start(&Config {
        record: Some(folder.join("data/l1-blocks")),
        mining: Mining::Every { busy: every, idle: every },
        ..Config::default()
    })
    .expect("replays");
    let api = free();
    let config = configured(folder, &chain.url(), &settlement, api);

    let (sound, findings) = doctor(&config);
    assert!(sound, "{findings:?}");
    for check in ["configuration", "receipts key", "L1 key", "API", "contracts", "submitter"] {
        assert_eq!(state(&findings, check), "ok", "{findings:?}");
    }

    let payer = secret(folder.join("payer.key"), &DEVELOPMENT_ACCOUNTS[5].development_key);
    let mut deposit =
        ashlar(["deposit", "--l1", &chain.url(), "--settlement", &settlement, "--asset", "0", "--amount", "1.5"]);
    workers_prove_what_it_builds(folder, &config, api, deposit.arg("--key-file").arg(payer));

    let child = ashlar(["node", "--config"]).arg(&config).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let node = Running(child.expect("starts"));
    let begun = Instant::now();
    let venue = loop {
        if let Some(venue) = get(api, "/v1/venue") {
            break venue;
        }
        assert!(begun.elapsed() < PATIENCE, "the node does not answer");
        std::thread::sleep(Duration::from_millis(100));
    };
    assert!(venue.to_lowercase().contains(&settlement.to_lowercase()), "{venue}");
    assert!(venue.contains("execute-only"), "{venue}");
    let metrics = get(api, "/metrics").expect("answers");
    what_operators_look_at_is_exported(&metrics);
    what_the_documents_ask_for_is_there(api);
    what_the_documents_tell_an_operator_to_do_is_done(folder, &config);
    let next = metrics.lines().find_map(|line| line.strip_prefix("ashlar_next_sequence ")).expect("a number");
    assert_ne!(next, "0", "it goes on where the other ended");
    let (sound, findings) = doctor(&config);
    assert!(!sound && state(&findings, "API") == "failed", "the port is taken: {findings:?}");
    let output = node.terminate();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("stopped"), "{}", said(&output));

    what_does_not_fit_is_refused_before_anything_starts(&config, &chain.url());
}

/// A node that proves nothing itself waits for whoever does.
fn workers_prove_what_it_builds(folder: &Path, config: &Path, api: SocketAddr, deposit: &mut Command) {
    let mut node = ashlar(["node", "--set", "prover.remote=true", "--config"]);
    let log = folder.join("node.log");
    let out = fs::File::create(&log).expect("made");
    let both = (out.try_clone().expect("a second handle"), out);
    let node = Running(node.arg(config).stdout(both.0).stderr(both.1).spawn().expect("starts"));
    let data = folder.join("data");
    let tip = |stage: &str| -> Option<u64> {
        let tip: Value = serde_json::from_str(&get(api, "/v1/tip")?).ok()?;
        tip[stage].as_str()?.parse().ok()
    };
    let until = |what: &str, happened: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !happened() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{what} does not happen: {}",
                fs::read_to_string(&log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    until("an answer", &|| tip("built").is_some());
    let before = tip("built");
    let paid = deposit.output().expect("runs");
    assert!(paid.status.success(), "{}", said(&paid));
    until("a batch with the deposit", &|| tip("committed") > before);
    std::thread::sleep(Duration::from_secs(1));
    let built = tip("built").expect("a number");
    assert!(tip("proven").is_some_and(|proven| proven < built), "nobody has proven it yet");

    let mut worker = ashlar(["prover", "--backend", "execute", "--connect"]);
    worker.arg(format!("unix:{}", data.join("prover.sock").display()));
    worker.arg("--token-file").arg(data.join("prover-token")).stdout(Stdio::null()).stderr(Stdio::null());
    let _worker = Running(worker.spawn().expect("starts"));
    until("what was built is final", &|| tip("final") >= Some(built));
    let standing = get(api, &format!("/v1/batches/{built}/proof")).expect("answers");
    let standing: Value = serde_json::from_str(&standing).expect("JSON");
    assert_eq!((standing["state"].as_str(), standing["backend"].as_str()), (Some("proven"), Some("native")));
    let output = node.terminate();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// Every address of the documents that is only read, asked of a node.
fn what_the_documents_ask_for_is_there(api: SocketAddr) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut asked = BTreeSet::new();
    for page in ["trader.md", "auditor.md", "operator.md", "../README.md"] {
        let text = fs::read_to_string(docs.join(page)).expect("is there");
        for line in text.lines().filter(|line| line.contains("curl -s") && !line.contains("-X POST")) {
            let Some((_, path)) = line.split_once("http://127.0.0.1:8080") else { continue };
            let path = path.split(['\'', ' ', '`']).next().unwrap_or_default();
            let answer = answer(api, path).unwrap_or_default();
            assert!(answer.starts_with("HTTP/1.1 200"), "{page}: {path}: {answer}");
            asked.insert(path.to_owned());
        }
    }
    assert!(asked.len() >= 5, "{asked:?}");
}

/// One thing asked of the operator's server, with its status.
fn ask(admin: &str, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(admin).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {admin}\r\nconnection: close\r\nauthorization: Bearer {token}");
    write!(stream, "{head}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answers");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    (status, answer.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default())
}

/// The acts and the reads that docs/api.md lists, and the command of docs/runbooks.md, on the node that runs.
fn what_the_documents_tell_an_operator_to_do_is_done(folder: &Path, config: &Path) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = fs::read_to_string(docs.join("api.md")).expect("is there");
    let settings = fs::read_to_string(config).expect("read");
    let admin =
        settings.lines().find_map(|line| line.strip_prefix("admin = \"")?.strip_suffix('"')).expect("an address");
    let token = fs::read_to_string(folder.join("data/admin-token")).expect("a token");
    let token = token.trim();

    let (_, section) = page.split_once("## The admin server").expect("a chapter");
    for (path, service) in [
        ("/admin/health", ""),
        ("/admin/services/", "l1-committer"),
        ("/admin/audit", ""),
        ("/admin/log", "?limit=200"),
    ] {
        assert!(section.contains(&format!("`GET {path}")), "docs/api.md does not tell of {path}");
        let (status, told) = ask(admin, token, "GET", &format!("{path}{service}"), "");
        assert_eq!(status, 200, "{path}{service}: {told}");
    }
    let (status, log) = ask(admin, token, "GET", "/admin/log?limit=200", "");
    assert!(status == 200 && log.as_array().is_some_and(|lines| !lines.is_empty()), "something was logged: {log}");
    assert!(!log.to_string().contains(token), "and never the token");
    assert_eq!(ask(admin, &"0".repeat(64), "GET", "/admin/log", "").0, 401, "the log is nobody else's");

    // Each act that the page lists, with what it needs; what is changed is changed back.
    let acts: Vec<&str> = section.split('`').filter(|word| !word.contains(['/', '"', ' ', '.', '<'])).collect();
    for (act, body) in [
        ("batch_now", r#"{"act": "batch_now"}"#),
        ("reload_limits", r#"{"act": "reload_limits"}"#),
        ("stop_at_sequence", r#"{"act": "stop_at_sequence", "sequence": "18446744073709551615"}"#),
        ("stop_at_sequence", r#"{"act": "stop_at_sequence"}"#),
        ("stop_at_batch", r#"{"act": "stop_at_batch", "batch": "18446744073709551615"}"#),
        ("stop_at_batch", r#"{"act": "stop_at_batch"}"#),
        ("pause", r#"{"act": "pause", "service": "l1-committer"}"#),
        ("resume", r#"{"act": "resume", "service": "l1-committer"}"#),
        ("halt", r#"{"act": "halt", "market": 0}"#),
        ("resume_market", r#"{"act": "resume_market", "market": 0}"#),
        ("continue", r#"{"act": "continue", "market": 0}"#),
        ("kill_switch", r#"{"act": "kill_switch", "stop": true}"#),
        ("kill_switch", r#"{"act": "kill_switch", "stop": false}"#),
    ] {
        assert!(section.contains(&format!("`{act}")), "docs/api.md does not list {act}: {acts:?}");
        let (status, told) = ask(admin, token, "POST", "/admin/act", body);
        assert!(status == 200 && told["done"].is_string(), "{body}: {status} {told}");
    }
    // It orders already, so this one says why not.
    let (status, told) = ask(admin, token, "POST", "/admin/act", r#"{"act": "promote", "other_is_gone": true}"#);
    assert!(section.contains("`promote") && status == 409, "{status} {told}");

    // The command as it is written, but for where the node is and where its token.
    let runbooks = fs::read_to_string(docs.join("runbooks.md")).expect("is there").replace("\\\n", " ");
    let posts: Vec<&str> = runbooks.lines().filter(|line| line.starts_with("curl -s -X POST")).collect();
    assert!(!posts.is_empty());
    for line in posts {
        let words = line.replace("127.0.0.1:8082", admin);
        let words =
            words.replace("/var/lib/ashlar/admin-token", &folder.join("data/admin-token").display().to_string());
        if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
            // The same without the tool, which is what is in `-d`.
            let body = line.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).expect("a body");
            assert_eq!(ask(admin, token, "POST", "/admin/act", body).0, 200, "{line}");
            continue;
        }
        let output = Command::new("bash").arg("-c").arg(&words).output().expect("bash runs");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        assert!(output.status.success() && told["done"].is_string(), "{line}: {}", said(&output));
    }
}

/// Every metric that the rules and the dashboard name is one that the node exports.
fn what_operators_look_at_is_exported(metrics: &str) {
    let exported: BTreeSet<&str> =
        metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(exported.len() > 40, "{exported:?}");
    for file in ["prometheus-rules.yml", "grafana-dashboard.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ops").join(file);
        let text = fs::read_to_string(&path).expect("is there");
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let named: BTreeSet<&str> = words.filter(|word| word.starts_with("ashlar_")).collect();
        assert!(named.len() > 10, "{file} names {named:?}");
        for name in named {
            let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let is_exported = exported.contains(name) || of_histogram.is_some_and(|name| exported.contains(name));
            assert!(is_exported, "{file} names {name}, which a node does not export");
        }
    }
    let dashboard = include_str!("../../ops/grafana-dashboard.json");
    let dashboard: Value = serde_json::from_str(dashboard).expect("is JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
}

fn what_does_not_fit_is_refused_before_anything_starts(config: &Path, chain: &str) {
    for (set, words) in [
        ("l1.chain_id=1", "chain"),
        ("node.profile=production", "production"),
        ("l1.settlement=0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000"),
        ("prover.listen=127.0.0.1:0", "prover.members_file"),
        ("prover.kind=sp1", "prover.signer_key_files"),
        ("prover.kind=none", "name what they prove with"),
    ] {
        let mut command = ashlar(["node", "--set", "prover.remote=true", "--set", set, "--config"]);
        let output = command.arg(config).output().expect("runs");
        assert_eq!(output.status.code(), Some(1), "{set}: {}", said(&output));
        assert!(said(&output).to_lowercase().contains(words), "{set}: {}", said(&output));
        assert!(!said(&output).contains(chain) || !chain.contains('@'), "no password is shown");
    }
    // Its contracts were deployed for another program.
    let key = config.with_file_name("l1.key");
    let signers = format!("prover.signer_key_files={}", key.display());
    let mut command = ashlar(["node", "--set", "prover.kind=sp1", "--set", "prover.remote=true", "--set", &signers]);
    let output = command.arg("--config").arg(config).output().expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the contracts take proofs of the program"), "{}", said(&output));
}
