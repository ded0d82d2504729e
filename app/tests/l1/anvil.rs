//! Anvil, an L1 of other people: a process on loopback that ends with the test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::chain::{BLOCK, CHAIN_ID, Chain};
use crate::stories;

pub struct Anvil {
    process: Child,
    port: u16,
}

impl Anvil {
    fn start(program: &PathBuf, block: Duration) -> Anvil {
        let mut process = Command::new(program)
            .args(["--host", "127.0.0.1", "--port", "0", "--chain-id", &CHAIN_ID.to_string(), "--hardfork", "osaka"])
            .args(["--slots-in-an-epoch", "1", "--block-time", &block.as_secs_f64().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("anvil starts");
        let out = process.stdout.take().expect("piped");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains("Listening on")).expect("it says where it listens");
        let port = line.rsplit(':').next().and_then(|port| port.trim().parse().ok()).expect("a port");
        // What else it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Anvil { process, port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The program that `ASHLAR_ANVIL` names; `.ci/contract-tools anvil` installs one and says where.
pub fn anvil(test: &str, block: Duration) -> Option<Chain> {
    let named = std::env::var_os("ASHLAR_ANVIL").map(PathBuf::from).filter(|path| path.is_file());
    if named.is_none() {
        println!(
            "skipped: {test}: ASHLAR_ANVIL does not name anvil's program; .ci/contract-tools anvil installs it and says where it is"
        );
    }
    named.map(|program| Chain::Anvil(Anvil::start(&program, block)))
}

#[test]
fn anvil_in_trade_and_out() {
    if let Some(chain) = anvil("anvil_in_trade_and_out", BLOCK) {
        stories::in_trade_and_out("anvil-in-out", chain);
    }
}

#[test]
fn anvil_what_is_forced_is_honoured() {
    if let Some(chain) = anvil("anvil_what_is_forced_is_honoured", BLOCK) {
        stories::what_is_forced_is_honoured("anvil-forced", chain);
    }
}

#[test]
fn anvil_everybody_leaves_when_a_deadline_is_missed() {
    if let Some(chain) = anvil("anvil_everybody_leaves_when_a_deadline_is_missed", BLOCK) {
        stories::everybody_leaves_when_a_deadline_is_missed("anvil-exit", chain);
    }
}
