//! An independent auditor: from headers on L1 and bytes from anywhere to the same state, trusting nobody.
//!
//! 1. It stops at the first batch after which the state is not known; what was found before is in the report (SPEC Y-3).
//! 2. What it says of a batch it has computed itself from that batch's bytes and the state before.

use ashlar_batch::{BatchHeader, PublicValues, codec, data_root};
use ashlar_replica::{ReplayError, Shadow};
use ashlar_state::{Executor, Key};
use ashlar_types::{BatchNumber, Input, Sequence};

use crate::compare::{first_field, first_leaf};
use crate::finding::Finding;
use crate::limits::FINDINGS_MAX;
use crate::source::{BatchSource, Chain, CommittedBatch, SourceError};

/// What an audit came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Batches that were executed.
    pub batches: u64,
    /// Commands in them.
    pub commands: u64,
    /// What is wrong; nothing if all is well.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Follows every batch after the one that `shadow` holds, up to `until` or the newest.
pub async fn verify<C: Chain, B: BatchSource>(
    chain: &C,
    source: &B,
    shadow: &mut Shadow,
    until: Option<BatchNumber>,
    executor: &impl Executor,
) -> Result<Report, SourceError> {
    let mut report = Report::default();
    let tip = chain.tip().await?;
    let last = until.map_or(tip, |until| until.min(tip));
    while shadow.header().number < last {
        let number = shadow.header().number.next();
        let Some(batch) = chain.batch(number).await? else { break };
        check_proofs(chain, number, &mut report).await?;
        if !step(chain, source, shadow, &batch, executor, &mut report).await? {
            break;
        }
    }
    Ok(report)
}

/// Checks and runs one batch; whether the state after it is known.
async fn step<C: Chain, B: BatchSource>(
    chain: &C,
    source: &B,
    shadow: &mut Shadow,
    batch: &CommittedBatch,
    executor: &impl Executor,
    report: &mut Report,
) -> Result<bool, SourceError> {
    let (header, number) = (&batch.header, batch.header.number);
    if header.hash() != batch.hash {
        report.add(Finding::HeaderHash { batch: number, expected: batch.hash, got: header.hash() });
        return Ok(false);
    }
    if let Err(error) = header.follows(shadow.header()) {
        report.add(Finding::Link { batch: shadow.header().number.next(), error });
        return Ok(false);
    }
    let bytes = match fetch_checked(source, header).await? {
        Ok(bytes) => bytes,
        Err(finding) => {
            report.add(finding);
            return Ok(false);
        }
    };
    check_inbox(chain, header, &bytes, report).await?;
    match shadow.run(&bytes, header, executor) {
        Ok(outcome) => {
            report.batches += 1;
            report.commands += header.next_sequence.get().saturating_sub(header.first_sequence.get());
            let Some((field, committed, computed)) = first_field(header, &outcome.header) else { return Ok(true) };
            report.add(Finding::WrongField { batch: number, field, committed, computed });
        }
        Err(ReplayError::Batch(error)) => report.add(Finding::Unreadable { batch: number, error }),
        Err(error) => report.add(Finding::Rules { batch: number, error }),
    }
    Ok(false)
}

/// The bytes of a batch, if somebody has them and they are the committed ones.
pub async fn fetch_checked<B: BatchSource>(
    source: &B,
    header: &BatchHeader,
) -> Result<Result<Vec<u8>, Finding>, SourceError> {
    let (batch, expected) = (header.number, header.data_root);
    let Some(bytes) = source.fetch(header).await? else {
        return Ok(Err(Finding::DataWithheld { batch, root: expected }));
    };
    Ok(match data_root(&bytes) {
        Ok(got) if got == expected => Ok(bytes),
        Ok(got) => Err(Finding::DataAltered { batch, expected, got }),
        Err(error) => Err(Finding::Unreadable { batch, error }),
    })
}

/// Every entry that a batch consumed must be the one that L1 holds under its index.
async fn check_inbox<C: Chain>(
    chain: &C,
    header: &BatchHeader,
    bytes: &[u8],
    report: &mut Report,
) -> Result<(), SourceError> {
    let mut command = header.first_sequence;
    // Bytes that are no batch are found by running them.
    let Ok(inputs) = codec::iter(bytes) else { return Ok(()) };
    for timed in inputs.map_while(Result::ok) {
        if let Input::Inbox { index, time, entry } = &timed.input {
            let held = chain.inbox(*index).await?;
            if held.is_none_or(|held| held.time != *time || held.entry != *entry) {
                report.add(Finding::Inbox { batch: header.number, command, index: *index });
            }
        }
        command = Sequence::new(command.get().saturating_add(timed.input.commands() as u64));
    }
    Ok(())
}

/// A proof counts for what its public values say, and they must be those of the batches it was accepted for.
async fn check_proofs<C: Chain>(chain: &C, first: BatchNumber, report: &mut Report) -> Result<(), SourceError> {
    for proof in chain.proofs(first).await? {
        let (Some(begin), Some(end)) = (chain.batch(proof.first).await?, chain.batch(proof.last).await?) else {
            continue;
        };
        let what = foreign(&proof.values, &begin.header, &end.header);
        if let Some(what) = what {
            report.add(Finding::ForeignProof { first: proof.first, last: proof.last, what });
        }
    }
    Ok(())
}

fn foreign(values: &PublicValues, first: &BatchHeader, last: &BatchHeader) -> Option<&'static str> {
    let count = last.number.get().saturating_sub(first.number.get()).saturating_add(1);
    if values.exchange_id != first.exchange_id || values.version != last.version {
        Some("it is of another exchange or version")
    } else if values.parent_hash != first.parent_hash {
        Some("it begins after another header")
    } else if values.last_hash != last.hash() {
        Some("it ends in another header")
    } else if values.count != count {
        Some("it is of another number of batches")
    } else {
        None
    }
}

/// Compares the leaves that a node holds with those that its batches come to: the first key that differs, and the command of
/// the last batch that wrote it, if one did.
pub fn compare_state<'a>(
    local: impl IntoIterator<Item = (Key, &'a [u64])>,
    shadow: &Shadow,
    writer: impl FnOnce(&Key) -> Option<Sequence>,
) -> Option<Finding> {
    let (key, local, computed) = first_leaf(local, shadow.map().iter())?;
    Some(Finding::LocalState { batch: shadow.header().number, command: writer(&key), key, local, computed })
}
