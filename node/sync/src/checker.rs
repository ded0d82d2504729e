//! Looking for drift between the layers, often and cheaply.
//!
//! 1. Every report names the first batch that differs (SPEC Y-6).
//! 2. What is sampled is chosen by a number that the caller draws: nobody else knows which batches will be looked at (SPEC Y-7).

use std::time::Duration;

use ashlar_batch::Hash;
use ashlar_types::{BatchNumber, Sequence};

use crate::audit::fetch_checked;
use crate::compare::{first_command, first_field};
use crate::finding::{FieldDifference, Finding};
use crate::limits::{FINDINGS_MAX, SAMPLES_MAX};
use crate::source::{BatchSource, Chain, Local, SourceError};

/// What follows from a divergence. The words are part of the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Strategy {
    /// Say so and go on.
    Alert,
    /// Stop taking commands.
    #[default]
    Halt,
    /// Begin anew from what L1 holds, where nothing of one's own is lost by that; halt elsewhere.
    Reconcile,
}

impl Strategy {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Strategy::Alert => "alert",
            Strategy::Halt => "halt",
            Strategy::Reconcile => "reconcile",
        }
    }
}

/// How often and how much is checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CheckConfig {
    /// Time between two checks.
    pub interval: Duration,
    /// Batches whose data is fetched and hashed at each check.
    pub samples: u64,
    /// How many of the newest committed batches stores are expected to have; 0 for all.
    pub data_batches: u64,
    /// Batches that L1 may be behind this node before that itself is said.
    pub lag_max: u64,
    /// What follows from a divergence.
    pub strategy: Strategy,
}

impl Default for CheckConfig {
    fn default() -> CheckConfig {
        let interval = Duration::from_secs(12);
        CheckConfig { interval, samples: 2, data_batches: 0, lag_max: 64, strategy: Strategy::default() }
    }
}

/// What a check saw.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong; nothing if all is well.
    pub findings: Vec<Finding>,
    /// How many batches this node is ahead of L1.
    pub lag: u64,
    /// Whether that is more than was allowed.
    pub is_late: bool,
    /// Batches whose data was fetched and hashed.
    pub sampled: u64,
    /// Why data could not be asked for, if it could not: that says nothing about it.
    pub unanswered: Option<String>,
}

/// Compares this node with L1, and what is given out as data with what was committed.
#[derive(Clone, Copy, Debug)]
pub struct ConsistencyChecker {
    /// How.
    pub config: CheckConfig,
}

impl ConsistencyChecker {
    /// One check. Headers are compared from `agreed`, the last batch known to be the same, to the newest that both have; `seed` decides what is
    /// sampled.
    pub async fn check<C: Chain, B: BatchSource, L: Local>(
        &self,
        chain: &C,
        source: &B,
        local: &L,
        agreed: BatchNumber,
        seed: u64,
    ) -> Result<Checked, SourceError> {
        let (here, there) = (local.tip().await?, chain.tip().await?);
        let lag = here.get().saturating_sub(there.get());
        let mut checked = Checked { lag, is_late: lag > self.config.lag_max, ..Checked::default() };
        if let Some(finding) = first_difference(chain, local, agreed, here.min(there)).await? {
            checked.findings.push(with_command(chain, source, local, finding).await);
        }
        let expected = match self.config.data_batches {
            0 => there,
            newest => there.min(BatchNumber::new(newest)),
        };
        let before = there.get().saturating_sub(expected.get());
        for number in samples(expected, self.config.samples.min(SAMPLES_MAX), seed) {
            let number = BatchNumber::new(before.saturating_add(number.get()));
            let batch = match chain.batch(number).await {
                Ok(Some(batch)) => batch,
                Ok(None) => continue,
                // What was found before stays found.
                Err(error) if !checked.findings.is_empty() => {
                    checked.unanswered = Some(error.why);
                    break;
                }
                Err(error) => return Err(error),
            };
            match fetch_checked(source, &batch.header).await {
                Ok(fetched) => {
                    checked.sampled += 1;
                    checked.findings.extend(fetched.err().filter(|_| checked.findings.len() < FINDINGS_MAX));
                }
                Err(error) => checked.unanswered = Some(error.why),
            }
        }
        checked.findings.sort_by_key(Finding::batch);
        Ok(checked)
    }
}

/// The first batch after `agreed` whose header here is not the one on L1. Each header names its parent, so once they differ they differ for good, and the
/// first is found by halving.
pub async fn first_difference<C: Chain, L: Local>(
    chain: &C,
    local: &L,
    agreed: BatchNumber,
    last: BatchNumber,
) -> Result<Option<Finding>, SourceError> {
    if last <= agreed {
        return Ok(None);
    }
    let Some(mut found) = difference_at(chain, local, last).await? else { return Ok(None) };
    let (mut low, mut high) = (agreed.get(), last.get());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match difference_at(chain, local, BatchNumber::new(middle)).await? {
            Some(finding) => (high, found) = (middle, finding),
            None => low = middle,
        }
    }
    Ok(Some(found))
}

async fn difference_at<C: Chain, L: Local>(
    chain: &C,
    local: &L,
    batch: BatchNumber,
) -> Result<Option<Finding>, SourceError> {
    let (Some(here), Some(there)) = (local.header(batch).await?, chain.batch(batch).await?) else { return Ok(None) };
    let (local, l1) = (here.hash(), there.hash);
    if local == l1 {
        return Ok(None);
    }
    // What is said beside a hash counts if it has that hash.
    let told = Some(there.header).filter(|header| header.hash() == l1);
    let field = told.and_then(|there| first_field(&here, &there));
    let field = field.map(|(name, local, l1)| FieldDifference { name, local, l1 });
    Ok(Some(Finding::LocalHeader { batch, local, l1, field, command: None }))
}

/// The same finding with the first command that this node's batch holds otherwise than the one on L1, if both can be had: whoever has the data and
/// does not answer, or a disk that does not read, takes nothing away from what was found.
pub async fn with_command<C: Chain, B: BatchSource, L: Local>(
    chain: &C,
    source: &B,
    local: &L,
    finding: Finding,
) -> Finding {
    let Finding::LocalHeader { batch, local: ours, l1, field, command: None } = finding else { return finding };
    let command = other_command(chain, source, local, batch, l1).await.ok().flatten();
    Finding::LocalHeader { batch, local: ours, l1, field, command }
}

async fn other_command<C: Chain, B: BatchSource, L: Local>(
    chain: &C,
    source: &B,
    local: &L,
    batch: BatchNumber,
    l1: Hash,
) -> Result<Option<Sequence>, SourceError> {
    let there = chain.batch(batch).await?.filter(|there| there.header.hash() == l1);
    let (Some(there), Some(kept)) = (there, local.bytes(batch).await?) else { return Ok(None) };
    let Ok(published) = fetch_checked(source, &there.header).await? else { return Ok(None) };
    Ok(first_command(there.header.first_sequence, &kept, &published))
}

/// Some of the batches up to a number (SplitMix64).
pub fn samples(tip: BatchNumber, count: u64, seed: u64) -> Vec<BatchNumber> {
    let mut state = seed;
    let mut draw = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = state;
        x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ x >> 31
    };
    let drawn = (0..count.min(tip.get())).map(|_| BatchNumber::new(draw() % tip.get() + 1));
    let mut drawn: Vec<BatchNumber> = drawn.collect();
    drawn.sort_unstable();
    drawn.dedup();
    drawn
}
