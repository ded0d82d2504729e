use std::path::PathBuf;

use super::keys::{ALL, Usual};
use super::layers::Layers;
use super::settings::NodeSettings;
use super::{print, sound};

/// What the first node of an operator sets, and no more.
const LEAST: &str = "\
[node]
data = \"data\"
key_file = \"node.key\"

[l1]
endpoints = [\"https://one.example/v3/secret\", \"https://two.example\"]
chain_id = 1
settlement = \"0x00000000000000000000000000000000000000aa\"
key_file = \"l1.key\"
";

fn written(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("ashlar-config-{}-{name}.toml", std::process::id()));
    std::fs::write(&path, text).expect("a file");
    path
}

fn layers(name: &str, text: &str, variables: &[(&str, &str)], flags: &[&str]) -> Layers {
    let path = written(name, text);
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let flags: Vec<_> = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let layers = Layers::of(Some(&path), variables, &flags);
    std::fs::remove_file(path).expect("is removed");
    layers
}

fn mistakes(layers: &Layers) -> Vec<String> {
    NodeSettings::read(layers).expect_err("it is not sound").iter().map(ToString::to_string).collect()
}

#[test]
fn the_least_is_enough_and_the_defaults_are_the_nodes_own() {
    let settings = sound(NodeSettings::read(&layers("least", LEAST, &[], &[]))).expect("it is sound");
    assert_eq!(settings.limits, ashlar_sequencer::Limits::default());
    assert_eq!(settings.l1.endpoints.len(), 2);
    assert_eq!(settings.api.token_file, PathBuf::from("data/admin-token"));
    let api = ashlar_api::http::ApiConfig::default();
    assert_eq!((settings.api.burst, settings.api.per_second), (api.burst, api.per_second));
}

#[test]
fn a_later_layer_has_the_last_word_on_a_key_and_on_nothing_else() {
    let variables = [("ASHLAR_NODE_L1_QUORUM", "2"), ("ASHLAR_NODE_L1_POLL_MS", "500"), ("HOME", "/")];
    let layers = layers("order", LEAST, &variables, &["l1.poll_ms=250", "api.listen=127.0.0.1:9000"]);
    let settings = NodeSettings::read(&layers).expect("it is sound");
    assert_eq!(settings.l1.quorum, 2);
    assert_eq!(settings.l1.poll_every.as_millis(), 250);
    assert_eq!(settings.l1.chain_id, 1);
    assert_eq!(settings.api.listen.port(), 9_000);
}

