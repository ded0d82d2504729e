//! When to commit, and where to put the data: a model of what it costs.
//!
//! 1. The target is the cheapest of those that the policy of the exchange allows.
//! 2. A batch waits only while waiting may pay: the price that is accepted rises with the age of its oldest command, and at the greatest
//!    age, or when it is full, any price is accepted.
//! 3. All of it is integers, and pure: the same market and batch give the same decision.

use std::collections::VecDeque;
use std::time::Duration;

use crate::l1::FeeMarket;
use crate::transaction::blobs_needed;

/// Blob gas of one blob (EIP-4844).
pub(crate) const GAS_PER_BLOB: u64 = 131_072;
/// Gas of a byte of calldata that is not zero, at the floor of EIP-7623.
pub(crate) const GAS_PER_BYTE: u64 = 40;

/// Where a batch's data goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Into the commit's calldata.
    Calldata,
    /// Into blobs.
    Blobs,
    /// To the exchange's own custodians, who sign for it.
    Custody,
}

/// What commits cost, and what is allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GasModel {
    /// Gas of a commit without its data.
    pub commit_gas: u64,
    /// Gas for each byte of calldata beyond carrying it: the contract hashes it.
    pub hash_gas_per_byte: u64,
    /// Gas of checking one custodian's signature, with its bytes.
    pub signature_gas: u64,
    /// Custodians who sign; none if there is no own data availability.
    pub signatures: Option<u32>,
    /// What custody costs per byte beside L1, in wei.
    pub custody_wei_per_byte: u128,
    /// Whether blobs may be used: production refuses unbound ones.
    pub blobs_allowed: bool,
    /// Whether calldata may be used.
    pub calldata_allowed: bool,
    /// The most bytes that calldata may carry.
    pub calldata_max: usize,
    /// The age of the oldest command at which any price is paid.
    pub age_max: Duration,
    /// The bytes at which a batch is full.
    pub bytes_max: usize,
    /// The share of the usual price that a young batch is committed for, in percent.
    pub bargain_percent: u32,
    /// The share of the usual price that is accepted just before the greatest age, in percent.
    pub dear_percent: u32,
}

impl Default for GasModel {
    fn default() -> GasModel {
        GasModel {
            commit_gas: 120_000,
            hash_gas_per_byte: 8,
            signature_gas: 6_000,
            signatures: None,
            custody_wei_per_byte: 0,
            blobs_allowed: false,
            calldata_allowed: true,
            calldata_max: crate::limits::CALLDATA_MAX - 1_024,
            age_max: Duration::from_secs(60),
            bytes_max: 90 * 1_024,
            bargain_percent: 80,
            dear_percent: 200,
        }
    }
}

/// What to do with the batch that is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Leave it open; the price may fall.
    Wait {
        /// What committing would cost now, in wei.
        wei: u128,
        /// What would be accepted now.
        accepted: u128,
    },
    /// Commit it.
    Commit {
        /// Where its data goes.
        target: Target,
        /// What that costs, in wei, by the market's fees.
        wei: u128,
    },
    /// It fits nowhere that is allowed: it must be made smaller.
    TooLarge,
}

/// The prices of the last markets, against which today's is dear or not.
#[derive(Clone, Debug, Default)]
pub struct PriceHistory {
    /// Base fee plus usual tip, the oldest first.
    seen: VecDeque<u128>,
}

/// Markets that are remembered: an hour of blocks.
const HISTORY: usize = 300;

impl PriceHistory {
    /// Remembers a market, once per block.
    pub fn note(&mut self, market: &FeeMarket) {
        self.seen.push_back(price(market));
        while self.seen.len() > HISTORY {
            self.seen.pop_front();
        }
    }

    /// The median; zero if nothing was seen.
    pub fn usual(&self) -> u128 {
        let mut sorted: Vec<u128> = self.seen.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    }
}

/// Base fee plus usual tip.
pub(crate) fn price(market: &FeeMarket) -> u128 {
    let mut tips = market.tips.clone();
    tips.sort_unstable();
    market.base_fee.saturating_add(tips.get(tips.len() / 2).copied().unwrap_or(0))
}

