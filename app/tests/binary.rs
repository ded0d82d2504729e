//! The binary as a person or a script meets it: small runs, bounded time, and nothing said about how fast it was.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;

fn ashlar(arguments: &str) -> Output {
    let binary = env!("CARGO_BIN_EXE_ashlar");
    Command::new(binary).args(arguments.split_whitespace()).output().expect("the binary was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints text")
}

/// The figures of a bench that must succeed.
#[track_caller]
fn figures(arguments: &str) -> Vec<Value> {
    let output = ashlar(arguments);
    assert!(output.status.success(), "{arguments}: {}", text(&output.stderr));
    let figures: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect();
    for figure in &figures {
        let keys: Vec<&str> = figure.as_object().expect("an object").keys().map(String::as_str).collect();
        let known = ["at", "bench", "limit", "limit_why", "metric", "unit", "value"];
        assert!(keys.iter().all(|key| known.contains(key)), "{keys:?}");
        assert_eq!(figure.get("limit").is_some(), figure.get("limit_why").is_some(), "{figure}");
        assert!(figure["at"].is_object() && figure["unit"].is_string(), "{figure}");
    }
    figures
}

/// The first figure of a metric.
#[track_caller]
fn find<'a>(figures: &'a [Value], metric: &str) -> &'a Value {
    figures.iter().find(|figure| figure["metric"] == metric).unwrap_or_else(|| panic!("no {metric} in {figures:?}"))
}

fn number(figure: &Value) -> f64 {
    figure["value"].as_f64().expect("a number")
}

#[test]
fn the_checks_of_the_demo_hold() {
    let output = ashlar("demo --seconds 1");
    let printed = text(&output.stdout);
    assert!(output.status.success(), "{printed}{}", text(&output.stderr));
    for expected in ["state root ", "adds up", "no book is crossed", "the same state", "try next", "exactly one"] {
        assert!(printed.contains(expected), "no {expected:?} in\n{printed}");
    }
    assert!(!printed.contains("NO: ") && !printed.contains('\x1b'), "{printed}");
}

#[test]
fn the_same_seed_gives_the_same_market() {
    let root = |seed: u32| {
        let printed = text(&ashlar(&format!("demo --seconds 0 --markets 1 --accounts 10 --seed {seed}")).stdout);
        printed.lines().find(|line| line.starts_with("state root")).expect("a root").to_owned()
    };
    assert_eq!(root(3), root(3));
    assert_ne!(root(3), root(4));
}

#[test]
fn the_node_bench_prints_every_metric() {
    let figures = figures("bench node --clients 2 --messages 20 --bulk-commands 1024 --json");
    for metric in ["single_commands_per_s", "bulk_commands_per_s", "signature_checks_per_s", "ack_p50_us", "ack_p99_us"]
    {
        let figure = find(&figures, metric);
        assert_eq!((&figure["bench"], &figure["at"]["clients"]), (&Value::from("node"), &Value::from(2)));
        assert!(number(figure) > 0.0, "{figure}");
    }
    assert!(number(find(&figures, "fsync_us")) > 0.0);
    let modes = |metric: &str| -> Vec<&Value> {
        figures.iter().filter(|figure| figure["metric"] == metric).map(|figure| &figure["at"]["mode"]).collect()
    };
    assert_eq!(modes("bulk_commands_per_s"), ["burst", "sustained"]);
    let half = figures.iter().find(|figure| figure["metric"] == "ack_p99_us" && figure["at"]["load"] == "half");
    let half = half.expect("at half of the load");
    assert!(half["at"]["rate"].as_u64() > Some(0) && half["at"]["refused"].is_u64(), "{half}");
    assert_eq!(find(&figures, "single_commands_per_s")["at"]["commands"], 40);
    assert_eq!(find(&figures, "bulk_commands_per_s")["at"]["commands"], 1_024);
}

#[test]
fn the_prove_bench_prints_what_it_can_and_says_what_it_cannot() {
    let words = "bench prove --seconds 0.4 --accounts 60 --json --meter nowhere";
    let printed = figures(words);
    let capture = find(&printed, "capture_ms");
    assert_eq!((&capture["at"]["batch"], &capture["limit"]), (&Value::from(10_000), &Value::from(50)));
    let native: Vec<_> = printed.iter().filter(|figure| figure["metric"] == "native_commands_per_s").collect();
    let keys: Vec<_> =
        native.iter().map(|figure| (figure["at"]["kind"].as_str(), figure["at"]["bulk"].as_bool())).collect();
    assert_eq!(keys, [(Some("mixed"), Some(false)), (Some("orders"), Some(true))]);
    assert!(native.iter().all(|figure| number(figure) > 0.0 && figure["at"]["backend"] == "native"));
    let said = text(&ashlar("bench prove --execute-only --meter nowhere").stderr);
    assert!(said.contains("not measured: ") && said.contains("cargo build --release"), "{said}");
}

