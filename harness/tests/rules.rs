//! The tables of `tests/rules` on every engine, and what they must cover.
//!
//! To write the answers of the reference engine into the tables, for review line by line before they are kept:
//! `RULES_REWRITE=1 cargo test -p ashlar-harness --test rules`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ashlar_harness::{Engine, Genesis, HotEngine, LeafEngine, Reference, script};
use ashlar_types::Reason;

/// Reasons that no table shows, and why.
const UNSEEN: &[(Reason, &str)] = &[
    (Reason::Unwound, "it is given when a reorganisation of L1 is played back, outside of a running exchange"),
    (Reason::BookFull, "it takes two million open orders; tests/bounds.rs places them when it is asked to"),
    (Reason::TooManyAccounts, "it takes 2^28 accounts"),
];

fn reference(genesis: &Genesis) -> Box<dyn Engine> {
    Box::new(Reference::new(genesis))
}

fn tables() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let entries = fs::read_dir(&folder).expect("the tables are beside this test");
    let mut tables: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    tables.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    tables.sort();
    tables
}

/// Runs all tables; gives the titles of their cases and the reasons they saw.
fn run_all(make: fn(&Genesis) -> Box<dyn Engine>) -> (Vec<String>, BTreeSet<Reason>) {
    let (mut titles, mut reasons, mut failures) = (Vec::new(), BTreeSet::new(), Vec::new());
    for path in tables() {
        let table = fs::read_to_string(&path).expect("a readable table");
        if std::env::var_os("RULES_REWRITE").is_some() {
            match script::rewrite(&table, &mut |genesis| reference(genesis)) {
                Ok(text) => fs::write(&path, text).expect("a writable table"),
                Err(failure) => failures.push(format!("{}: {failure}", path.display())),
            }
        }
        let table = fs::read_to_string(&path).expect("a readable table");
        match script::run(&table, &mut |genesis| make(genesis)) {
            Ok(seen) => {
                titles.extend(seen.titles);
                reasons.extend(seen.reasons);
            }
            Err(failure) => failures.push(format!("{}: {failure}", path.display())),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    (titles, reasons)
}

/// The numbers of the rules in a text of the specification.
fn rules_in(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.trim_start().strip_prefix("- **"));
    lines.filter_map(|line| Some(line.split_once("**")?.0.to_owned())).collect()
}

#[test]
fn the_reference_follows_every_table() {
    let (titles, reasons) = run_all(reference);

    for reason in Reason::ALL {
        match UNSEEN.iter().find(|(unseen, _)| unseen == reason) {
            Some((_, why)) => {
                assert!(!reasons.contains(reason), "{reason:?} is seen after all; it was left out since {why}")
            }
            None => assert!(reasons.contains(reason), "no table shows {reason:?}"),
        }
    }

    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/spec");
    let named: BTreeSet<&str> = titles.iter().flat_map(|title| title.split([' ', ','])).collect();
    for file in ["keys.md", "commands.md", "matching.md", "fees.md"] {
        let rules = rules_in(&fs::read_to_string(spec.join(file)).expect("the specification is in docs/spec"));
        assert!(!rules.is_empty(), "{file} has rules");
        for rule in rules {
            assert!(named.contains(rule.as_str()), "no case of any table is about {rule} of {file}");
        }
    }
}

#[test]
fn the_live_engine_follows_every_table() {
    run_all(|genesis| Box::new(HotEngine::new(genesis)));
}

#[test]
fn the_engine_over_leaves_follows_every_table() {
    run_all(|genesis| Box::new(LeafEngine::new(genesis)));
}

#[test]
fn a_table_can_fail() {
    let table = "== C-17 a rest\nalice buy 5 @ 100 = Resting b100#1 left 4\n";
    let failure = script::run(table, &mut |genesis| reference(genesis)).expect_err("five lots rest");
    assert_eq!(failure.line, 2);
    assert!(failure.what.contains("left 5"), "{failure}");
}
