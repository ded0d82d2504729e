use std::collections::BTreeSet;

use anyhow::{Result, bail};
use ashlar_batch::Signatures;
use ashlar_coding::{Coded, Expansion, Simd};
use ashlar_da::{Availability, BatchKey, Deposit, FetchError, SalvageError, Share, Spread, Verdict, audit};
use ashlar_types::BatchNumber;
use serde_json::{Value, json};

use super::arguments::RepairArguments;
use super::audit::{listed, name};
use super::print;
use super::stores::Stores;
use crate::progress::Progress;

pub async fn run(stores: Stores, arguments: RepairArguments) -> Result<()> {
    let keys = match arguments.key {
        Some(key) => vec![key],
        None => listed(&stores).await.0,
    };
    let count = stores.len();
    let all = Availability::new(stores, Expansion::Double, count)?;
    let (mut words, mut objects, mut left) = (Vec::new(), Vec::new(), 0_usize);
    let mut progress = Progress::new("batch");
    for (done, key) in (1_u64..).zip(&keys) {
        let (said, object, unrepaired) = repair(&all, key).await;
        words.extend(said);
        objects.push(object);
        left += usize::from(unrepaired);
        progress.at(done, keys.len() as u64);
    }
    objects.push(json!({ "batches": keys.len(), "unrepaired": left }));
    words.push(format!("repaired     {} of {} batches are whole", keys.len() - left, keys.len()));
    print(arguments.json, &words, &objects)?;
    if left > 0 { bail!("{left} batches are not whole; add stores that have them") } else { Ok(()) }
}

/// Restores one batch and gives each store what it lacks: a line for each store that changed, and whether anything is left to do.
async fn repair(all: &Availability, key: &BatchKey) -> (Vec<String>, Value, bool) {
    let (mut words, mut put, mut unrepaired) = (Vec::new(), Vec::new(), false);
    let (bytes, corrected) = match restore(all, key).await {
        Ok(restored) => restored,
        Err(why) => {
            let line = format!("lost         {}: {why}", name(key));
            return (vec![line], json!({ "batch": name(key), "lost": why }), true);
        }
    };
    if let Some(wrong) = &corrected {
        words.push(format!("corrected    {}: {} rows were wrong", name(key), wrong.len()));
    }
    for (index, store) in all.stores().iter().enumerate() {
        let holding = audit(store.as_ref(), key).await;
        let has: BTreeSet<_> = holding.right.into_iter().collect();
        // The rate is that of the commitment, which only the right one reproduces.
        let coded = [Expansion::Double, Expansion::Quadruple]
            .into_iter()
            .filter_map(|expansion| Coded::new(&bytes, expansion, &Simd).ok())
            .find(|coded| coded.commitment() == key.commitment);
        let Some(coded) = coded else { return (words, json!({ "batch": name(key), "lost": "another code" }), true) };
        let mut own = Spread::new(coded.manifest().layout(), all.stores().len()).rows_of(index);
        // A custodian has a place of its own, which need not be the one in this list: as many rows serve as well.
        if holding.verdict == Verdict::Honest && has.len() >= own.len() {
            continue;
        }
        own.extend(has);
        own.sort_unstable();
        own.dedup();
        let signatures = signatures_of(all, key).await;
        let deposit = Deposit { share: Share::of(&coded, &own), signatures };
        match store.put(key, &deposit).await {
            Ok(_) => {
                words.push(format!("put back     {}: batch {}, {} rows", store.name(), key.number.get(), own.len()));
                put.push(json!({ "store": store.name(), "rows": own.len() }));
            }
            Err(error) => {
                words.push(format!("remark       {}: batch {}: {error}", store.name(), key.number.get()));
                unrepaired = true;
            }
        }
    }
    let mut object = json!({ "batch": name(key), "put": put, "whole": !unrepaired });
    if let Some(wrong) = corrected {
        object["corrected"] = wrong.into();
    }
    (words, object, unrepaired)
}

/// The bytes of a batch: from rows that are proven, or, where those are too few, from everything that stores have of it, corrected. Then with the
/// rows that were wrong.
async fn restore(all: &Availability, key: &BatchKey) -> Result<(Vec<u8>, Option<Vec<u16>>), String> {
    let error = match all.fetch_key(key, None).await {
        Ok(fetched) => return Ok((fetched.bytes, None)),
        Err(error @ (FetchError::TooFew { .. } | FetchError::NoManifest { .. })) => error,
        Err(error) => return Err(error.to_string()),
    };
    match all.salvage(key).await.repair(None) {
        Ok(repaired) => Ok((repaired.bytes, Some(repaired.wrong.iter().map(|row| row.get()).collect()))),
        Err(SalvageError::Nothing) => Err(error.to_string()),
        Err(why) => Err(format!("{error}; with those that are not proven, {why}")),
    }
}

/// The batch's signatures, if any store lists some; a header would say which of several.
async fn signatures_of(all: &Availability, key: &BatchKey) -> Signatures {
    for store in all.stores() {
        let Ok(kept) = store.list(key.number, 16).await else { continue };
        let next = BatchNumber::new(key.number.get().saturating_add(1));
        for section in kept.sections.iter().filter(|section| section.number < next) {
            if let Ok((signatures, _)) = all.fetch_signatures(section).await {
                return signatures;
            }
        }
    }
    Signatures::new()
}
