//! Which rows to ask for, and what the answers are worth.
//!
//! 1. Rows are drawn from the commitment *and* a secret of the client, so nobody who publishes or stores knows before which
//!    ones will be asked for.
//! 2. Whoever withholds so much that the data cannot be restored withholds at least `n - k + 1` rows. What is said of a
//!    number of samples is said against the best way of withholding just that.
//! 3. Probabilities are integers: units of 2^-64, always rounded against the client.

use alloc::vec::Vec;

use ashlar_types::{Domain, to_bytes};
use sha2::{Digest as _, Sha256};

use crate::{DaCommitment, Layout, Row};

/// A probability that something bad goes unseen, in units of 2^-64, rounded up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Miss(u128);

impl Miss {
    /// It is sure to go unseen.
    pub const SURE: Miss = Miss(1 << 64);

    /// `2^-bits`; bits beyond 64 count as 64.
    pub const fn of_bits(bits: u8) -> Miss {
        Miss(1 << (64 - if bits > 64 { 64 } else { bits }))
    }

    /// In units of 2^-64.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// Times a fraction not above one, rounded up.
    const fn times(self, part: u64, whole: u64) -> Miss {
        Miss((self.0 * part as u128).div_ceil(whole as u128))
    }
}

/// How rows are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Strategy {
    /// Any distinct rows.
    Uniform,
    /// One row of each of so many stretches of equal length: whoever withholds a whole stretch is always seen.
    Stratified,
    /// Distinct rows in rounds: an answer that does not come makes the client ask for more, and not give up at once.
    Adaptive,
}

/// Failed answers that an adaptive client forgives.
pub const FAILURES_MAX: usize = 16;

/// The secret of one client, from the operating system's generator; never sent, and never used by two.
#[derive(Clone)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Secret {
        Secret(bytes)
    }
}

/// Numbers below a bound, from a hash in counter mode.
struct Draws {
    prefix: Sha256,
    counter: u64,
}

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        let hash = self.prefix.clone().chain_update(self.counter.to_le_bytes()).finalize();
        self.counter += 1;
        let number = hash.first_chunk::<16>().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        // 128 bits modulo at most 2^16 are even to within 2^-112.
        (number % bound.max(1) as u128) as usize
    }
}

/// Draws rows for one client.
#[derive(Clone)]
pub struct Sampler {
    secret: Secret,
}

impl Sampler {
    /// Of a client.
    pub const fn new(secret: Secret) -> Sampler {
        Sampler { secret }
    }

    /// The rows to ask for, in this order; at most as many as there are. Those of an adaptive client are the beginning of the
    /// uniform ones, so that asking for more asks for nothing twice.
    pub fn rows(&self, commitment: DaCommitment, layout: &Layout, strategy: Strategy, samples: usize) -> Vec<Row> {
        let seed = Domain::DA_SAMPLE.hash(&[&self.secret.0, &to_bytes(&commitment.digest()), &to_bytes(layout)]);
        let prefix = Sha256::new_with_prefix(Domain::DA_SAMPLE.bytes()).chain_update(seed);
        let mut draws = Draws { prefix, counter: 0 };
        let (rows, samples) = (layout.rows(), samples.min(layout.rows()));
        match strategy {
            Strategy::Stratified => {
                let stratum = |index| strata_start(rows, samples, index);
                let pick = |index| stratum(index) + draws.below(stratum(index + 1) - stratum(index));
                (0..samples).map(pick).map(|row| Row::new(row as u16)).collect()
            }
            Strategy::Uniform | Strategy::Adaptive => {
                let mut all: Vec<u16> = (0..rows as u16).collect();
                for index in 0..samples {
                    all.swap(index, index + draws.below(rows - index));
                }
                all.into_iter().take(samples).map(Row::new).collect()
            }
        }
    }
}

/// Where a stratum begins: they differ in length by one at most.
const fn strata_start(rows: usize, strata: usize, index: usize) -> usize {
    rows * index / strata
}

/// The probability that so many samples, all answered, say nothing although the data cannot be restored.
pub fn miss(layout: &Layout, strategy: Strategy, samples: usize) -> Miss {
    let (rows, answered) = (layout.rows(), layout.data_rows() - 1);
    let samples = samples.min(rows);
    match strategy {
        Strategy::Uniform | Strategy::Adaptive => miss_forgiving(layout, samples, 0),
        Strategy::Stratified => {
            let length = |index| strata_start(rows, samples, index + 1) - strata_start(rows, samples, index);
            let mut kept: Vec<usize> = (0..samples).map(length).collect();
            // The best way to withhold takes each next row from where most are left: there it costs the smallest part.
            for _ in answered..rows {
                if let Some(most) = kept.iter_mut().max() {
                    *most = most.saturating_sub(1);
                }
            }
            kept.iter()
                .enumerate()
                .fold(Miss::SURE, |miss, (index, kept)| miss.times(*kept as u64, length(index) as u64))
        }
    }
}

