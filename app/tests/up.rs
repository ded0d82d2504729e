//! The first command that a person types: a whole exchange, from its own L1 to a trade that is final there.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use ashlar_api::client::RestClient;
use serde_json::Value;

#[path = "support/ports.rs"]
mod ports;
#[path = "support/process.rs"]
mod process;

use process::{ashlar, said};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

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

fn up(folder: Option<&Folder>, more: &[&str]) -> Output {
    let mut command =
        ashlar(["up", "--api", "127.0.0.1:0", "--block-ms", "100", "--batch-ms", "400", "--traders", "4"]);
    command.args(["--rate", "60", "--until-final"]).args(more);
    if let Some(folder) = folder {
        command.arg("--data").arg(&folder.0);
    }
    command.output().expect("runs")
}

#[test]
fn a_trade_becomes_final_on_the_embedded_l1() {
    let output = up(None, &[]);
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("is final on L1 in transaction 0x"), "{said}");
    assert!(said.contains("execute-only (development)"), "what is not proven is called so: {said}");
    assert!(said.contains("stopped"), "{said}");
}

#[test]
fn a_second_start_goes_on() {
    let folder = Folder::new("again");
    let first = up(Some(&folder), &["--json"]);
    assert!(first.status.success(), "{}", said(&first));
    let told = String::from_utf8_lossy(&first.stdout).into_owned();
    let events: Vec<Value> =
        told.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    let of =
        |event: &str| events.iter().find(|told| told["event"] == event).unwrap_or_else(|| panic!("no {event}: {told}"));
    assert!(
        of("final")["batch"].as_u64() > Some(0) && of("status")["commands"].is_u64() && of("stopped")["ok"] == true
    );
    let settlement = of("started")["settlement"].as_str().expect("an address");
    let second = up(Some(&folder), &[]);
    assert!(second.status.success(), "{}", said(&second));
    assert!(said(&second).contains(settlement), "nothing is deployed twice: {}", said(&second));
}

