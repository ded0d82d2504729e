use ashlar_batch::merkle::Digest;
use ashlar_batch::{Hash, Signatures};
use ashlar_coding::{CodingError, Collector, Row, Simd, Verifier};

use crate::deposit::signatures_of;
use crate::{BatchKey, SectionKey, Share, Store, StoreError, Wanted};

/// Stores in the order they are asked.
pub(crate) type Sources<'a> = Vec<&'a dyn Store>;

/// A batch that was found.
#[derive(Debug)]
pub struct Fetched {
    /// Its bytes, whose root is the header's data root.
    pub bytes: Vec<u8>,
    /// What each store that was asked had to do with it.
    pub sources: Vec<SourceReport>,
}

/// What one store answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceReport {
    /// The store.
    pub name: String,
    /// Rows of its answer that were right.
    pub accepted: usize,
    /// What is to be held against it.
    pub verdict: Verdict,
}

/// How a store behaved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything it sent was right.
    Honest,
    /// It sent nothing, and says why.
    Silent(StoreError),
    /// It sent something wrong: it is damaged or lies. The first thing found.
    Wrong(CodingError),
    /// What it sent is under the commitment and not coded from the data: the publisher lied, and not the store.
    Relayed(CodingError),
}

impl Verdict {
    /// What an error says about who sent the chunk.
    pub(crate) const fn of(error: CodingError) -> Verdict {
        match error {
            CodingError::NotCoded { .. } => Self::Relayed(error),
            _ => Self::Wrong(error),
        }
    }
}

/// Why a batch was not found.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The header's commitment is no digest of this scheme.
    #[error("the header's commitment {commitment:?} is not of this scheme; ask the publisher that the header names")]
    OtherScheme {
        /// What the header says.
        commitment: Hash,
    },
    /// No store sent the manifest.
    #[error("none of {} stores has a manifest of the batch; add stores and try again", .sources.len())]
    NoManifest {
        /// What each store answered.
        sources: Vec<SourceReport>,
    },
    /// All stores together have too few rows.
    #[error("{have} rows of the {need} that are needed were found; missing are {}; add stores", names(.missing))]
    TooFew {
        /// Rows that are needed.
        need: usize,
        /// Rows that were found.
        have: usize,
        /// Rows that no store sent.
        missing: Vec<Row>,
        /// What each store answered.
        sources: Vec<SourceReport>,
    },
    /// The rows are there and are not a batch of that data root: the publisher committed to something else.
    #[error("what the header commits to is no batch of its data root: {0}")]
    NotTheBatch(CodingError),
}

/// The numbers of rows, with runs joined.
fn names(rows: &[Row]) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for row in rows.iter().map(|row| row.get()) {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(row) => *last = row,
            _ => runs.push((row, row)),
        }
    }
    let name = |(first, last): &(u16, u16)| if first == last { format!("{first}") } else { format!("{first}-{last}") };
    runs.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// Asks one store after the other for what is still missing, until there is enough.
pub(crate) async fn fetch(
    stores: Sources<'_>,
    key: &BatchKey,
    data_root: Option<Digest>,
) -> Result<Fetched, FetchError> {
    let mut collector: Option<Collector> = None;
    let mut sources = Vec::new();
    for store in stores {
        let have: Vec<Row> = collector.iter().flat_map(Collector::rows).collect();
        let most = collector.as_ref().map_or(usize::MAX, |collector| {
            let progress = collector.progress();
            progress.need - progress.have
        });
        let report = |accepted, verdict| SourceReport { name: store.name().to_owned(), accepted, verdict };
        match store.get(key, Wanted::Beside { have: &have, most }).await {
            Err(error) => sources.push(report(0, Verdict::Silent(error))),
            Ok(share) => {
                let (accepted, verdict) = take(&mut collector, key, data_root, share)?;
                sources.push(report(accepted, verdict));
            }
        }
        if let Some(enough) = collector.as_ref().filter(|collector| collector.progress().is_enough()) {
            let bytes = enough.restore(&Simd).map_err(FetchError::NotTheBatch)?;
            return Ok(Fetched { bytes, sources });
        }
    }
    Err(match collector {
        None => FetchError::NoManifest { sources },
        Some(collector) => {
            let progress = collector.progress();
            let missing = collector.missing().collect();
            FetchError::TooFew { need: progress.need, have: progress.have, missing, sources }
        }
    })
}

/// Asks one store after the other for signatures, until they are those of the root.
pub(crate) async fn fetch_section(
    stores: Sources<'_>,
    key: &SectionKey,
) -> Result<(Signatures, Vec<SourceReport>), Vec<SourceReport>> {
    let mut sources = Vec::new();
    for store in stores {
        let report = |accepted, verdict| SourceReport { name: store.name().to_owned(), accepted, verdict };
        match store.signatures(key).await {
            Err(error) => sources.push(report(0, Verdict::Silent(error))),
            Ok(bytes) => match signatures_of(&bytes).filter(|signatures| signatures.root() == key.root) {
                Some(signatures) => {
                    sources.push(report(1, Verdict::Honest));
                    return Ok((signatures, sources));
                }
                None => {
                    let wrong = "it sent signatures of another root".to_owned();
                    sources.push(report(0, Verdict::Silent(StoreError::Wrong(wrong))));
                }
            },
        }
    }
    Err(sources)
}

/// Checks everything in a share; what is right is kept even if something else is wrong.
fn take(
    collector: &mut Option<Collector>,
    key: &BatchKey,
    data_root: Option<Digest>,
    share: Share,
) -> Result<(usize, Verdict), FetchError> {
    let collector = match collector {
        Some(collector) if *collector.verifier().manifest() == share.manifest => collector,
        Some(_) | None => {
            match Verifier::new(key.commitment, data_root.unwrap_or(share.manifest.data_root()), share.manifest) {
                Ok(verifier) => collector.insert(Collector::new(verifier)),
                Err(error @ CodingError::DataRoot { .. }) => return Err(FetchError::NotTheBatch(error)),
                Err(error) => return Ok((0, Verdict::Wrong(error))),
            }
        }
    };
    let (mut accepted, mut verdict) = (0, Verdict::Honest);
    for chunk in &share.chunks {
        match collector.add(chunk) {
            Ok(_) => accepted += 1,
            Err(error @ CodingError::NotCoded { .. }) => {
                if verdict == Verdict::Honest {
                    verdict = Verdict::Relayed(error);
                }
            }
            Err(error) if !matches!(verdict, Verdict::Wrong(_)) => verdict = Verdict::Wrong(error),
            Err(_) => {}
        }
    }
    Ok((accepted, verdict))
}
