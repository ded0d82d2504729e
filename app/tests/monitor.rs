//! The monitor as a person sees it: each picture as text, at the smallest size that is promised and at a large one.
//!
//! The pictures are in `tests/monitor`. `ASHLAR_PICTURES=write` writes them anew, which is to be looked at before it is kept.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use ashlar_api::model::checksum;
use ashlar_api::schema::ServerSays;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[path = "../src/clock.rs"]
#[allow(dead_code, reason = "the monitor uses one function of it")]
mod clock;
#[path = "../src/figures.rs"]
#[allow(dead_code, reason = "the monitor uses one function of it")]
mod figures;
#[path = "../src/monitor/mod.rs"]
#[allow(dead_code, reason = "the terminal itself is driven by the binary")]
mod monitor;
#[path = "monitor/terminal.rs"]
mod terminal;

use monitor::{
    Broken, Effect, Key, Listed, Log, Looked, LookedAt, Model, MonitorArguments, News, Subject, draw, read_metrics,
};

/// 12:30:00 UTC of some day.
const NOON: u64 = 1_700_051_400_000;
const OWNER: &str = "0x0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a00000001";

fn read<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("it is in the words of the API")
}

fn hash(letter: &str) -> String {
    format!("0x{}", letter.repeat(64))
}

fn listed(proofs: &str) -> News {
    let asset = |asset: u16, name: &str, decimals: u8| {
        let token = format!("0x{}", "0".repeat(40));
        json!({"asset": asset, "name": name, "decimals": decimals, "token": token, "scale_digits": 9, "total_max": "9000000"})
    };
    let market = |market: u16, name: &str, base: u16| {
        json!({"market": market, "name": name, "base": base, "quote": 0, "base_per_lot": "1000000", "quote_per_tick": "10",
            "fee_cap_ppm": 1000, "lots_min": "1", "lots_max": "1000000", "band_ppm": 500000, "collar_ppm": 100000,
            "orders_max": 100, "schedule": 0, "state": "open", "cascade_pending": false, "last": "250000"})
    };
    News::Listed(Box::new(Listed {
        venue: read(json!({"exchange": hash("e"), "chain_id": "9001", "settlement": OWNER, "sequencer_key": hash("5"),
            "proofs": proofs, "mode": "standard", "version": "0.1.0", "next": "1000", "time": NOON})),
        assets: read(json!([asset(0, "USDC", 6), asset(1, "ETH", 9), asset(2, "BTC", 9)])),
        markets: read(json!([market(0, "ETH/USDC", 1), market(1, "BTC/USDC", 2)])),
    }))
}

fn tip(next: u64, batches: [Option<u64>; 5]) -> News {
    let [built, published, committed, proven, last] = batches.map(|number| number.map(|number| number.to_string()));
    News::Tip(read(
        json!({"next": next.to_string(), "time": NOON - 40, "accounts": 14, "built": built, "published": published,
        "committed": committed, "proven": proven, "final": last, "l1_block": "1234", "inbox_next": "2",
        "withdrawal_next": "1", "l1_reorgs": "2", "l1_reorg_deepest": "3"}),
    ))
}

fn batch(number: u64, stage: &str) -> Value {
    let reached = ["built", "published", "committed", "proven", "final"].iter().position(|word| *word == stage);
    let reached = reached.expect("a stage");
    let at = |least: usize, letter: &str, block: u64| {
        let cost = json!({"gas_used": (200_000 + block).to_string(), "gas_price": "1500000000", "blob_cost": "0",
            "total": ((200_000 + block) * 1_500_000_000).to_string()});
        // Batch 0 was sent by another node.
        let cost = if number == 0 { Value::Null } else { cost };
        (reached >= least).then(|| json!({"hash": hash(letter), "block": (block + number).to_string(), "cost": cost}))
    };
    let proof = (reached >= 3)
        .then(|| json!({"kind": "execute-only (development)", "first": number.to_string(), "count": 1, "bytes": null}));
    json!({"number": number.to_string(), "stage": stage, "header": [], "hash": hash("b"), "first": (number * 100).to_string(),
        "next": ((number + 1) * 100).to_string(), "first_time": NOON - 9_000, "last_time": NOON - 60_000 + number * 5_000,
        "data_bytes": "3456", "commit": at(2, "c", 1_200), "prove": at(3, "d", 1_205), "finalize": at(4, "f", 1_210), "proof": proof})
}

