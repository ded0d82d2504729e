//! What a transaction offers, and the pool's rules for replacing one.
//!
//! 1. A replacement raises both fees by at least 10%, and with blobs all three by at least 100%: pools take nothing less.
//! 2. No offer is above the caps. Where a replacement would have to be, there is none, and the old one stays.
//! 3. The fee cap is several base fees, because what is not needed is not paid; only the tip is always paid.

use serde::{Deserialize, Serialize};

use crate::l1::FeeMarket;

/// What one transaction offers, in wei for a unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Offer {
    /// At most, base fee and tip together.
    pub fee_max: u128,
    /// On top of the base fee.
    pub tip: u128,
    /// For blob gas, if there are blobs.
    pub blob_fee_max: Option<u128>,
}

/// How soon it must be mined.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Urgency {
    /// In the next block.
    NextBlock,
    /// When it is not dear.
    Patient,
}

/// How much may be offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FeePolicy {
    /// The most for a unit of gas.
    pub fee_cap: u128,
    /// The most on top of the base fee.
    pub tip_cap: u128,
    /// The least on top: pools want some.
    pub tip_floor: u128,
    /// The most for a unit of blob gas.
    pub blob_fee_cap: u128,
    /// How many base fees an offer holds, so that it outlives a run of full blocks.
    pub base_fees: u32,
    /// What an urgent offer tips, in percent of the highest of recent blocks' tips.
    pub urgent_tip_percent: u32,
}

const GWEI: u128 = 1_000_000_000;

impl Default for FeePolicy {
    fn default() -> FeePolicy {
        FeePolicy {
            fee_cap: 1_000 * GWEI,
            tip_cap: 100 * GWEI,
            tip_floor: GWEI / 10,
            blob_fee_cap: 1_000 * GWEI,
            base_fees: 4,
            urgent_tip_percent: 300,
        }
    }
}

fn percent_up(value: u128, percent: u128) -> u128 {
    value.saturating_mul(percent).div_ceil(100)
}

impl FeePolicy {
    /// What to offer in this market, never above the caps.
    pub fn offer(&self, market: &FeeMarket, urgency: Urgency, with_blobs: bool) -> Offer {
        let mut tips = market.tips.clone();
        tips.sort_unstable();
        let wanted = match urgency {
            Urgency::NextBlock => percent_up(tips.last().copied().unwrap_or_default(), self.urgent_tip_percent.into()),
            Urgency::Patient => tips.get(tips.len() / 2).copied().unwrap_or_default(),
        };
        let tip = wanted.clamp(self.tip_floor, self.tip_cap.max(self.tip_floor));
        let base = market.base_fee.saturating_mul(self.base_fees.into());
        let fee_max = base.saturating_add(tip).min(self.fee_cap);
        // A blob's fee may double in six blocks; an offer of twice the fee lasts about that long.
        let blob_fee_max = with_blobs.then(|| market.blob_fee.max(1).saturating_mul(2).min(self.blob_fee_cap));
        Offer { fee_max, tip: tip.min(fee_max), blob_fee_max }
    }

    /// What to replace `old` by: what the market asks, but at least what the pool's rules want; none if a cap forbids it.
    pub fn replace(&self, old: &Offer, market: &FeeMarket, urgency: Urgency) -> Option<Offer> {
        let percent = if old.blob_fee_max.is_some() { 200 } else { 110 };
        let wanted = self.offer(market, urgency, old.blob_fee_max.is_some());
        let fee_max = wanted.fee_max.max(percent_up(old.fee_max, percent));
        let tip = wanted.tip.max(percent_up(old.tip, percent));
        let blob_fee_max = old.blob_fee_max.map(|fee| wanted.blob_fee_max.unwrap_or(0).max(percent_up(fee, percent)));
        let allowed = fee_max <= self.fee_cap && tip <= self.tip_cap && blob_fee_max.unwrap_or(0) <= self.blob_fee_cap;
        allowed.then_some(Offer { fee_max: fee_max.max(tip), tip, blob_fee_max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn market(base: u128, blob: u128, tips: Vec<u128>) -> FeeMarket {
        FeeMarket { base_fee: base, blob_fee: blob, tips }
    }

    proptest! {
        #[test]
        fn a_replacement_obeys_the_pool_and_the_caps(
            base in 1..u128::from(u64::MAX), blob in 1..u128::from(u64::MAX),
            tips in prop::collection::vec(0..u128::from(u64::MAX), 0..20),
            fee in 1..u128::from(u64::MAX), tip in 0..u128::from(u64::MAX), blobs: bool, urgent: bool,
        ) {
            let policy = FeePolicy::default();
            let urgency = if urgent { Urgency::NextBlock } else { Urgency::Patient };
            let now = market(base, blob, tips);
            let offer = policy.offer(&now, urgency, blobs);
            prop_assert!(offer.fee_max <= policy.fee_cap && offer.tip <= offer.fee_max);
            prop_assert!(offer.blob_fee_max.unwrap_or(0) <= policy.blob_fee_cap);
            let old = Offer { fee_max: fee.max(tip), tip, blob_fee_max: blobs.then_some(blob) };
            if let Some(new) = policy.replace(&old, &now, urgency) {
                let least = if blobs { 200 } else { 110 };
                prop_assert!(new.fee_max * 100 >= old.fee_max * least && new.tip * 100 >= old.tip * least);
                prop_assert!(new.fee_max <= policy.fee_cap && new.tip <= policy.tip_cap && new.tip <= new.fee_max);
                prop_assert_eq!(new.blob_fee_max.is_some(), blobs);
                if let (Some(new), Some(old)) = (new.blob_fee_max, old.blob_fee_max) {
                    prop_assert!(new >= 2 * old && new <= policy.blob_fee_cap);
                }
            }
        }
    }

    #[test]
    fn a_cap_keeps_the_old_one() {
        let policy = FeePolicy::default();
        let dear = Offer { fee_max: policy.fee_cap, tip: GWEI, blob_fee_max: None };
        assert_eq!(policy.replace(&dear, &market(GWEI, 1, vec![]), Urgency::NextBlock), None);
    }
}