impl GasModel {
    /// What a commit of so many bytes costs by each target that is allowed, the cheapest first.
    pub fn costs(&self, market: &FeeMarket, bytes: usize) -> Vec<(u128, Target)> {
        let (price, size) = (price(market), bytes as u64);
        let gas = |gas: u64| u128::from(gas).saturating_mul(price);
        let mut all = Vec::new();
        if self.calldata_allowed && bytes <= self.calldata_max {
            let data = size.saturating_mul(GAS_PER_BYTE + self.hash_gas_per_byte);
            all.push((gas(self.commit_gas.saturating_add(data)), Target::Calldata));
        }
        let blobs = blobs_needed(bytes.max(1));
        if self.blobs_allowed && blobs <= crate::limits::BLOBS_MAX {
            let blob_gas = u128::from(GAS_PER_BLOB.saturating_mul(blobs as u64));
            all.push((gas(self.commit_gas).saturating_add(blob_gas.saturating_mul(market.blob_fee)), Target::Blobs));
        }
        if let Some(signatures) = self.signatures {
            let checks = self.signature_gas.saturating_mul(signatures.into());
            let held = self.custody_wei_per_byte.saturating_mul(bytes as u128);
            all.push((gas(self.commit_gas.saturating_add(checks)).saturating_add(held), Target::Custody));
        }
        all.sort_by_key(|(wei, target)| (*wei, *target as u8));
        all
    }

    /// Whether the open batch is committed now. `usual` is the usual price of a unit of gas.
    pub fn decide(&self, market: &FeeMarket, usual: u128, bytes: usize, age: Duration) -> Decision {
        let Some((wei, target)) = self.costs(market, bytes).first().copied() else { return Decision::TooLarge };
        if age >= self.age_max || bytes >= self.bytes_max {
            return Decision::Commit { target, wei };
        }
        // Between the two shares, in proportion to the age.
        let (young, old) = (u128::from(self.bargain_percent), u128::from(self.dear_percent));
        let share = young + old.saturating_sub(young) * age.as_millis() / self.age_max.as_millis().max(1);
        let today = price(market).max(1);
        let accepted = wei.saturating_mul(usual.saturating_mul(share) / 100) / today;
        if usual > 0 && wei <= accepted { Decision::Commit { target, wei } } else { Decision::Wait { wei, accepted } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GWEI: u128 = 1_000_000_000;

    fn market(base: u128, blob: u128) -> FeeMarket {
        FeeMarket { base_fee: base * GWEI, blob_fee: blob, tips: vec![0] }
    }

    /// A line is: base fee in gwei, usual price in gwei, bytes, seconds of age => what is done.
    fn check(model: &GasModel, blob_fee: u128, script: &str) {
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (left, right) = line.split_once("=>").unwrap();
            let words: Vec<u64> = left.split_whitespace().map(|word| word.parse().unwrap()).collect();
            let [base, usual, bytes, age] = words[..] else { panic!("{line}") };
            let usual = u128::from(usual) * GWEI;
            let got = model.decide(&market(base.into(), blob_fee), usual, bytes as usize, Duration::from_secs(age));
            let got = match got {
                Decision::Wait { .. } => "wait".to_owned(),
                Decision::Commit { target, .. } => format!("{target:?}").to_lowercase(),
                Decision::TooLarge => "too large".to_owned(),
            };
            assert_eq!(got, right.trim(), "{line}");
        }
    }

    #[test]
    fn a_batch_waits_for_a_bargain_until_it_is_old_or_full() {
        let model = GasModel::default();
        check(
            &model,
            1,
            "
            10 10  1000   0 => wait
             8 10  1000   0 => calldata
            10 10  1000  20 => calldata
            19 10  1000  30 => wait
            19 10  1000  58 => calldata
            99 10  1000  59 => wait
            99 10  1000  60 => calldata
            99 10 95000   0 => calldata
            10 10 200000  0 => too large
            ",
        );
        let blobs = GasModel { blobs_allowed: true, ..model };
        check(
            &blobs,
            1,
            "
            99 10   100 60 => blobs
            99 10 90000 60 => blobs
            99 10 400000 0 => blobs
            99 10 900000 0 => too large
            ",
        );
        check(&blobs, 10 * GWEI, "99 10 100 60 => calldata");
        check(&blobs, 10 * GWEI, "99 10 90000 60 => blobs");
        check(&GasModel { signatures: Some(5), ..blobs }, 1, "9 10 900000 0 => custody");
        let custody = GasModel { calldata_allowed: false, signatures: Some(3), ..model };
        check(&custody, 1, "8 10 1 0 => custody");
        check(&GasModel { calldata_allowed: false, ..model }, 1, "8 10 1 0 => too large");
    }

    proptest! {
        #[test]
        fn what_is_accepted_young_is_accepted_old(
            base in 1..10_000u64, usual in 1..10_000u64, bytes in 1..90_000usize, age in 0..60u64, more in 0..60u64,
        ) {
            let model = GasModel { blobs_allowed: true, signatures: Some(3), ..GasModel::default() };
            let decide = |age| {
                model.decide(&market(base.into(), 1), u128::from(usual) * GWEI, bytes, Duration::from_secs(age))
            };
            if let Decision::Commit { target, wei } = decide(age) {
                prop_assert_eq!(decide(age + more), Decision::Commit { target, wei });
                let costs = model.costs(&market(base.into(), 1), bytes);
                prop_assert!(costs.iter().all(|(other, _)| *other >= wei));
            }
        }
    }
}
