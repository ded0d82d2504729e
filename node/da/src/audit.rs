//! Looking at each store alone: whether it has what it should, and whether that is right.

use ashlar_batch::merkle::Digest;
use ashlar_coding::sampling::{Adaptive, Miss, Sampler, Step, Strategy, miss, samples};
use ashlar_coding::{Layout, Row, Verifier};

use crate::fetch::Verdict;
use crate::{BatchKey, Store, StoreError, Wanted};

/// What one store was found to have of one batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The store.
    pub name: String,
    /// Rows that are right.
    pub right: Vec<Row>,
    /// The first thing that is wrong, if anything is.
    pub verdict: Verdict,
}

/// Asks one store for everything it has of a batch, and checks every row.
pub async fn audit(store: &dyn Store, key: &BatchKey) -> Holding {
    let found = |right, verdict| Holding { name: store.name().to_owned(), right, verdict };
    let share = match store.get(key, Wanted::ALL).await {
        Ok(share) => share,
        Err(error) => return found(Vec::new(), Verdict::Silent(error)),
    };
    let root = share.manifest.data_root();
    let verifier = match Verifier::new(key.commitment, root, share.manifest) {
        Ok(verifier) => verifier,
        Err(error) => return found(Vec::new(), Verdict::Wrong(error)),
    };
    let (mut right, mut verdict) = (Vec::new(), Verdict::Honest);
    for chunk in &share.chunks {
        match verifier.verify(chunk) {
            Ok(row) => right.push(row),
            Err(error) if verdict == Verdict::Honest => verdict = Verdict::of(error),
            Err(_) => {}
        }
    }
    right.sort_unstable();
    right.dedup();
    found(right, verdict)
}

/// What sampling showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sampled {
    /// How many rows there are.
    pub layout: Layout,
    /// The data root that the commitment fixes.
    pub data_root: Digest,
    /// Rows that came and were right.
    pub right: Vec<Row>,
    /// Rows that no store sent rightly.
    pub missing: Vec<Row>,
    /// The probability that withheld data looks like this.
    pub miss: Miss,
    /// Whether that is as little as was wanted.
    pub available: bool,
    /// What each store sent wrongly.
    pub wrong: Vec<(String, Verdict)>,
}

/// Why nothing was sampled.
#[derive(Debug, thiserror::Error)]
#[error("no store sent the manifest of batch {number}; add stores and try again", number = .key.number.get())]
pub struct NoManifest {
    /// The batch.
    pub key: BatchKey,
    /// What each store said.
    pub answers: Vec<(String, Verdict)>,
}

/// Asks for rows that only this client knows, each alone and of one store after the other, until it is as sure as is wanted.
pub async fn sample(
    stores: &[Box<dyn Store>],
    key: &BatchKey,
    sampler: &Sampler,
    strategy: Strategy,
    wanted: Miss,
) -> Result<Sampled, NoManifest> {
    let mut wrong = Vec::new();
    let verifier = manifest(stores, key, &mut wrong).await?;
    let layout = *verifier.manifest().layout();
    let order = sampler.rows(key.commitment, &layout, strategy, layout.rows());
    let (mut right, mut missing) = (Vec::new(), Vec::new());
    let fixed = samples(&layout, strategy, wanted);
    let rows = match strategy {
        Strategy::Stratified => sampler.rows(key.commitment, &layout, strategy, fixed),
        Strategy::Uniform | Strategy::Adaptive => order,
    };
    let mut adaptive = Adaptive::new(layout, wanted);
    for row in rows {
        match strategy {
            Strategy::Adaptive if !matches!(adaptive.step(), Step::Ask(_)) => break,
            Strategy::Uniform | Strategy::Stratified if right.len() + missing.len() >= fixed => break,
            _ => {}
        }
        let came = ask(stores, key, &verifier, row, &mut wrong).await;
        adaptive.answered(came);
        if came { right.push(row) } else { missing.push(row) }
    }
    let (asked, failed) = (right.len() + missing.len(), missing.len());
    let (available, miss) = match strategy {
        Strategy::Adaptive => {
            (adaptive.step() == Step::Available, ashlar_coding::sampling::miss_forgiving(&layout, asked, failed))
        }
        Strategy::Uniform | Strategy::Stratified => {
            let miss = miss(&layout, strategy, asked);
            (failed == 0 && miss <= wanted, miss)
        }
    };
    Ok(Sampled { layout, data_root: verifier.manifest().data_root(), right, missing, miss, available, wrong })
}

async fn manifest(
    stores: &[Box<dyn Store>],
    key: &BatchKey,
    wrong: &mut Vec<(String, Verdict)>,
) -> Result<Verifier, NoManifest> {
    let mut answers = Vec::new();
    for store in stores {
        let verdict = match store.get(key, Wanted::MANIFEST).await {
            Ok(share) => match Verifier::new(key.commitment, share.manifest.data_root(), share.manifest) {
                Ok(verifier) => return Ok(verifier),
                Err(error) => {
                    wrong.push((store.name().to_owned(), Verdict::of(error)));
                    Verdict::of(error)
                }
            },
            Err(error) => Verdict::Silent(error),
        };
        answers.push((store.name().to_owned(), verdict));
    }
    Err(NoManifest { key: *key, answers })
}

async fn ask(
    stores: &[Box<dyn Store>],
    key: &BatchKey,
    verifier: &Verifier,
    row: Row,
    wrong: &mut Vec<(String, Verdict)>,
) -> bool {
    // Where the row should be is asked first, by the spread over as many stores as there are.
    let start = usize::from(row.get()) % stores.len().max(1);
    for store in stores.iter().cycle().skip(start).take(stores.len()) {
        let share = match store.get(key, Wanted::Only(&[row])).await {
            Ok(share) => share,
            Err(error @ (StoreError::Damaged(_) | StoreError::Wrong(_))) => {
                wrong.push((store.name().to_owned(), Verdict::Silent(error)));
                continue;
            }
            Err(_) => continue,
        };
        for chunk in &share.chunks {
            match verifier.verify(chunk) {
                Ok(got) if got == row => return true,
                Ok(_) => {}
                Err(error) => wrong.push((store.name().to_owned(), Verdict::of(error))),
            }
        }
    }
    false
}