type Levels = Vec<(u64, u64)>;

/// Buyers and sellers, best first.
fn book() -> (Levels, Levels) {
    let bids = (0..30).map(|level| (249_990 - level * 3, 5 + level * 7 % 40)).collect();
    let asks = (0..30).map(|level| (250_010 + level * 4, 3 + level * 11 % 50)).collect();
    (bids, asks)
}

fn snapshot() -> ServerSays {
    let (bids, asks) = book();
    let words = |levels: &[(u64, u64)]| -> Vec<Value> {
        levels.iter().map(|(price, lots)| json!([price.to_string(), lots.to_string()])).collect()
    };
    read(json!({"type": "book_snapshot", "market": 0, "update": "90", "sequence": "1000", "bids": words(&bids),
        "asks": words(&asks), "checksum": checksum(bids.iter().copied(), asks.iter().copied())}))
}

fn trade(sequence: u64, side: &str) -> Value {
    json!({"sequence": sequence.to_string(), "time": NOON - 100_000 + sequence * 100, "price": (249_000 + sequence).to_string(),
        "lots": (sequence % 17 + 1).to_string(), "side": side})
}

fn account() -> News {
    let subject = Subject::Number(7);
    let view = json!({"account": 7, "sequence": "1000", "owner": OWNER, "stopped": false, "frozen": false, "tier": 0, "orders": 1,
        "dead_man": null, "owner_nonce": "3", "holdings": [
            {"asset": 0, "free": "1250500000", "reserved": "25000000"}, {"asset": 1, "free": "1500000000", "reserved": "0"}],
        "keys": [{"slot": 0, "public": hash("9"), "scopes": ["trade", "cancel"], "epoch": 1, "expires": null, "nonce": "44",
            "revoked": false}]});
    let order = json!({"order": format!("0x{}", "1".repeat(32)), "account": 7, "market": 0, "side": "buy", "price": "249990",
        "remaining": "10", "visible": "10", "post_only": "no", "self_trade": "cancel_newest", "expires": null, "trigger": null,
        "client": "1"});
    let fill = json!({"type": "fill", "sequence": "990", "time": NOON - 1_000, "account": 7, "market": 0,
        "order": format!("0x{}", "1".repeat(32)), "side": "buy", "maker": true, "price": "249990", "lots": "3", "fee": "0",
        "rebate": "1"});
    let found = monitor::AccountSeen {
        view: read(view),
        orders: vec![read(order)],
        history: vec![read(fill)],
        siblings: vec![7, 9],
    };
    News::Account(LookedAt { subject, looked: Looked::Found(Box::new(found)) })
}

fn ticker(market: u16) -> Value {
    json!({"market": market, "last": "250000", "bid": ["249990", "5"], "ask": ["250010", "3"], "open": "247000", "high": "251000",
        "low": "246000", "lots": "900", "quote": "1124500", "trades": "77", "state": "open"})
}

