//! The first command that a person types: a whole exchange, from its own L1 to a trade that is final there.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("ashlar-up-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn up(folder: Option<&Folder>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.args(["up", "--api", "127.0.0.1:0", "--block-ms", "100", "--batch-ms", "400", "--traders", "4"]);
    command.args(["--rate", "60", "--until-final"]);
    if let Some(folder) = folder {
        command.arg("--data").arg(&folder.0);
    }
    command.output().expect("runs")
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

#[test]
fn a_trade_becomes_final_on_the_embedded_l1() {
    let output = up(None);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is final on L1 in transaction 0x"), "{said}");
    assert!(said.contains("execute-only (development)"), "what is not proven is called so: {said}");
    assert!(said.contains("stopped"), "{said}");
}

#[test]
fn a_second_start_goes_on() {
    let folder = Folder::new("again");
    let first = up(Some(&folder));
    assert!(first.status.success(), "{}", said(&first));
    let contracts = |output: &Output| {
        let said = said(output);
        let line = said.lines().find(|line| line.starts_with("contracts")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{said}"))
    };
    let second = up(Some(&folder));
    assert!(second.status.success(), "{}", said(&second));
    assert_eq!(contracts(&first), contracts(&second), "nothing is deployed twice");
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_ashlar")).args(["up", "--api", "0.0.0.0:0"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not on loopback"), "{}", said(&output));
}
