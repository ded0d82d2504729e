//! What each of these stories needs: folders, commands, an exchange that runs, and questions to it.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::keys::secret;
use crate::process;

pub use crate::keys::development_key;
pub use crate::ports::free;
pub use crate::process::said;

/// Longer than anything takes on a busy machine: who failed is left alone for up to half a minute at a time.
pub const PATIENCE: Duration = Duration::from_secs(180);

pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-custody-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("made");
        Folder(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A key in a file that only its owner reads.
    pub fn secret(&self, name: &str, bytes: &[u8]) -> PathBuf {
        secret(self.0.join(name), bytes)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

pub fn ashlar<A: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = A>) -> Output {
    process::ashlar(arguments).output().expect("runs")
}

/// What `ashlar verify --json` said, and whether all is well.
pub fn verify(arguments: &[&str]) -> (bool, Vec<Value>) {
    let output = ashlar([&["verify", "--json"][..], arguments].concat());
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(!lines.is_empty(), "{}", said(&output));
    (output.status.success(), lines)
}

/// The last line of an audit that found nothing wrong.
pub fn clean(arguments: &[&str]) -> Value {
    let (clean, mut lines) = verify(arguments);
    assert!(clean, "{lines:?}");
    lines.pop().expect("a summary")
}

/// The first finding of an audit that found something.
pub fn finding(arguments: &[&str]) -> String {
    let (clean, lines) = verify(arguments);
    assert!(!clean, "{lines:?}");
    let found = lines.iter().find_map(|line| line["finding"].as_str());
    found.unwrap_or_else(|| panic!("{lines:?}")).to_owned()
}

pub fn recover(into: &str, arguments: &[&str]) -> Value {
    let output = ashlar([&["recover", "--json", "--into", into][..], arguments].concat());
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A process that ends with this.
pub struct Running(pub Child);

impl Running {
    pub fn start(arguments: &[&str], log: &Path) -> Running {
        let out = fs::File::create(log).expect("a log");
        let both = out.try_clone().expect("the same");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        let child = command.args(arguments).stdout(Stdio::from(out)).stderr(Stdio::from(both)).spawn();
        Running(child.expect("it starts"))
    }

    /// Stops it as a person does, and waits.
    pub fn interrupt(&mut self) {
        let sent = Command::new("kill").arg("-INT").arg(self.0.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
        let begun = Instant::now();
        while self.0.try_wait().expect("waits").is_none() {
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A number among an exchange's metrics, if it answers.
pub fn metric(api: SocketAddr, name: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(api).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Waits until a metric is as it should be.
pub fn until(api: SocketAddr, log: &Path, name: &str, wanted: impl Fn(u64) -> bool) -> u64 {
    let begun = Instant::now();
    let mut last = None;
    loop {
        last = metric(api, name).or(last);
        if let Some(value) = last.filter(|value| wanted(*value)) {
            return value;
        }
        if begun.elapsed() > PATIENCE {
            let text = fs::read_to_string(log).unwrap_or_default();
            let tail: Vec<&str> = text.lines().rev().take(40).collect();
            panic!("{name} is {last:?}; the log ends with {tail:#?}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