/// A node that has told all there is.
fn full() -> Model {
    let mut model = Model::new("http://127.0.0.1:8080");
    let metrics = "# HELP x\nashlar_unproven_commands 300\nashlar_unproven_commands_max 1000000\n\
        ashlar_prove_seconds_bucket{le=\"1\"} 1\nashlar_prove_seconds_sum 8.4\nashlar_prove_seconds_count 4\n\
        ashlar_execute_seconds_sum 0.002\nashlar_execute_seconds_count 4\n\
        ashlar_door_waiting 3\nashlar_door_waiting_max 4096\nashlar_uncaptured_commands 12\n\
        ashlar_l1_gas_used 5301234\nashlar_l1_paid_gwei 7951851\n\
        ashlar_final_seconds_sum 0.0\nashlar_final_seconds_count 0\nashlar_refusals_total{kind=\"rate\"} 2\n";
    let stages = ["final", "final", "final", "final", "final", "final", "proven", "committed", "published", "built"];
    let batches: Vec<Value> = stages.iter().zip(0..).map(|(stage, number)| batch(number, stage)).collect();
    let health = json!({"ok": false, "following": true, "services": [
        {"name": "sequencer", "state": "running", "note": ""},
        {"name": "prover", "state": "degraded", "note": "3 batches wait; the oldest for 12 s"}]});
    let inbox = |index: u64, consumed: Option<&str>| {
        json!({"index": index.to_string(), "kind": "forced_cancel_all", "entry": "0x00", "l1_block": "1230",
            "transaction": hash("a"), "sequence": consumed})
    };
    let withdrawal = json!({"index": "0", "to": OWNER, "asset": 0, "amount": "12500000", "sequence": "815", "stage": "committed",
        "claimed": false, "proof": null});
    let trades: Vec<Value> =
        (900..940).rev().map(|sequence| trade(sequence, if sequence % 3 == 0 { "sell" } else { "buy" })).collect();
    let waiting = |label: &str, nonce: Option<&str>, block: Option<&str>, transactions: Vec<String>| {
        json!({"label": label, "state": "x", "nonce": nonce, "transactions": transactions, "block": block,
            "offered": nonce.map(|_| NOON - 12_000)})
    };
    let outbox = json!([
        waiting("finalize batches up to 5", Some("40"), Some("1233"), vec![hash("1")]),
        waiting("commit batch 8", Some("41"), None, vec![hash("2"), hash("3")]),
        waiting("prove batches 6 to 7 by proof 0", None, None, Vec::new()),
    ]);
    let line = |at: u64, level: &str, text: &str| json!({"time": NOON - at, "level": level, "target": "ashlar_sequencer::services::supervise", "text": text});
    let log = json!([
        line(
            2_000,
            "warn",
            "a store did not confirm batch=9 store=\"da-2\" error=it failed to write: no room; try again later"
        ),
        line(65_000, "info", "the node started"),
    ]);
    for news in [
        listed("execute-only (development)"),
        tip(750, [Some(6), Some(5), Some(4), Some(3), Some(2)]),
        News::Tickers(read(json!([ticker(0)]))),
        News::Health(read(health)),
        News::Metrics(read_metrics(metrics)),
        News::Outbox(Some(read(outbox))),
        News::Log(Log::Lines(read(log))),
        News::Batches(read(Value::from(batches))),
        News::Inbox(read(json!([inbox(0, Some("12")), inbox(1, Some("44")), inbox(2, None)]))),
        News::Withdrawals(read(json!([withdrawal]))),
        News::StreamOpen(0),
        News::Trades(0, read(Value::from(trades))),
        News::Says(snapshot()),
    ] {
        assert_eq!(model.take(news, NOON - 1_000), Effect::None);
    }
    model.take(tip(1_000, [Some(9), Some(8), Some(7), Some(6), Some(5)]), NOON);
    model
}

fn picture(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal in memory");
    terminal.draw(|frame| draw(model, frame)).expect("it draws");
    let buffer = terminal.backend().buffer();
    let line = |y: u16| {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        line.trim_end().to_owned() + "\n"
    };
    (0..height).map(line).collect()
}

/// Compares with the picture that is kept.
#[track_caller]
fn expect(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/monitor").join(format!("{name}.txt"));
    if std::env::var("ASHLAR_PICTURES").is_ok_and(|word| word == "write") {
        fs::write(&path, got).expect("the pictures can be written");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(kept == got, "{name} looks different.\nkept:\n{kept}\ngot:\n{got}");
}

fn press(model: &mut Model, keys: &str) -> Effect {
    keys.chars().fold(Effect::None, |_, letter| match letter {
        '\n' => model.key(Key::Enter),
        letter => model.key(Key::Letter(letter)),
    })
}

#[test]
fn every_screen_looks_as_it_is_kept() {
    let mut model = full();
    press(&mut model, "a7\n");
    model.take(account(), NOON);
    let names = ["overview", "books", "batches", "proofs", "l1", "accounts", "health", "mempool", "logs", "help"];
    for (key, name) in names.iter().enumerate() {
        press(&mut model, &if *name == "help" { "?".to_owned() } else { (key + 1).to_string() });
        for (width, height) in [(80, 24), (200, 50)] {
            expect(&format!("{name}-{width}x{height}"), &picture(&model, width, height));
        }
    }
}

#[test]
fn a_node_that_has_not_answered_is_waited_for() {
    let model = Model::new("http://127.0.0.1:8080");
    expect("loading-80x24", &picture(&model, 80, 24));
}

#[test]
fn a_new_exchange_has_nothing_and_says_so() {
    let mut model = Model::new("http://127.0.0.1:8080");
    model.take(listed("sp1"), NOON);
    model.take(News::StreamOpen(0), NOON);
    model.take(tip(0, [None; 5]), NOON);
    let mut all = String::new();
    for key in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
        press(&mut model, key);
        all += &picture(&model, 80, 24);
    }
    assert!(!all.contains("NOT PROVEN"), "sp1 proves");
    expect("empty-80x24", &all);
}