#[test]
fn an_address_that_others_can_reach_is_refused() {
    let output = ashlar(["up", "--api", "0.0.0.0:0"]).output().expect("runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("not on loopback"), "{}", said(&output));
}

/// An exchange that runs, as a person sees it.
struct Running {
    child: Child,
    said: PathBuf,
}

impl Running {
    fn start(folder: &Folder, api: SocketAddr) -> Running {
        fs::create_dir_all(&folder.0).expect("made");
        let said = folder.0.join(format!("said-{}", api.port()));
        let file = fs::File::create(&said).expect("a file");
        let again = file.try_clone().expect("the same");
        let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
        command.args(["up", "--block-ms", "100", "--batch-ms", "400", "--traders", "2", "--rate", "40", "--data"]);
        command.arg(folder.0.join("data")).args(["--api", &api.to_string()]);
        command.env("ASHLAR_LOG", "warn,ashlar::steps=debug").env("NO_COLOR", "1");
        Running { child: command.stdout(file).stderr(Stdio::from(again)).spawn().expect("starts"), said }
    }

    /// The last line so far of those that begin with this, without that.
    fn line(&self, begins: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = fs::read_to_string(&self.said).unwrap_or_default();
            // One that is not whole yet has no end.
            let whole = said.rsplit_once('\n').map_or("", |(whole, _)| whole);
            if let Some(rest) = whole.lines().rev().find_map(|line| line.strip_prefix(begins)) {
                return rest.trim().to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {begins}: {said}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// The first status line in which all of it goes beyond this.
    fn beyond(&self, before: [u64; 3]) -> [u64; 3] {
        let begun = Instant::now();
        loop {
            let now = standing(&self.line("commands "));
            if now.iter().zip(before).all(|(now, before)| *now > before) {
                return now;
            }
            assert!(begun.elapsed() < PATIENCE, "{now:?} after {before:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Ctrl-C.
    fn interrupt(mut self) {
        let sent = Command::new("kill").arg("-INT").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(sent.success());
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waits") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not stop");
            std::thread::sleep(Duration::from_millis(50));
        };
        let said = fs::read_to_string(&self.said).unwrap_or_default();
        assert!(status.success() && said.ends_with("stopped\n"), "{said}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Where an assertion failed before it was stopped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a line of the terminal does when a person copies it.
fn pasted(line: &str) -> Value {
    let output = Command::new("sh").args(["-c", line]).output().expect("a shell");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {line}: {}", said(&output)))
}

/// The number and the hash of the order that was shown, which rests.
fn ordered(line: &str) -> (u64, String) {
    let answer = pasted(line);
    let receipt = &answer["receipts"][0];
    assert_eq!(receipt["reason"], "resting", "{answer}");
    assert_eq!(pasted(line), answer, "pasted again it is answered the same");
    (number(&receipt["sequence"]), text(&answer["place"]["command_hash"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// The steps that the log tells of whatever has this hash.
fn steps(said: &str, hash: &str) -> Vec<String> {
    let trace = format!("trace={} ", &hash[2..34]);
    let lines = said.lines().filter(|line| line.contains(&trace));
    let step = |line: &str| Some(line.split_once("step=\"")?.1.split_once('"')?.0.to_owned());
    lines.filter_map(step).collect()
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|digits| digits.parse().ok()).unwrap_or_else(|| panic!("no number: {value}"))
}

/// Commands, batches built and L1 block of a status line; zero for what there is none of yet.
fn standing(line: &str) -> [u64; 3] {
    let first = |text: &str| text.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
    let after = |word: &str| line.split_once(word).map_or(0, |(_, rest)| first(rest));
    [first(line), after("built "), after("L1 block ")]
}

/// Waits until the API answers this so.
fn until(api: SocketAddr, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let begun = Instant::now();
        loop {
            let answer = RestClient::new(api).get::<Value>(path).await;
            if let Some(value) = answer.as_ref().ok().filter(|value| holds(value)) {
                return value.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "waited for {path}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

#[test]
fn what_it_shows_is_tried_and_the_next_start_goes_on_from_there() {
    if Command::new("curl").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: up-curl: curl is not here, and what is to be copied uses it");
        return;
    }
    let folder = Folder::new("shown");
    let first = Running::start(&folder, ports::free());
    let api: SocketAddr = first.line("dashboard    http://").trim_end_matches('/').parse().expect("an address");
    let (sequence, command) = ordered(&first.line("order "));
    let batch = until(api, &format!("/v1/commands/{sequence}/batch"), |batch| batch["stage"] == "final");
    assert_eq!(text(&batch["finalize"]["hash"]).len(), 66, "{batch}");
    // One id for everything that the log says of a command, and one of its batch.
    let log = fs::read_to_string(&first.said).expect("reads");
    assert_eq!(steps(&log, &command)[..1], ["answered"]);
    assert_eq!(steps(&log, &text(&batch["hash"])), ["built", "published", "committed", "proven", "final"]);

    let owner = "0x00000000000000000000000000000000000000aa";
    let gift = pasted(&format!("curl -s -X POST 'http://{api}/faucet?owner={owner}'"));
    assert_eq!(gift["deposits"], 3, "{gift}");
    let accounts = until(api, &format!("/v1/owners/{owner}/accounts"), |accounts| accounts[0].is_u64());
    let account = until(api, &format!("/v1/accounts/{}", accounts[0]), |account| {
        account["holdings"].as_array().is_some_and(|held| held.len() == 3)
    });
    assert!(account["holdings"][0]["free"].as_str().is_some_and(|free| free != "0"), "{account}");
    let refused = pasted(&format!("curl -s -X POST 'http://{api}/faucet?owner=0x12'"));
    assert_eq!(refused["error"]["code"], "bad_request", "{refused}");
    let history = format!("/v1/accounts/{}/history", accounts[0]);
    let credited = until(api, &history, |lines| lines.as_array().is_some_and(|lines| lines.len() >= 3));
    let trades = until(api, "/v1/markets/0/trades", |trades| trades[0].is_object());
    let before = first.beyond([0; 3]);
    first.interrupt();

    let second = Running::start(&folder, ports::free());
    let api: SocketAddr = second.line("dashboard    http://").trim_end_matches('/').parse().expect("an address");
    let kept = until(api, &history, |lines| lines.is_array());
    assert_eq!(kept, credited, "what happened before the start is still shown");
    // Others trade on, so the last of them then are among those that are shown now.
    let found = until(api, "/v1/markets/0/trades?limit=1000", |trades| trades[0].is_object());
    assert!(found.as_array().expect("a list").contains(&trades[0]), "{}", trades[0]);
    let (again, _) = ordered(&second.line("order "));
    assert!(again > sequence, "{again} after {sequence}");
    second.beyond(before);
    second.interrupt();
}

/// Ends with the test, whatever becomes of it.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_trader_is_told_to_type_is_answered() {
    let api = ports::free();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.args(["up", "--block-ms", "100", "--batch-ms", "400", "--traders", "2", "--rate", "20", "--api"]);
    let child = command.arg(api.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let _serving = Serving(child);
    let begun = Instant::now();
    // Its first market is listed through the timelock, a moment after it answers.
    while ask(api, "GET", "/v1/markets/0/book").is_none_or(|(status, _)| status != 200) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the exchange has no market");
        std::thread::sleep(Duration::from_millis(100));
    }
    let page =
        fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/trader.md")).expect("is there");
    let mut asked = Vec::new();
    for line in page.lines().map(str::trim).filter(|line| line.starts_with("curl -s ")) {
        let method = if line.contains("-X POST") { "POST" } else { "GET" };
        let (_, path) = line.split_once("http://127.0.0.1:8080").expect("an address of the node");
        let path = path.trim_end_matches('\'');
        let (status, body) = ask(api, method, path).expect("an answer");
        assert!(status == 200 && serde_json::from_str::<Value>(&body).is_ok(), "{line}: {status} {body}");
        asked.push((method, path.to_owned()));
    }
    assert!(asked.len() >= 5 && asked.iter().any(|(method, _)| *method == "POST"), "{asked:?}");
    // What the faucet was asked for comes, where the page says that it is seen.
    let (_, owner) = asked.last().expect("some were asked");
    while ask(api, "GET", owner).is_none_or(|(_, accounts)| accounts == "[]") {
        assert!(begun.elapsed() < Duration::from_secs(120), "the deposit opens no account");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// The status and the body of an answer, if there is one.
fn ask(api: SocketAddr, method: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(api).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(90))).ok()?;
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
