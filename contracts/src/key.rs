//! Verification keys of vendors' Groth16 wrappers, as data.

use alloy::primitives::{B256, FixedBytes, U256};

use crate::artifact::ArtifactError;

/// What an on-chain verifier of one release of a vendor's wrapper is made with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrapperKey {
    /// The first four bytes of each of its proofs.
    pub selector: FixedBytes<4>,
    /// The root over the recursion programs of the release.
    pub root: B256,
    /// RISC Zero's program that ends in BN254; zero for SP1.
    pub control_id: U256,
    /// The points of the key.
    pub words: Vec<U256>,
}

impl WrapperKey {
    /// SP1's, of release 6.0.
    pub fn sp1_6_0() -> Result<WrapperKey, ArtifactError> {
        read("sp1-groth16-v6.0.0", include_str!("../keys/sp1-groth16-v6.0.0.json"), "vkRoot")
    }

    /// SP1's, of releases since 6.1.
    pub fn sp1_6_1() -> Result<WrapperKey, ArtifactError> {
        read("sp1-groth16-v6.1.0", include_str!("../keys/sp1-groth16-v6.1.0.json"), "vkRoot")
    }

    /// RISC Zero's, of releases 3.0.
    pub fn risc_zero_3_0() -> Result<WrapperKey, ArtifactError> {
        read("risc0-groth16-v3.0", include_str!("../keys/risc0-groth16-v3.0.json"), "controlRoot")
    }
}

fn read(file: &'static str, json: &str, root: &'static str) -> Result<WrapperKey, ArtifactError> {
    let broken = |field| ArtifactError { artifact: file, field };
    let field = |name: &'static str| {
        let (_, rest) = json.split_once(&format!("\"{name}\": \"")).ok_or(broken(name))?;
        rest.split_once('"').map(|(value, _)| value).ok_or(broken(name))
    };
    let (_, list) = json.split_once("\"words\": [").ok_or(broken("words"))?;
    let words = list.split('"').filter(|text| text.starts_with("0x"));
    Ok(WrapperKey {
        selector: field("selector")?.parse().map_err(|_| broken("selector"))?,
        root: field(root)?.parse().map_err(|_| broken(root))?,
        control_id: match field("bn254ControlId") {
            Ok(id) => id.parse().map_err(|_| broken("bn254ControlId"))?,
            Err(_) => U256::ZERO,
        },
        words: words.map(|word| word.parse().map_err(|_| broken("words"))).collect::<Result<_, _>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_points_and_names() {
        for key in [WrapperKey::sp1_6_0(), WrapperKey::sp1_6_1(), WrapperKey::risc_zero_3_0()] {
            let key = key.expect("committed");
            // Alpha, beta, gamma, delta, and a point for one and for each of five inputs.
            assert_eq!(key.words.len(), 2 + 3 * 4 + 6 * 2);
            assert_ne!(key.root, B256::ZERO);
        }
        assert_ne!(WrapperKey::risc_zero_3_0().expect("committed").control_id, U256::ZERO);
    }
}