/// The probability that of so many uniform samples at most so many fail although the data cannot be restored.
pub fn miss_forgiving(layout: &Layout, samples: usize, failures: usize) -> Miss {
    Odds::new(layout, failures).nth(samples.min(layout.rows())).unwrap_or(Miss(0))
}

/// The probability of going unseen after 0, 1, 2, … samples, when so many failures are forgiven.
struct Odds {
    rows: u64,
    answered: u64,
    sample: u64,
    failures: usize,
    /// Of each number of failures so far.
    failed: [Miss; FAILURES_MAX + 1],
}

impl Odds {
    fn new(layout: &Layout, failures: usize) -> Odds {
        let (rows, answered) = (layout.rows() as u64, layout.data_rows() as u64 - 1);
        let mut failed = [Miss(0); FAILURES_MAX + 1];
        failed[0] = Miss::SURE;
        Odds { rows, answered, sample: 0, failures: failures.min(FAILURES_MAX), failed }
    }

    fn draw(&mut self) {
        let left = self.rows - self.sample;
        let mut next = [Miss(0); FAILURES_MAX + 1];
        for (count, before) in self.failed.iter().enumerate().take(self.failures + 1) {
            let right = self.sample.saturating_sub(count as u64);
            let good = self.answered.saturating_sub(right).min(left);
            next[count].0 += before.times(good, left).0;
            if let Some(slot) = next.get_mut(count + 1) {
                slot.0 += before.times(left - good, left).0;
            }
        }
        self.failed = next;
        self.sample += 1;
    }
}

impl Iterator for Odds {
    type Item = Miss;

    fn next(&mut self) -> Option<Miss> {
        if self.sample > self.rows {
            return None;
        }
        let miss = self.failed.iter().take(self.failures + 1).fold(0, |sum, miss| sum + miss.0);
        if self.sample < self.rows {
            self.draw();
        } else {
            self.sample += 1;
        }
        Some(Miss(miss))
    }
}

/// The fewest samples that leave at most this probability; all rows if fewer do not.
pub fn samples(layout: &Layout, strategy: Strategy, wanted: Miss) -> usize {
    match strategy {
        Strategy::Uniform | Strategy::Adaptive => Odds::new(layout, 0).position(|miss| miss <= wanted),
        Strategy::Stratified => (0..layout.rows()).find(|samples| miss(layout, strategy, *samples) <= wanted),
    }
    .unwrap_or(layout.rows())
}

/// How many samples an adaptive client needs once so many have failed; `None` if it must give up.
///
/// Each number of failures may use half of what the one before it may, so that all of them together stay below the
/// probability that was wanted.
pub fn samples_forgiving(layout: &Layout, wanted: Miss, failures: usize) -> Option<usize> {
    if failures > FAILURES_MAX {
        return None;
    }
    let share = Miss(wanted.0 >> (failures + 1));
    Odds::new(layout, failures).position(|miss| miss <= share)
}

/// What an adaptive client does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is as sure as was wanted.
    Available,
    /// It asks until so many samples were asked for in all.
    Ask(usize),
    /// Too much did not come: the data must be taken to be withheld.
    Withheld,
}

/// The state of an adaptive client: what was asked, what failed, what is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Adaptive {
    layout: Layout,
    wanted: Miss,
    asked: usize,
    failures: usize,
    /// Samples that this number of failures asks for.
    needed: Option<usize>,
}

impl Adaptive {
    /// Nothing asked yet.
    pub fn new(layout: Layout, wanted: Miss) -> Adaptive {
        Adaptive { layout, wanted, asked: 0, failures: 0, needed: samples_forgiving(&layout, wanted, 0) }
    }

    /// Takes one more answer: whether the row came and was right.
    pub fn answered(&mut self, right: bool) {
        self.asked += 1;
        if !right {
            self.failures += 1;
            self.needed = samples_forgiving(&self.layout, self.wanted, self.failures);
        }
    }

    /// What to do now.
    pub const fn step(&self) -> Step {
        match self.needed {
            None => Step::Withheld,
            Some(needed) if needed <= self.asked => Step::Available,
            Some(needed) => Step::Ask(needed),
        }
    }
}
