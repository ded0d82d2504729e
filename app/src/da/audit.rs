use std::collections::BTreeMap;

use anyhow::{Result, bail};
use ashlar_da::limits::LISTED_MAX;
use ashlar_da::{BatchKey, Verdict, audit};
use ashlar_types::{BatchNumber, to_bytes};
use serde_json::json;

use super::arguments::AuditArguments;
use super::stores::Stores;
use super::{print, remark};
use crate::progress::Progress;

/// Every batch that any store lists, the oldest first; what could not be listed is remarked.
pub async fn listed(stores: &Stores) -> (Vec<BatchKey>, Vec<(String, String)>) {
    let (mut keys, mut remarks) = (BTreeMap::new(), Vec::new());
    for store in stores {
        let mut from = BatchNumber::new(0);
        loop {
            let kept = match store.list(from, LISTED_MAX).await {
                Ok(kept) => kept.batches,
                Err(error) => {
                    remarks.push((store.name().to_owned(), error.to_string()));
                    break;
                }
            };
            let last = kept.last().map(|key| key.number.get());
            let count = kept.len();
            keys.extend(kept.into_iter().map(|key| (to_bytes(&key), key)));
            match last.and_then(|last| last.checked_add(1)) {
                Some(next) if count == LISTED_MAX => from = BatchNumber::new(next),
                _ => break,
            }
        }
    }
    (keys.into_values().collect(), remarks)
}

/// A batch as commands take it.
pub fn name(key: &BatchKey) -> String {
    format!("{}:{}", key.number.get(), alloy::hex::encode(to_bytes(&key.commitment.digest())))
}

pub async fn run(stores: Stores, arguments: AuditArguments) -> Result<()> {
    let (keys, mut unlisted) = match arguments.key {
        Some(key) => (vec![key], Vec::new()),
        None => listed(&stores).await,
    };
    let (mut words, mut objects, mut wrong) = (Vec::new(), Vec::new(), 0_usize);
    let mut progress = Progress::new("batch");
    for (done, key) in (1_u64..).zip(&keys) {
        let mut rows = std::collections::BTreeSet::new();
        let mut held = Vec::new();
        for store in &stores {
            let holding = audit(store.as_ref(), key).await;
            rows.extend(holding.right.iter().copied());
            let bad = remark(&holding.verdict);
            if let Some(what) = &bad {
                wrong += usize::from(!matches!(holding.verdict, Verdict::Relayed(_)));
                words.push(format!("remark       {}: batch {}: {what}", holding.name, key.number.get()));
            }
            held.push(json!({ "store": holding.name, "right": holding.right.len(), "remark": bad }));
        }
        words.push(format!("batch        {}: {} different rows are right", name(key), rows.len()));
        objects.push(json!({ "batch": name(key), "rows": rows.len(), "stores": held }));
        progress.at(done, keys.len() as u64);
    }
    for (store, what) in unlisted.drain(..) {
        wrong += 1;
        words.push(format!("remark       {store}: {what}"));
        objects.push(json!({ "store": store, "remark": what }));
    }
    words.push(format!("audited      {} batches in {} stores, {wrong} remarks", keys.len(), stores.len()));
    objects.push(json!({ "batches": keys.len(), "stores": stores.len(), "wrong": wrong }));
    print(arguments.json, &words, &objects)?;
    if wrong > 0 { bail!("{wrong} remarks; `ashlar da repair` puts back what is missing") } else { Ok(()) }
}
