//! `ashlar state diff`: two states, leaf by leaf.

use std::cmp::Ordering;
use std::io::{Write as _, stdout};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use ashlar_replica::{Snapshot, SnapshotStore};
use ashlar_state::{Key, Value};
use clap::Args;
use commonware_runtime::{Runner as _, Supervisor as _, tokio as runtime};
use serde_json::json;

use crate::rebuild::SNAPSHOTS;
use crate::threads::{Threads, available};

/// Which states.
#[derive(Clone, Debug, Args)]
pub struct DiffArguments {
    /// A folder of `ashlar up --data` or of `ashlar recover --into`
    one: PathBuf,
    /// Another one
    other: PathBuf,
    /// How many differing leaves are shown; all of them are counted
    #[arg(long, default_value_t = 20)]
    show: usize,
    /// One JSON object a line, the summary last
    #[arg(long)]
    json: bool,
}

/// A leaf that is not the same: what each side has under the key, if anything.
struct Difference<'a> {
    key: Key,
    one: Option<&'a [u64]>,
    other: Option<&'a [u64]>,
}

/// Compares; an error if the states differ.
pub fn run(arguments: &DiffArguments) -> Result<()> {
    let (one, other) = (newest(&arguments.one)?, newest(&arguments.other)?);
    let differences = differences(&one.leaves, &other.leaves);
    let mut out = stdout().lock();
    for Difference { key, one, other } in differences.iter().take(arguments.show) {
        let key = alloy::hex::encode(key.to_bytes());
        if arguments.json {
            writeln!(out, "{}", json!({ "key": key, "one": one.map(words), "other": other.map(words) }))?;
        } else {
            let side = |side: Option<&[u64]>| side.map_or_else(|| "nothing".to_owned(), |side| words(side).join(" "));
            writeln!(out, "{key}\n  one    {}\n  other  {}", side(*one), side(*other))?;
        }
    }
    let [a, b] = [&one, &other].map(|side| side.head.header);
    let root = |header: &ashlar_batch::BatchHeader| alloy::hex::encode(header.state_root_after.to_word());
    if arguments.json {
        let side = |header: &ashlar_batch::BatchHeader, leaves: usize| json!({ "batch": header.number.get(), "state_root": root(header), "leaves": leaves });
        let (a, b) = (side(&a, one.leaves.len()), side(&b, other.leaves.len()));
        writeln!(out, "{}", json!({ "one": a, "other": b, "differences": differences.len() }))?;
    } else {
        writeln!(out, "one    batch {} root {}, {} leaves", a.number.get(), root(&a), one.leaves.len())?;
        writeln!(out, "other  batch {} root {}, {} leaves", b.number.get(), root(&b), other.leaves.len())?;
    }
    match differences.len() {
        0 => Ok(()),
        count => bail!("{count} leaves differ"),
    }
}

fn words(side: &[u64]) -> Vec<String> {
    side.iter().map(|word| format!("{word:016x}")).collect()
}

fn newest(folder: &Path) -> Result<Snapshot> {
    if !folder.join(SNAPSHOTS).is_dir() {
        bail!("{} has no snapshots in it; recover into it first, or make a checkpoint of the node", folder.display());
    }
    let config = runtime::Config::new().with_storage_directory(folder).with_worker_threads(1);
    let found = runtime::Runner::new(config).start(|context| async move {
        SnapshotStore::new(context.child("snapshots"), SNAPSHOTS).newest(|_| true, &Threads(available())).await
    });
    let (snapshot, rejected) = found.with_context(|| format!("reading {}", folder.display()))?;
    let why = rejected.first().map_or_else(|| "there is none".to_owned(), |one| one.error.to_string());
    snapshot.ok_or_else(|| anyhow!("{} has no snapshot that is whole: {why}", folder.display()))
}

/// Both ascend, so one pass finds everything.
fn differences<'a>(one: &'a [(Key, Value)], other: &'a [(Key, Value)]) -> Vec<Difference<'a>> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut found = Vec::new();
    loop {
        let order = match (one.peek(), other.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((a, _)), Some((b, _))) => a.cmp(b),
        };
        let left = if order.is_le() { one.next() } else { None };
        let right = if order.is_ge() { other.next() } else { None };
        let Some((key, _)) = left.or(right) else { return found };
        let [a, b] = [left, right].map(|side| side.map(|(_, value)| value.words()));
        if a != b {
            found.push(Difference { key: *key, one: a, other: b });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_that_are_missing_or_other_are_found() {
        let leaf = |number: u64, word: u64| (Key::new([number, 0, 0]), Value::new(&[word]).expect("one word"));
        let one = [leaf(1, 7), leaf(2, 7), leaf(4, 7)];
        let other = [leaf(1, 7), leaf(2, 8), leaf(3, 7)];
        let found: Vec<_> =
            differences(&one, &other).iter().map(|one| (one.one.is_some(), one.other.is_some())).collect();
        assert_eq!(found, [(true, true), (false, true), (true, false)]);
        assert!(differences(&one, &one).is_empty());
    }
}