#[test]
fn every_mistake_is_told_at_once_with_its_layer() {
    let text = "\
[node]
data = \"data\"
key_file = \"one.key\"
checkers = 0
typo = 3

[l1]
endpoints = [\"ftp://one\"]
chain_id = \"mainnet\"
key_file = \"one.key\"
";
    let variables = [("ASHLAR_NODE_L1_QUORUM", "3"), ("ASHLAR_NODE_API_LISTN", "x")];
    let flags = ["api.admin=0.0.0.0:8080", "prover.kind=execute-only", "nonsense"];
    let layers = layers("wrong", text, &variables, &flags);
    let told = mistakes(&layers);
    let all = told.join("\n");
    for expected in [
        "node.checkers = 0 (",
        "wrong.toml, line 4): it must be a whole number between 1 and 256",
        "node.typo (",
        "line 5): there is no such key; did you mean node.",
        "l1.endpoints = (hidden) (",
        "l1.chain_id = mainnet (",
        "l1.settlement: it must be said",
        "l1.quorum = 3 (environment, ASHLAR_NODE_L1_QUORUM): it is more than the 0 endpoints",
        "ASHLAR_NODE_API_LISTN (environment, ASHLAR_NODE_API_LISTN): there is no such key; did you mean api.listen?",
        "api.admin = 0.0.0.0:8080 (flag): it must be on loopback",
        "prover.kind = execute-only (flag): it proves nothing",
        "l1.key_file = one.key (",
        "nonsense (flag): it must be a key and a value",
    ] {
        assert!(all.contains(expected), "{expected} is not in\n{all}");
    }
    assert!(!all.contains("ftp://one"), "an endpoint may hold a password");
}

#[test]
fn a_validium_takes_custodians_and_no_target_on_l1() {
    let custodians = ["da.custodians=http://127.0.0.1:1", "da.writer_key_file=w.key", "da.confirmed_min=1"];
    let of = |target: Option<&str>| {
        let target = target.map(|target| format!("da.target={target}"));
        let flags = custodians.iter().copied().chain(["node.mode=validium"]).chain(target.as_deref());
        NodeSettings::read(&layers("validium", LEAST, &[], &flags.collect::<Vec<_>>()))
    };
    // The usual target is among those that leave data on L1.
    for target in [None, Some("calldata"), Some("blobs"), Some("auto")] {
        let told =
            of(target).expect_err("it would leave data on L1").iter().map(ToString::to_string).collect::<String>();
        assert!(told.contains("a validium leaves no data on L1"), "{target:?}: {told}");
    }
    assert_eq!(sound(of(Some("custody"))).expect("it is sound").mode, ashlar_sequencer::Mode::Validium);
}

#[test]
fn folders_forget_only_what_an_archive_has() {
    let told = |flags: &[&str]| mistakes(&layers("forget", LEAST, &[], flags)).join("\n");
    assert!(
        told(&["da.keep_newest=5"]).contains("da.keep_newest = 5 (flag): nothing is forgotten that is not archived")
    );
    assert!(told(&["da.archive=/a"]).contains("da.archive = /a (flag): nothing is forgotten without a policy"));
    assert!(told(&["da.keep_newest=0", "da.archive=/a"]).contains("it must be a number of batches, 1 or more"));
    let custodians = ["da.keep_newest=5", "da.archive=/a", "da.custodians=http://127.0.0.1:1"];
    assert!(told(&custodians).contains("custodians have policies of their own"));
    let sound = NodeSettings::read(&layers("keep", LEAST, &[], &["da.keep_newest=5", "da.archive=/a"])).expect("sound");
    assert_eq!((sound.da_keep_newest, sound.da_archive), (Some(5), Some(PathBuf::from("/a"))));
    let usual = NodeSettings::read(&layers("usual", LEAST, &[], &[])).expect("sound");
    assert_eq!((usual.da_keep_newest, usual.da_archive), (None, None), "usually nothing is forgotten");
}

/// A policy that is taken out of the configuration does not bring back what was forgotten by it: whoever looks for that would take it for lost.
#[test]
fn what_was_forgotten_is_known_without_the_policy() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("node.data={}", folder.path().display());
    let kept_from = |flags: &[&str]| {
        let flags = [&[data.as_str()][..], flags].concat();
        let settings = NodeSettings::read(&layers("forgot", LEAST, &[], &flags)).expect("sound");
        crate::node::retained(&settings).map(|retained| retained.kept_from().get())
    };
    assert_eq!(kept_from(&[]).expect("there is no such file"), 0);
    std::fs::write(folder.path().join("da-kept-from"), "7\n").expect("written");
    assert_eq!(kept_from(&["da.keep_newest=5", "da.archive=/a"]).expect("read"), 7);
    assert_eq!(kept_from(&[]).expect("read"), 7);
    assert_eq!(kept_from(&["node.mode=following", "source.folders=/b"]).expect("read"), 7);
    std::fs::write(folder.path().join("da-kept-from"), "").expect("written");
    let refused = format!("{:#}", kept_from(&[]).expect_err("it is torn"));
    assert!(refused.contains("da-kept-from holds no number"), "{refused}");
}

#[test]
fn a_file_that_is_no_toml_is_told_by_line_and_one_that_is_not_there_by_name() {
    let all = mistakes(&layers("torn", "[node]\ndata = \n", &[], &[])).join("\n");
    assert!(all.contains("torn.toml, line 2)"), "{all}");
    let none = Layers::of(Some(&PathBuf::from("/nowhere/node.toml")), std::iter::empty(), &[]);
    assert!(mistakes(&none).join("\n").contains("/nowhere/node.toml: the file cannot be read"));
}

#[test]
fn what_is_printed_can_be_read_again_and_holds_no_secret() {
    let flags = ["l1.quorum=2", "node.profile=development", "prover.kind=execute-only"];
    let first = layers("print", LEAST, &[], &flags);
    let text = print::toml(&first, true);
    assert!(!text.contains("secret") && !print::json(&first).to_string().contains("secret"), "{text}");
    assert!(text.contains("quorum = 2  # flag"), "{text}");
    let again =
        layers("again", &text, &[("ASHLAR_NODE_L1_ENDPOINTS", "https://one.example, https://two.example")], &[]);
    let (before, after) = (NodeSettings::read(&first).expect("sound"), NodeSettings::read(&again).expect("sound"));
    assert_eq!(before.limits, after.limits);
    assert_eq!(before.api.listen, after.api.listen);
    assert_eq!((after.l1.quorum, after.l1.endpoints.len()), (2, 2));
}

#[test]
fn the_page_of_keys_is_what_the_table_says() {
    let page = include_str!("../../../docs/configuration.md");
    for key in ALL {
        let usual = match key.usual {
            Usual::Is(usual) => format!("`{usual}`"),
            Usual::Needed => "needed".to_owned(),
            Usual::Absent => "–".to_owned(),
        };
        let row = format!("| `{}` | {usual} | {} |", key.name, key.help);
        assert!(page.contains(&row), "docs/configuration.md lacks this row:\n{row}");
    }
    let rows = page.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, ALL.len(), "docs/configuration.md has rows of keys that do not exist");
}
