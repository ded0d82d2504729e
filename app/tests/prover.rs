//! Real processes: a node, its workers, and whatever kills them.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

#[path = "support/ports.rs"]
mod ports;

use ports::free;

const PATIENCE: Duration = Duration::from_secs(120);

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-prover-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// A process that does not outlive its test.
struct Process(Child);

impl Process {
    fn kill(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn ashlar() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn node(folder: &Path, port: u16) -> Process {
    let mut command = ashlar();
    command.args(["up", "--prover", "execute", "--prover-remote", "--block-ms", "100", "--batch-ms", "300"]);
    command.args(["--traders", "3", "--rate", "40", "--api", &format!("127.0.0.1:{port}"), "--data"]).arg(folder);
    Process(command.stdout(Stdio::null()).spawn().expect("starts"))
}

fn worker(folder: &Path) -> Process {
    let mut command = ashlar();
    command.args(["prover", "--backend", "execute", "--patience", "120"]);
    command.arg("--connect").arg(format!("unix:{}", folder.join("prover.sock").display()));
    command.arg("--token-file").arg(folder.join("prover-token"));
    Process(command.stdout(Stdio::null()).spawn().expect("starts"))
}

fn get(port: u16, path: &str) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    Some((head.split(' ').nth(1)?.parse().ok()?, bytes[end + 4..].to_vec()))
}

fn json(port: u16, path: &str) -> Option<Value> {
    let (status, body) = get(port, path)?;
    (status == 200).then(|| serde_json::from_slice(&body).ok()).flatten()
}

#[track_caller]
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{what} did not happen in {} s", PATIENCE.as_secs());
}

fn last(port: u16, stage: &str) -> Option<u64> {
    json(port, "/v1/tip")?[stage].as_str()?.parse().ok()
}

#[test]
fn workers_and_nodes_are_killed_and_every_batch_becomes_final() {
    let folder = Folder::new("killed");
    let port = free().port();
    let mut node_process = node(&folder.0, port);
    until("the token", || folder.0.join("prover-token").exists().then_some(()));
    let mut prover = worker(&folder.0);
    let first = until("a final batch", || last(port, "final").filter(|number| *number >= 1));
    // The worker dies; a batch waits that nobody proves, and the next worker proves it.
    prover.kill();
    let waits = || {
        let built = last(port, "built").filter(|number| *number > first)?;
        let standing = json(port, &format!("/v1/batches/{built}/proof"));
        standing.is_none_or(|standing| standing["state"] != "proven").then_some(built)
    };
    let built = until("a batch that waits", waits);
    prover = worker(&folder.0);
    until("what waited", || last(port, "final").filter(|number| *number >= built));
    // The node dies with its coordinator; the worker looks for the next one.
    node_process.kill();
    node_process = node(&folder.0, port);
    let after = until("batches after the restart", || last(port, "final").filter(|number| *number > built));
    // Both die.
    prover.kill();
    node_process.kill();
    let mut again = node(&folder.0, port);
    let _prover = worker(&folder.0);
    let end = until("batches after both", || last(port, "final").filter(|number| *number > after));
    // None was left out: each has a proof, and the proofs follow each other without a gap.
    let mut next = 1;
    while next <= end {
        let proof =
            json(port, &format!("/v1/batches/{next}/proof")).unwrap_or_else(|| panic!("batch {next} has no proof"));
        assert_eq!(
            (proof["state"].as_str(), proof["first"].as_str()),
            (Some("proven"), Some(next.to_string().as_str()))
        );
        assert!(proof["trust"].as_str().is_some_and(|trust| trust.contains("nothing is proven")), "{proof}");
        next = proof["last"].as_str().and_then(|last| last.parse::<u64>().ok()).expect("a number") + 1;
    }
    // What is served as a file is one, and says that an execution shows nothing.
    let (status, bytes) = get(port, "/v1/batches/1/proof/file").expect("answers");
    assert_eq!(status, 200);
    let file = folder.0.join("batch-1.proof");
    fs::write(&file, bytes).expect("is written");
    let refused = ashlar().arg("verify-proof").arg(&file).arg("--json").output().expect("runs");
    let said: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!((refused.status.code(), said["error"].as_str()), (Some(1), Some("execution_only")));
    again.kill();
}

#[test]
fn a_batch_is_executed_by_hand_and_what_is_missing_is_said() {
    let folder = Folder::new("by-hand");
    let port = free().port();
    let mut node_process = node(&folder.0, port);
    let _prover = until("the token", || folder.0.join("prover-token").exists().then(|| worker(&folder.0)));
    until("a batch", || last(port, "built").filter(|number| *number >= 2));
    node_process.kill();
    let out = folder.0.join("two.proof");
    let prove = |words: &[&str]| ashlar().arg("prove").arg("--data").arg(&folder.0).args(words).output().expect("runs");
    let ran = prove(&["--batch", "2", "--backend", "execute", "--json", "--out", &out.display().to_string()]);
    let said: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(
        (ran.status.code(), said["batch"].as_u64(), said["backend"].as_str()),
        (Some(0), Some(2), Some("native"))
    );
    assert!(out.exists());
    assert_eq!(prove(&["--batch", "2", "--worker", "nowhere"]).status.code(), Some(1));
    assert_eq!(prove(&["--batch", "9999999", "--backend", "execute"]).status.code(), Some(1));
    let mut bytes = fs::read(&out).expect("reads");
    bytes[100] ^= 1;
    fs::write(&out, bytes).expect("is written");
    let refused = ashlar().arg("verify-proof").arg(&out).arg("--json").output().expect("runs");
    let said: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    assert_eq!((refused.status.code(), said["error"].as_str()), (Some(1), Some("no_file_of_a_proof")));
}
