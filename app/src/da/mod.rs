//! `ashlar da` and `ashlar da-node`: published data by hand, and a custodian of it.
//!
//! 1. Stores are folders and custodians in any mix. None is believed: what comes back is checked against the commitment that was named.
//! 2. What was found wrong with which store is said, whatever the outcome.

mod arguments;
mod keys;
mod node;
mod stores;

mod audit;
mod estimate;
mod get;
mod put;
mod repair;
mod sample;

use std::io::{Write as _, stdout};

use anyhow::{Context as _, Result};
use ashlar_da::{SourceReport, StoreError, Verdict};
use serde_json::Value;

pub use arguments::{DaArguments, DaNodeArguments};
pub use node::run as run_node;

use arguments::DaWhat;

/// Does one thing to some stores.
pub fn run(arguments: &DaArguments) -> Result<()> {
    match &arguments.what {
        DaWhat::Put(put) => stores::run(&put.stores, |stores| put::run(stores, put.clone())),
        DaWhat::Get(get) => stores::run(&get.stores, |stores| get::run(stores, get.clone())),
        DaWhat::Sample(sample) => stores::run(&sample.stores, |stores| sample::run(stores, sample.clone())),
        DaWhat::Repair(repair) => stores::run(&repair.stores, |stores| repair::run(stores, repair.clone())),
        DaWhat::Estimate(arguments) => estimate::run(arguments),
        DaWhat::Audit(audit) => stores::run(&audit.stores, |stores| audit::run(stores, audit.clone())),
    }
}

/// Prints lines for a person, or objects for a program.
fn print(json: bool, words: &[String], objects: &[Value]) -> Result<()> {
    let lines: Vec<String> = if json { objects.iter().map(Value::to_string).collect() } else { words.to_vec() };
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    stdout().write_all(text.as_bytes()).context("printing")
}

/// What is held against stores, a line and an object each.
fn remarks(sources: &[SourceReport]) -> (Vec<String>, Vec<Value>) {
    let remarked = sources.iter().filter_map(|source| Some((&source.name, remark(&source.verdict)?)));
    remarked
        .map(|(name, what)| {
            (format!("remark       {name}: {what}"), serde_json::json!({ "store": name, "remark": what }))
        })
        .unzip()
}

/// What there is to say about a store; nothing about an honest one.
fn remark(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Honest => None,
        Verdict::Silent(StoreError::Absent(_)) => Some("it lacks the batch".to_owned()),
        Verdict::Silent(error) => Some(error.to_string()),
        Verdict::Wrong(error) => Some(format!("what it has was altered: {error}")),
        Verdict::Relayed(error) => Some(format!("the publisher coded it wrongly: {error}")),
    }
}
