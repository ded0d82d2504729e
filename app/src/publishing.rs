//! Where commits leave the data of batches.

use ashlar_settlement::gas::GasModel;
use clap::ValueEnum;

/// Where commits leave data, as an operator chooses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, ValueEnum)]
pub enum Publishing {
    /// In the commit's own calldata
    #[default]
    Calldata,
    /// In blobs, which nothing binds to the data root yet; production refuses them
    Blobs,
    /// With custodians, of whom so many have signed as L1 asks for
    Custody,
    /// Wherever it is cheapest by L1's prices, of what is possible
    Auto,
}

/// What is possible on an exchange.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Possible {
    /// How many custodians must sign, if there are any.
    pub signatures: Option<u32>,
    /// Whether the contracts take blobs.
    pub blobs: bool,
}

impl Publishing {
    /// By the words of the configuration.
    pub const WORDS: &[(&str, Publishing)] = &[
        ("calldata", Publishing::Calldata),
        ("blobs", Publishing::Blobs),
        ("custody", Publishing::Custody),
        ("auto", Publishing::Auto),
    ];

    /// Whether a commit may rest on custodians' signatures.
    pub const fn may_use_custody(self) -> bool {
        matches!(self, Publishing::Custody | Publishing::Auto)
    }

    /// A model that allows what was chosen, as far as it is possible.
    pub fn allow(self, possible: Possible, model: GasModel) -> GasModel {
        let is = |one: Publishing| self == one || self == Publishing::Auto;
        GasModel {
            calldata_allowed: is(Publishing::Calldata),
            blobs_allowed: is(Publishing::Blobs) && possible.blobs,
            signatures: possible.signatures.filter(|_| is(Publishing::Custody)),
            ..model
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ashlar_settlement::gas::Target;
    use ashlar_settlement::l1::FeeMarket;

    const GWEI: u128 = 1_000_000_000;

    /// The targets that are allowed, the cheapest first.
    fn targets(chosen: Publishing, possible: Possible, blob_fee: u128) -> Vec<Target> {
        let market = FeeMarket { base_fee: 10 * GWEI, blob_fee, tips: Vec::new() };
        let costs = chosen.allow(possible, GasModel::default()).costs(&market, 50_000);
        costs.into_iter().map(|(_, target)| target).collect()
    }

    #[test]
    fn what_is_chosen_is_allowed_and_auto_takes_the_cheapest_of_what_is_possible() {
        let all = Possible { signatures: Some(3), blobs: true };
        let none = Possible { signatures: None, blobs: false };
        assert_eq!(targets(Publishing::Calldata, all, 1), [Target::Calldata]);
        assert_eq!(targets(Publishing::Blobs, all, 1), [Target::Blobs]);
        assert_eq!(targets(Publishing::Custody, all, 1), [Target::Custody]);
        assert_eq!(targets(Publishing::Auto, all, 1), [Target::Blobs, Target::Custody, Target::Calldata]);
        assert_eq!(targets(Publishing::Auto, all, 10 * GWEI), [Target::Custody, Target::Blobs, Target::Calldata]);
        assert_eq!(targets(Publishing::Auto, none, 1), [Target::Calldata]);
        assert_eq!(targets(Publishing::Custody, none, 1), [], "what is not possible is not replaced silently");
    }
}
