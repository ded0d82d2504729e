//! What it would cost to publish a batch, by every way and in either form: bytes, gas, and the cheapest.
//!
//! 1. *Inputs* can be replayed, and their bytes are what the data root is over; so only they can stand in a commit. *Diffs* are the leaves that
//!    a batch changed: who trusts the proof needs no more to have the state after it.
//! 2. Numbers are those of [`GasModel`] and integers: the same sizes and fees give the same answer.

use crate::gas::{GAS_PER_BLOB, GAS_PER_BYTE, GasModel, Target};
use crate::l1::FeeMarket;
use crate::transaction::blobs_needed;

/// In which form a batch's data goes out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Mode {
    /// What was ordered, to be replayed.
    Inputs,
    /// What it changed.
    Diffs,
}

/// One way to publish a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offer {
    /// In which form.
    pub mode: Mode,
    /// Where.
    pub target: Target,
    /// Bytes that go there.
    pub bytes: usize,
    /// Gas on L1.
    pub gas: u64,
    /// Blob gas on L1.
    pub blob_gas: u64,
    /// All of it, by the market's fees and what custody costs beside L1.
    pub wei: u128,
}

/// The sizes of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Bytes of its inputs.
    pub inputs: usize,
    /// Bytes of the leaves it changed, if they were made.
    pub diffs: Option<usize>,
}

impl GasModel {
    /// Every way that is allowed and has room, the cheapest first.
    pub fn offers(&self, market: &FeeMarket, sizes: Sizes) -> Vec<Offer> {
        let forms = [(Mode::Inputs, Some(sizes.inputs)), (Mode::Diffs, sizes.diffs)];
        let mut offers = Vec::new();
        for (mode, bytes) in forms.into_iter().filter_map(|(mode, bytes)| Some((mode, bytes?))) {
            offers.extend(self.costs(market, bytes).into_iter().map(|(wei, target)| {
                let (gas, blob_gas) = self.gas_of(target, bytes);
                Offer { mode, target, bytes, gas, blob_gas, wei }
            }));
        }
        offers.sort_by_key(|offer| (offer.wei, offer.mode, offer.target as u8));
        offers
    }

    /// The cheapest way that a commit can go: with its inputs. `None` if they fit nowhere.
    pub fn pick(&self, market: &FeeMarket, sizes: Sizes) -> Option<Offer> {
        self.offers(market, sizes).into_iter().find(|offer| offer.mode == Mode::Inputs)
    }

    /// Gas and blob gas of publishing so many bytes in one commit.
    fn gas_of(&self, target: Target, bytes: usize) -> (u64, u64) {
        let size = bytes as u64;
        match target {
            Target::Calldata => {
                let data = size.saturating_mul(GAS_PER_BYTE + self.hash_gas_per_byte);
                (self.commit_gas.saturating_add(data), 0)
            }
            Target::Blobs => (self.commit_gas, GAS_PER_BLOB.saturating_mul(blobs_needed(bytes.max(1)) as u64)),
            Target::Custody => {
                let checks = self.signature_gas.saturating_mul(self.signatures.unwrap_or(0).into());
                (self.commit_gas.saturating_add(checks), 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gas::price;

    const GWEI: u128 = 1_000_000_000;

    fn market(base: u128, blob: u128) -> FeeMarket {
        FeeMarket { base_fee: base * GWEI, blob_fee: blob, tips: vec![GWEI] }
    }

    #[test]
    fn every_way_has_its_gas_and_the_cheapest_is_picked() {
        let model = GasModel { blobs_allowed: true, signatures: Some(3), ..GasModel::default() };
        let sizes = Sizes { inputs: 80_000, diffs: Some(30_000) };
        let market = market(20, 5 * GWEI);
        let offers = model.offers(&market, sizes);
        let of = |mode, target| *offers.iter().find(|offer| (offer.mode, offer.target) == (mode, target)).unwrap();
        assert_eq!(offers.len(), 6);
        assert!(offers.is_sorted_by_key(|offer| offer.wei));
        let calldata = of(Mode::Inputs, Target::Calldata);
        assert_eq!((calldata.gas, calldata.blob_gas), (120_000 + 80_000 * 48, 0));
        assert_eq!(calldata.wei, u128::from(calldata.gas) * price(&market));
        let blobs = of(Mode::Diffs, Target::Blobs);
        assert_eq!((blobs.gas, blobs.blob_gas), (120_000, 131_072));
        assert_eq!(blobs.wei, 120_000 * price(&market) + 131_072 * 5 * GWEI);
        let custody = of(Mode::Inputs, Target::Custody);
        assert_eq!((custody.gas, custody.blob_gas), (120_000 + 3 * 6_000, 0));
        assert_eq!(model.pick(&market, sizes), Some(custody));
        assert_eq!(
            GasModel { signatures: None, ..model }.pick(&market, sizes).map(|offer| offer.target),
            Some(Target::Blobs)
        );
    }

    #[test]
    fn a_commit_never_goes_by_diffs_and_what_fits_nowhere_is_not_offered() {
        let model = GasModel::default();
        let market = market(20, 1);
        let sizes = Sizes { inputs: 10_000_000, diffs: Some(10) };
        assert_eq!(model.offers(&market, sizes).len(), 1, "the diffs, as calldata");
        assert_eq!(model.pick(&market, sizes), None);
        assert_eq!(model.offers(&market, Sizes { diffs: None, ..sizes }), []);
    }
}