#[test]
fn a_node_that_is_gone_leaves_its_last_words_with_their_time() {
    let mut model = full();
    let lost = |broken, reason: &str| News::Lost { broken, reason: reason.into(), attempt: 3, retry_ms: 2_000 };
    model.take(lost(Broken::Unreachable, "Connection refused (os error 111)"), NOON + 5_000);
    model.tick(NOON + 6_000);
    let gone = picture(&model, 80, 24);
    assert!(gone.contains("again in 1 s") && gone.contains("12:30:00") && gone.contains("ETH/USDC"), "{gone}");
    expect("disconnected-80x24", &gone);
    model.take(lost(Broken::Refused, "the node is starting; ask again"), NOON + 7_000);
    expect("error-80x24", &picture(&model, 80, 24));
    model.take(tip(1_001, [Some(9); 5]), NOON + 8_000);
    assert!(!picture(&model, 80, 24).contains("DISCONNECTED"), "it is back");
}

#[test]
fn a_paused_picture_stands_still_and_then_goes_on() {
    let mut model = full();
    press(&mut model, "p");
    let before = picture(&model, 80, 24);
    assert!(before.contains("PAUSED"));
    model.take(tip(5_000, [Some(9); 5]), NOON);
    assert_eq!(picture(&model, 80, 24), before);
    press(&mut model, "p");
    assert!(picture(&model, 80, 24).contains("5,000"));
}

#[test]
fn a_filter_shows_only_rows_that_have_it() {
    let mut model = full();
    press(&mut model, "3/published\n");
    let filtered = picture(&model, 80, 24);
    assert!(filtered.contains("step (1)") && filtered.contains("Batch 8:"), "{filtered}");
    press(&mut model, "/x\n");
    assert!(picture(&model, 80, 24).contains("No row has “publishedx”"));
    model.key(Key::Escape);
    assert!(picture(&model, 80, 24).contains("step (10)"));
}

#[test]
fn keys_scroll_within_the_list_and_choose() {
    let mut model = full();
    press(&mut model, "3");
    model.key(Key::Up);
    assert_eq!(model.place().row, 0);
    model.key(Key::End);
    assert_eq!(model.place().row, 9);
    model.key(Key::Down);
    assert!(picture(&model, 80, 24).contains("Batch 0:"));
    press(&mut model, "1j");
    assert_eq!(press(&mut model, "\n"), Effect::Listen);
    assert_eq!((model.market_wanted(), model.screen), (Some(1), monitor::Screen::Books));
    assert_eq!(model.key(Key::Right), Effect::Listen);
    assert_eq!(model.market_wanted(), Some(0));
    assert_eq!(press(&mut model, "q"), Effect::Quit);
}

#[test]
fn a_private_key_that_is_typed_goes_nowhere() {
    let mut model = full();
    let key = "1".repeat(64);
    assert_eq!(press(&mut model, &format!("a0x{key}\n")), Effect::None);
    assert_eq!(model.subject, None);
    let after = picture(&model, 80, 24);
    assert!(after.contains("nothing was sent") && !after.contains("1111111111"), "{after}");
    assert_eq!(press(&mut model, &format!("a{OWNER}\n")), Effect::Look);
    assert_eq!(press(&mut model, "anobody\n"), Effect::None);
    assert!(picture(&model, 80, 24).contains("neither"));
}

#[test]
fn a_delta_that_does_not_fit_asks_for_the_book_anew() {
    let mut model = full();
    let delta = |previous: &str, checksum: u32| {
        let delta = json!({"type": "book_delta", "market": 0, "previous": previous, "update": "91", "sequence": "1001",
            "bids": [["249990", "0"]], "asks": [], "checksum": checksum});
        News::Says(read(delta))
    };
    let (mut bids, asks) = book();
    bids.remove(0);
    let right = checksum(bids.into_iter(), asks.into_iter());
    assert_eq!(model.take(delta("90", right), NOON), Effect::None);
    assert!(!model.seen().book.bids.contains_key(&249_990));
    assert_eq!(model.take(delta("90", right), NOON), Effect::Listen, "it leads from a state that is gone");
    press(&mut model, "2");
    assert!(picture(&model, 80, 24).contains("NOT LIVE"));
}