#[test]
fn latency_is_measured_beside_a_prover_and_without_one_in_one_run() {
    let printed = figures("bench prove --latency --seconds 1 --rate 100 --json");
    for metric in ["ack_p50_us", "ack_p99_us"] {
        let of = |proving: bool| {
            let found = printed.iter().find(|figure| figure["metric"] == metric && figure["at"]["proving"] == proving);
            number(found.unwrap_or_else(|| panic!("no {metric} with proving {proving} in {printed:?}")))
        };
        assert!(of(false) > 0.0 && of(true) > 0.0);
    }
}

#[test]
fn the_l1_bench_prints_every_metric() {
    let figures = figures("bench l1 --batch 50 --seconds 1 --json");
    let calls: Vec<&str> = figures.iter().filter_map(|figure| figure["at"]["call"].as_str()).collect();
    for call in
        ["deposit/ether", "commit/calldata", "commit/blobs", "finalize", "freeze", "fix root", "escape/32 leaves"]
    {
        assert!(calls.contains(&call), "no {call} in {calls:?}");
    }
    let gas = figures.iter().filter(|figure| figure["metric"] == "gas");
    assert!(gas.into_iter().all(|figure| number(figure) > 21_000.0), "each is a transaction");
    let shared = figures.iter().filter(|figure| figure["metric"] == "gas_per_command");
    let data: Vec<&str> = shared.filter_map(|figure| figure["at"]["data"].as_str()).collect();
    assert_eq!(data, ["custody", "calldata", "blobs"]);
    assert!(number(find(&figures, "anchor_latency_s")) > 0.0);
}

#[test]
fn the_core_bench_prints_every_metric() {
    let figures =
        figures("bench core --markets 3 --accounts 50 --seconds 0.01 --rate 100000 --chunk 2000 --seed 5 --json");
    for metric in ["commands_per_s", "p50_ns", "p99_ns", "p999_ns", "excluded_share", "allocations_per_command"] {
        let figure = find(&figures, metric);
        assert_eq!((&figure["bench"], &figure["at"]["markets"]), (&Value::from("core"), &Value::from(3)));
        assert_eq!(figure["at"]["accounts"], 50);
    }
    assert_eq!(find(&figures, "commands_per_s")["at"]["mode"], "burst");
    let p99 = find(&figures, "p99_ns");
    assert_eq!((&p99["at"]["mode"], &p99["at"]["rate"]), (&Value::from("sustained"), &Value::from(100_000)));
    assert!(p99["limit"].is_number() && number(p99) >= number(find(&figures, "p50_ns")));
    assert!((0.3..0.7).contains(&number(find(&figures, "cancel_and_replace_share"))));
}

#[test]
fn the_state_bench_prints_every_metric() {
    let figures =
        figures("bench state --leaves 2000 --batch 200 --seconds 0 --accounts 30 --markets 2 --commands 1000 --json");
    let rates: Vec<&Value> = figures.iter().filter(|figure| figure["metric"] == "leaf_updates_per_s").collect();
    let threads: Vec<&Value> = rates.iter().map(|figure| &figure["at"]["threads"]).collect();
    assert_eq!(threads, [2, 1]);
    assert!(rates.iter().all(|figure| figure["limit"].is_number()));
    assert!(number(find(&figures, "hashes_per_update")) > 1.0);
    let batches: Vec<&Value> =
        figures.iter().filter(|figure| figure["metric"] == "witness_bytes_per_command").collect();
    assert_eq!(batches.iter().map(|figure| &figure["at"]["batch"]).collect::<Vec<_>>(), [20, 200]);
    assert!(batches.iter().all(|figure| number(figure) > 0.0));
}

/// Two orders that trade, one that is cancelled, a modify of nothing.
fn workload() -> PathBuf {
    let mut bytes = vec![0; 12];
    bytes.extend(4_u32.to_le_bytes());
    let mut message = |kind: u8, side: u8, quantity: u32, sequence: u64, id: u64, price: i64| {
        bytes.extend([kind, side, 0, 0]);
        bytes.extend(quantity.to_le_bytes());
        bytes.extend([sequence.to_le_bytes(), id.to_le_bytes(), price.to_le_bytes(), [0; 8]].concat());
    };
    message(0, 0, 5, 1, 11, 100);
    message(0, 1, 3, 2, 12, 99);
    message(1, 0, 0, 3, 11, 0);
    message(2, 0, 1, 4, 13, 100);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("four.bin");
    fs::write(&path, bytes).expect("the folder for such files can be written to");
    path
}

