//! A program in the place of ZisK's, a worker that takes it for that, and proofs that only look like some.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ashlar_guest_batches::{Kind, Recorded, batch_of_kind};
use ashlar_prover_wire::{Answer, Client, ClientError, Evidence, Failure, Process, ProofKind, Question};

/// The program's key in the proofs of this file.
pub const KEY: &str = "0000000000000001000000000000000200000000000000030000000000000004";

/// A batch of one signed match.
pub fn batch() -> Recorded {
    batch_of_kind(Kind::Match, 1, 0)
}

/// What stands in a proof of ZisK's before what only its verifier reads, and a little of that.
pub fn proof(public_values: &[u8]) -> Vec<u8> {
    let (values, []) = public_values.as_chunks::<4>() else { panic!("whole words") };
    let outputs = values.iter().map(|word| u64::from(u32::from_le_bytes(*word))).chain(std::iter::repeat(0)).take(64);
    [0, 69, 1, 1, 2, 3, 4].into_iter().chain(outputs).chain(100..200).flat_map(u64::to_le_bytes).collect()
}

/// A folder with a stand-in for cargo-zisk, a key, and what both leave behind.
pub struct Place(PathBuf);

impl Place {
    pub fn new() -> Place {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("ashlar-zisk-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let place = Place(fs::canonicalize(std::env::temp_dir()).expect("there").join(name));
        fs::create_dir_all(place.at("work")).expect("created");
        fs::create_dir_all(place.at("key")).expect("created");
        fs::write(place.at("key/pilout.globalInfo.json"), "{}").expect("written");
        place
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Of a shell script's lines for each of its two commands. `$here` is this folder.
    pub fn tool(&self, prove: &str, verify: &str) {
        let script = format!(
            "#!/bin/sh\nhere='{}'\necho \"$*\" >> \"$here/calls\"\ncase $1 in\nprove)\n{prove}\n;;\nverify)\n{verify}\n;;\nesac\n",
            self.0.display()
        );
        // Renamed into its place: a program that is open for writing cannot be started.
        fs::write(self.at("tool.new"), script).expect("written");
        fs::set_permissions(self.at("tool.new"), fs::Permissions::from_mode(0o755)).expect("made a program");
        fs::rename(self.at("tool.new"), self.at("tool")).expect("renamed");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap_or_default()
    }

    /// Files that proofs were made with and that are still there.
    pub fn left(&self) -> usize {
        fs::read_dir(self.at("work")).expect("there").count()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A worker as a coordinator starts it.
pub struct Worker {
    pub process: Process,
    pub client: Client,
}

impl Worker {
    /// With this place's stand-in and key.
    pub fn start(place: &Place, more: &[&str]) -> Worker {
        let said = fs::File::create(place.at("stderr")).expect("created");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar-zisk-worker"));
        command.arg("--tool").arg(place.at("tool")).arg("--proving-key").arg(place.at("key"));
        command.arg("--work-dir").arg(place.at("work")).args(more).stderr(said).stdout(Stdio::null());
        let (client, process) = Client::start(&mut command, Duration::from_secs(60)).expect("it connects");
        Worker { process, client }
    }

    pub fn ask(&mut self, question: Question) -> Result<Answer, Failure> {
        self.ask_while(question, |_| true)
    }

    /// Until what it says of its progress is answered with false.
    pub fn ask_while(&mut self, question: Question, mut wanted: impl FnMut(&str) -> bool) -> Result<Answer, Failure> {
        match self.client.ask_while(question, |_, _, stage| wanted(stage)) {
            Ok(answer) => Ok(answer),
            Err(ClientError::Failed(failure)) => Err(failure),
            Err(error) => panic!("{error}"),
        }
    }

    pub fn prove(&mut self, evidence: Evidence) -> Result<Answer, Failure> {
        self.ask(Question::Prove { kind: ProofKind::Stark, evidence: vec![evidence] })
    }

    pub fn verify(&mut self, public_values: &[u8], proof: &[u8]) -> Result<Answer, Failure> {
        let (public_values, proof) = (public_values.to_vec(), proof.to_vec());
        self.ask(Question::Verify { kind: ProofKind::Stark, public_values, proof })
    }
}

/// Whether it becomes true within some seconds, for what the system does in its own time.
pub fn soon(mut is_so: impl FnMut() -> bool) -> bool {
    (0..400).any(|_| {
        thread::sleep(Duration::from_millis(25));
        is_so()
    })
}

/// Whether the process whose number this file holds has ended. One without a parent may stay a while to be waited for.
pub fn has_ended(file: &Path) -> bool {
    let number = fs::read_to_string(file).expect("written");
    let number = number.trim();
    assert!(!number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()), "{number:?}");
    fs::read_to_string(format!("/proc/{number}/stat")).map_or(true, |stat| stat.contains(") Z"))
}