#[test]
fn trades_that_were_streamed_meanwhile_are_told_once() {
    let mut model = full();
    model.take(News::StreamOpen(0), NOON);
    let streamed = json!({"type": "trades", "market": 0, "trades": [trade(950, "buy"), trade(951, "buy")]});
    model.take(News::Says(read(streamed)), NOON);
    model.take(News::Trades(0, read(json!([trade(950, "buy"), trade(949, "sell")]))), NOON);
    let told: Vec<u64> = model.seen().trades.iter().map(|trade| trade.sequence.0).collect();
    assert_eq!(told, [951, 950, 949]);
}

#[test]
fn every_size_of_a_terminal_is_drawn() {
    let mut model = full();
    for key in "123456789?".chars() {
        press(&mut model, &key.to_string());
        for (width, height) in [(1, 1), (39, 12), (40, 12), (60, 15), (81, 25), (300, 90)] {
            picture(&model, width, height);
        }
    }
}

fn url(url: &str) -> Result<String, String> {
    let arguments = MonitorArguments { url: url.into(), admin: None, token_file: None, once: true, json: false };
    arguments.address().map(|address| address.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_url_is_read_or_refused_with_what_to_do() {
    assert_eq!(url("http://127.0.0.1:8080/"), Ok("127.0.0.1:8080".into()));
    assert_eq!(url("http://127.0.0.1"), Ok("127.0.0.1:80".into()));
    assert_eq!(url("[::1]:81"), Ok("[::1]:81".into()));
    assert!(url("https://127.0.0.1").is_err_and(|error| error.contains("proxy")));
    assert!(url("http://127.0.0.1:8080/v1").is_err_and(|error| error.contains("http://127.0.0.1:8080")));
    assert!(url("").is_err());
}

/// Answers like a node, as far as one overview asks; it ends with the test.
fn node() -> std::net::SocketAddr {
    let told = |news: News| match news {
        News::Listed(listed) => *listed,
        _ => unreachable!("listed"),
    };
    let Listed { venue, assets, markets } = told(listed("execute-only (development)"));
    let News::Tip(tip) = tip(5, [Some(0), Some(0), None, None, None]) else { unreachable!("a tip") };
    let answers: BTreeMap<&str, String> = BTreeMap::from([
        ("/v1/venue", json!(venue).to_string()),
        ("/v1/assets", json!(assets).to_string()),
        ("/v1/markets", json!(markets).to_string()),
        ("/v1/tip", json!(tip).to_string()),
        ("/v1/tickers", json!([ticker(0)]).to_string()),
        ("/health", json!({"ok": true, "following": true, "services": []}).to_string()),
        ("/metrics", "ashlar_unproven_commands 5\n".into()),
        ("/v1/batches/0", batch(0, "published").to_string()),
    ]);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut socket in listener.incoming().map_while(Result::ok) {
            let mut heard = Vec::new();
            let mut byte = [0];
            while socket.read(&mut byte).is_ok_and(|read| read == 1) {
                heard.extend(byte);
                if !heard.ends_with(b"\r\n\r\n") {
                    continue;
                }
                let asked = String::from_utf8_lossy(&heard).split(' ').nth(1).unwrap_or_default().to_owned();
                heard.clear();
                let missing = json!({"error": {"code": "not_found", "message": "there is none"}}).to_string();
                let (status, body) =
                    answers.get(asked.as_str()).map_or(("404 Not Found", &missing), |body| ("200 OK", body));
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                if socket.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    address
}

fn once(url: &str, more: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ashlar"));
    command.args(["monitor", "--url", url, "--once"]).args(more).output().expect("the binary was built for this test")
}

#[test]
fn a_script_is_told_once() {
    let url = format!("http://{}", node());
    let output = once(&url, &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for expected in
        ["NOT PROVEN: proofs are execute-only", "commands   5", "published", "ETH/USDC  2,500.00", "unproven   5"]
    {
        assert!(said.contains(expected), "no {expected:?} in\n{said}");
    }
    let output = once(&url, &["--json"]);
    let said: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    assert_eq!((&said["tip"]["next"], &said["development_proofs"]), (&json!("5"), &json!(true)));
    assert_eq!(said["markets"][0]["ticker"]["trades"], "77");
}

#[test]
fn a_script_is_told_that_nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let output = once(&format!("http://{address}"), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is it running"), "{said}");
}
