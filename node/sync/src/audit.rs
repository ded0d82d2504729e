//! An independent auditor: from headers on L1 and bytes from anywhere to the same state, trusting nobody.
//!
//! 1. It stops at the first batch after which the state is not known; what was found before is in the report (SPEC Y-3).
//! 2. What it says of a batch it has computed itself from that batch's bytes and the state before.
//! 3. What comes ahead of its turn is bounded, and is judged in its turn: what is found does not depend on which answer was quick.

use std::collections::VecDeque;

use ashlar_batch::{BatchHeader, PublicValues, data_root};
use ashlar_replica::{Prepared, ReplayError, Shadow};
use ashlar_state::{Executor, Key};
use ashlar_types::{BatchNumber, Input, Sequence};
use commonware_runtime::{AbortOnDrop, Error as RuntimeError, Spawner};

use crate::compare::{first_field, first_leaf};
use crate::finding::Finding;
use crate::limits::{AHEAD_BATCHES, FINDINGS_MAX};
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

    /// Adds what is wrong, unless there is more than anybody reads.
    pub fn add(&mut self, finding: Finding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Follows every batch after the one that `shadow` holds, up to `until` or the newest.
pub async fn verify<E: Spawner, C: Chain, B: BatchSource + Clone + 'static>(
    context: &E,
    chain: &C,
    source: &B,
    shadow: &mut Shadow,
    until: Option<BatchNumber>,
    executor: &impl Executor,
) -> Result<Report, SourceError> {
    let mut report = Report::default();
    let mut audit = Audit::new(context, chain, source, shadow.header().number, until).await?;
    while audit.step(shadow, executor, &mut report).await? {}
    Ok(report)
}

/// What reading a batch ahead gives: itself, or what is wrong with its data.
type Fetched = Result<Result<Prepared, Finding>, SourceError>;

/// A batch whose data is on its way.
struct Ahead {
    batch: CommittedBatch,
    data: AbortOnDrop<Fetched>,
}

/// An audit on its way. While one batch is executed, those after it are fetched, hashed and decoded by tasks of their own; of those that wait
/// there are never more than [`AHEAD_BATCHES`], whatever the sources are fast at.
pub struct Audit<'a, E, C, B> {
    context: &'a E,
    chain: &'a C,
    source: &'a B,
    ahead: VecDeque<Ahead>,
    /// The first batch that was not asked for yet.
    next: BatchNumber,
    last: BatchNumber,
}

impl<'a, E: Spawner, C: Chain, B: BatchSource + Clone + 'static> Audit<'a, E, C, B> {
    /// Of every batch after one, up to `until` or the newest.
    pub async fn new(
        context: &'a E,
        chain: &'a C,
        source: &'a B,
        after: BatchNumber,
        until: Option<BatchNumber>,
    ) -> Result<Audit<'a, E, C, B>, SourceError> {
        let tip = chain.tip().await?;
        let last = until.map_or(tip, |until| until.min(tip));
        Ok(Audit { context, chain, source, ahead: VecDeque::new(), next: after.next(), last })
    }

    /// The last batch that it goes to.
    pub const fn last(&self) -> BatchNumber {
        self.last
    }

    /// Asks for the data of the next batches, as far as there is room.
    async fn read_ahead(&mut self) -> Result<(), SourceError> {
        while self.ahead.len() < AHEAD_BATCHES && self.next <= self.last {
            let Some(batch) = self.chain.batch(self.next).await? else {
                self.last = BatchNumber::new(self.next.get().saturating_sub(1));
                break;
            };
            let (source, header) = (self.source.clone(), batch.header);
            let task = self.context.child("fetch").spawn(move |_| async move { prepare(&source, &header).await });
            let data = task.abort_on_drop();
            self.ahead.push_back(Ahead { batch, data });
            self.next = self.next.next();
        }
        Ok(())
    }

    /// Checks and runs the next batch; whether there was one and the state after it is known.
    pub async fn step(
        &mut self,
        shadow: &mut Shadow,
        executor: &impl Executor,
        report: &mut Report,
    ) -> Result<bool, SourceError> {
        self.read_ahead().await?;
        let Some(Ahead { batch, data }) = self.ahead.pop_front() else { return Ok(false) };
        let (header, number) = (&batch.header, batch.header.number);
        check_proofs(self.chain, shadow.header().number.next(), report).await?;
        if header.hash() != batch.hash {
            report.add(Finding::HeaderHash { batch: number, expected: batch.hash, got: header.hash() });
            return Ok(false);
        }
        if let Err(error) = header.follows(shadow.header()) {
            report.add(Finding::Link { batch: shadow.header().number.next(), error });
            return Ok(false);
        }
        let stopped = |error: RuntimeError| SourceError {
            is_transient: true,
            why: format!("reading batch {} ahead was cut short: {error}; start again", number.get()),
        };
        let prepared = match data.join().await.map_err(stopped)?? {
            Ok(prepared) => prepared,
            Err(finding) => {
                report.add(finding);
                return Ok(false);
            }
        };
        check_inbox(self.chain, header, &prepared, report).await?;
        match shadow.run_prepared(&prepared, header, executor) {
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
}

/// Fetches a batch, and reads it as far as that needs no state.
async fn prepare<B: BatchSource>(source: &B, header: &BatchHeader) -> Fetched {
    let (batch, root) = (header.number, header.data_root);
    Ok(match fetch_checked(source, header).await? {
        Ok(bytes) => Prepared::with_root(&bytes, root).map_err(|error| Finding::Unreadable { batch, error }),
        Err(finding) => Err(finding),
    })
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
    prepared: &Prepared,
    report: &mut Report,
) -> Result<(), SourceError> {
    let mut command = header.first_sequence;
    for timed in prepared.inputs() {
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