#[test]
fn the_book_bench_prints_every_metric_and_hashes_the_reports() {
    let figures = figures(&format!("bench book --workload {} --seconds 0.001 --json", workload().display()));
    for metric in ["messages_per_s", "p50_ns", "p99_ns", "p999_ns"] {
        assert!(number(find(&figures, metric)) > 0.0);
    }
    // Of "0,1,0,11,100,5\n0,2,1,12,99,3\n1,2,100,3,11,12\n2,3,0,11,100\n5,4,13".
    let expected = "fc361936321d7f4e8f877e29cf9d61729dba2a34a2460ec937cff88fa53f0794";
    assert_eq!(find(&figures, "report_sha256")["value"], expected);
}

#[test]
fn help_has_an_example_and_the_exit_codes() {
    for arguments in ["demo --help", "bench --help", "bench book --help", "bench core --help", "bench state --help"] {
        let output = ashlar(arguments);
        assert!(output.status.success() && text(&output.stdout).contains("Example: ashlar "), "{arguments}");
    }
    assert!(text(&ashlar("--help").stdout).contains("Exit codes: 0"));
}

#[test]
fn errors_say_what_happened_and_exit_codes_tell_them_apart() {
    let missing = ashlar("bench book --workload nowhere.bin");
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("nowhere.bin"), "{}", text(&missing.stderr));
    let wrong = ashlar("bench core --rate 0");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("--rate"), "{}", text(&wrong.stderr));
}

#[test]
fn what_runs_long_tells_a_program_what_it_does() {
    let demo = ashlar("demo --seconds 0 --markets 1 --accounts 10 --json");
    let told: Value = serde_json::from_str(&text(&demo.stdout)).expect("one JSON object");
    assert!(demo.status.success() && told["commands"].as_u64() > Some(0), "{told}");
    assert!(
        told["checks"].as_array().is_some_and(|checks| checks.iter().all(|check| check["holds"] == true)),
        "{told}"
    );

    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("custodian-json");
    drop(fs::remove_dir_all(&folder));
    let words = format!("da-node --data {} --listen 127.0.0.1:0 --development --seconds 0 --json", folder.display());
    let custodian = ashlar(&words);
    let said = text(&custodian.stdout);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(custodian.status.success() && lines.len() == 2, "{said}{}", text(&custodian.stderr));
    let address = lines[0]["custodian"].as_str().expect("an address");
    assert!(lines[0]["listening"].as_str().is_some_and(|url| url.ends_with(address)) && lines[1]["stopped"] == true);

    let key = folder.join("signer.key");
    fs::write(&key, "11".repeat(32)).expect("written");
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
    let signer = ashlar(&format!(
        "signer --listen 127.0.0.1:0 --seconds 0 --json --key-file {} --token-file {}",
        key.display(),
        folder.join("signer-token").display()
    ));
    let said = text(&signer.stdout);
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(signer.status.success() && lines.len() == 2, "{said}{}", text(&signer.stderr));
    assert!(lines[0]["signer"].is_string() && lines[1]["stopped"] == true, "{said}");

    let token = folder.join("token");
    fs::write(&token, "5e".repeat(32)).expect("written");
    fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("its mode");
    let worker = ashlar(&format!(
        "prover --backend execute --connect 127.0.0.1:1 --patience 0 --json --token-file {}",
        token.display()
    ));
    let said: Value = serde_json::from_str(&text(&worker.stdout)).expect("one JSON object");
    assert_eq!((&said["event"], &said["backend"]), (&Value::from("asks"), &Value::from("execute")));
    assert_eq!(worker.status.code(), Some(1), "nobody is there: {}", text(&worker.stderr));
}

#[test]
fn completions_are_scripts_that_a_shell_reads() {
    let script = ashlar("completions bash").stdout;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ashlar.bash");
    fs::write(&path, &script).expect("written");
    let checked = Command::new("bash").arg("-n").arg(&path).output().expect("bash is what .ci/run itself is run by");
    assert!(checked.status.success() && checked.stderr.is_empty(), "{}", text(&checked.stderr));
    // What it completes is what there is.
    let complete = format!(
        "source {}; COMP_WORDS=(ashlar mon); COMP_CWORD=1; _ashlar ashlar mon ashlar; echo \"${{COMPREPLY[@]}}\"",
        path.display()
    );
    let completed = Command::new("bash").arg("-c").arg(complete).output().expect("bash runs");
    assert_eq!(text(&completed.stdout).trim(), "monitor", "{}", text(&completed.stderr));
    for shell in ["elvish", "fish", "powershell", "zsh"] {
        assert!(text(&ashlar(&format!("completions {shell}")).stdout).contains("verify-proof"), "{shell}");
    }
}
